"""Changes of the solutions that make no difference to what is asked, each with the reason.

By definition, then by change as `grader verify` prints it; `*` stands for anything. What is listed here and caught all
the same is told, too.
"""

from __future__ import annotations

_LR = "the learning rate is for the notebook's own Trainer: the rubric's recipe brings its own"
_LAZY = "the layers are still lazy here, so that init_cnn leaves them alone, as in the book"
_WINDOW = "a pooling moves by its window by default"
_ONE = "the axis has one element: the first is the last"
_START = "where training starts from earns nothing and costs nothing"
_RECIPE = "this recipe learns the kernel as well"
_LENGTHS = "the lengths are equal in every case that is asked"
_ORDER = "the order does not matter"
_COMMUTE = "the maximum of what ReLU leaves is what ReLU leaves of the maximum"
_ALWAYS = "ResNet itself always says which block is the first"
_TEN = "the table of 8.6 is asked for ten classes; other numbers are asked of ResNet"

EQUIVALENTS: dict[str, dict[str, str]] = {
    "corr2d": {"X.new_zeros(… rows …) → X.new_zeros(…)": "adding the first product spreads one row over all rows"},
    "Conv2D": {"torch.rand → torch.zeros": _START, "torch.zeros → torch.ones": _START},
    "learned_kernel": {
        "(… None …) → (…)": "without the batch axis torch takes the image for a batch of one",
        "range(… 10 …) → range(… 10 - 1 …)": _RECIPE,
        "range(…) → range(… 1 …)": _RECIPE,
        "range(10) → range(11)": _RECIPE,
        "range(10) → range(9)": _RECIPE,
        "layer(image) - edges → edges - layer(image)": "the difference is squared",
    },
    "comp_conv2d": {"(0, 0) → (-1, 0)": _ONE, "(0, 0) → (0, -1)": _ONE},
    "corr2d_multi_in": {"zip(… strict=True …) → zip(…)": _LENGTHS, "strict=True → strict=False": _LENGTHS},
    "corr2d_multi_in_out_1x1": {
        "(:, :, 0, 0) → (:, :, -1, 0)": _ONE,
        "(:, :, 0, 0) → (:, :, 0, -1)": _ONE,
    },
    "pool2d": {"(… 2, 3 …) → (… 3, 2 …)": _ORDER},
    "LIBRARY_POOLING": {
        "(… nn.MaxPool2d(3), nn.MaxPool2d(3, padding=1, stride=2) …) → *": _ORDER,
        "(… nn.MaxPool2d(3, padding=1, stride=2), nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1)) …) → *": _ORDER,
        "nn.MaxPool2d(… stride=(2, 3) …) → nn.MaxPool2d(…)": _WINDOW,
    },
    "init_cnn": {"(… nn.Linear, nn.Conv2d …) → (… nn.Conv2d, nn.Linear …)": _ORDER},
    "LeNet": {
        "self, lr: float=0.1, num_classes: int=10 → self, lr: float=* num_classes: int=10": _LR,
        "self.lr = lr → pass": _LR,
        "nn.AvgPool2d(… stride=2 …) → nn.AvgPool2d(…)": _WINDOW,
    },
    "vgg_block": {"nn.MaxPool2d(… stride=2 …) → nn.MaxPool2d(…)": _WINDOW},
    "VGG": {
        "self, arch: Sequence[Sequence[int]], lr: float=0.1, num_classes: int=10 → * num_classes: int=10": _LR,
        "self.lr = lr → pass": _LR,
        "(… nn.ReLU(), nn.Dropout(0.5) …) → (… nn.Dropout(0.5), nn.ReLU() …)": "what is dropped is zero for ReLU, too",
        "nn.Dropout(… 0.5 …) → nn.Dropout(…)": "nn.Dropout drops a half by default",
        "self.net.apply(init_cnn) → *": _LAZY,
    },
    "ResNet": {
        "self, arch: Sequence[Sequence[int]], lr: float=0.1, num_classes: int=10 → * num_classes: int=10": _LR,
        "self.lr = lr → pass": _LR,
        "self.net.apply(init_cnn) → *": _LAZY,
        "nn.Sequential(… nn.ReLU(), nn.MaxPool2d(*) …) → nn.Sequential(… nn.MaxPool2d(*), nn.ReLU() …)": _COMMUTE,
        "self, num_residuals: int, num_channels: int, first_block: bool=False → *": _ALWAYS,
    },
    "ResNet18": {
        "self, lr: float=0.1, num_classes: int=10 → self, lr: float=* num_classes: int=10": _LR,
        "super().__init__(… lr …) → super().__init__(…)": _LR,
        "super().__init__(… num_classes …) → super().__init__(…)": _TEN,
    },
}
