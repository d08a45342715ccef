"""The right answers of HW2 in plain PyTorch, under the names that rubric.yaml asks for.

Networks take the constructor arguments of the book's classes, which inherit from `d2l.Classifier`; here they are
plain modules that keep the learning rate in `lr`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

# ---- 7.2 Convolutions for images


def corr2d(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """Compute the two-dimensional cross-correlation without padding (7.2.1).

    Args:
        X: image, (h, w).
        K: kernel, (kh, kw), not larger than the image.

    Returns:
        (h - kh + 1, w - kw + 1).
    """
    rows, columns = X.shape[0] - K.shape[0] + 1, X.shape[1] - K.shape[1] + 1
    Y = X.new_zeros(rows, columns)
    for i in range(K.shape[0]):
        for j in range(K.shape[1]):
            Y = Y + K[i, j] * X[i : i + rows, j : j + columns]  # (rows, columns)
    return Y


class Conv2D(nn.Module):
    """A convolutional layer with one channel, a weight drawn from U(0, 1) and a zero bias (7.2.2).

    Maps (h, w) to (h - kh + 1, w - kw + 1).
    """

    def __init__(self, kernel_size: tuple[int, int]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))  # (kh, kw)
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Correlate one image, (h, w), with the weight and shift it by the bias."""
        return corr2d(x, self.weight) + self.bias


X = torch.ones(6, 8)  # the image of 7.2.3: white, with a black band in columns 2 to 5
X[:, 2:6] = 0
K = torch.tensor([[1.0, -1.0]])  # (1, 2): responds where a pixel differs from its right neighbour


def learned_kernel() -> nn.Conv2d:
    """Learn K from the image and its edges by ten steps of gradient descent (7.2.4)."""
    layer = nn.Conv2d(1, 1, kernel_size=(1, 2), bias=False)
    image, edges = X[None, None], corr2d(X, K)[None, None]  # (1, 1, 6, 8), (1, 1, 6, 7)
    for _ in range(10):
        loss = ((layer(image) - edges) ** 2).sum()
        (gradient,) = torch.autograd.grad(loss, [layer.weight])
        with torch.no_grad():
            layer.weight -= 3e-2 * gradient
    return layer


conv2d = learned_kernel()


# ---- 7.3 Padding and stride


def comp_conv2d(conv2d: nn.Module, X: torch.Tensor) -> torch.Tensor:
    """Apply a one-channel convolutional layer to a bare image (7.3.1).

    Args:
        conv2d: a layer from (1, 1, h, w) to (1, 1, h', w').
        X: image, (h, w).

    Returns:
        (h', w').
    """
    Y: torch.Tensor = conv2d(X[None, None])  # (1, 1, h', w')
    return Y[0, 0]


# ---- 7.4 Multiple input and output channels


def corr2d_multi_in(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """Correlate each input channel with its own kernel and add the results up (7.4.1).

    Args:
        X: image, (c, h, w).
        K: kernel, (c, kh, kw).

    Returns:
        (h - kh + 1, w - kw + 1).
    """
    per_channel = [corr2d(x, k) for x, k in zip(X, K, strict=True)]
    return torch.stack(per_channel).sum(dim=0)


def corr2d_multi_in_out(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """Compute one output channel for each of the kernels (7.4.2).

    Args:
        X: image, (c, h, w).
        K: kernels, (o, c, kh, kw).

    Returns:
        (o, h - kh + 1, w - kw + 1).
    """
    return torch.stack([corr2d_multi_in(X, kernel) for kernel in K])


def corr2d_multi_in_out_1x1(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """Compute a 1x1 convolution as a product of matrices (7.4.3).

    Args:
        X: image, (c, h, w).
        K: kernels, (o, c, 1, 1).

    Returns:
        (o, h, w).
    """
    pixels = X.flatten(start_dim=1)  # (c, h * w)
    mixed = K[:, :, 0, 0] @ pixels  # (o, h * w)
    return mixed.reshape(-1, *X.shape[1:])


# ---- 7.5 Pooling


def pool2d(X: torch.Tensor, pool_size: tuple[int, int], mode: str = "max") -> torch.Tensor:
    """Pool every window of an image, with stride 1 and no padding (7.5.1).

    Args:
        X: image, (h, w).
        pool_size: height and width of the window, (ph, pw).
        mode: "max" or "avg".

    Returns:
        (h - ph + 1, w - pw + 1).

    Raises:
        ValueError: the mode is neither of the two.
    """
    windows = X.unfold(0, pool_size[0], 1).unfold(1, pool_size[1], 1)  # (h - ph + 1, w - pw + 1, ph, pw)
    match mode:
        case "max":
            return windows.amax(dim=(2, 3))
        case "avg":
            return windows.mean(dim=(2, 3))
        case _:
            raise ValueError(f"mode is 'max' or 'avg', not {mode!r}")


# The three layers that 7.5.2 binds to `pool2d`, in its order; the first one's stride is its window.
LIBRARY_POOLING = (
    nn.MaxPool2d(3),
    nn.MaxPool2d(3, padding=1, stride=2),
    nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1)),
)


# ---- 7.6 LeNet


def init_cnn(module: nn.Module) -> None:
    """Draw the weight of a linear or convolutional layer from Xavier's uniform distribution (7.6.1).

    Layers that are still lazy have no weight to fill and are left alone, as in the book.
    """
    if type(module) in (nn.Linear, nn.Conv2d):
        assert isinstance(module.weight, torch.Tensor)
        nn.init.xavier_uniform_(module.weight)


class LeNet(nn.Module):
    """LeNet-5 with sigmoids and average pooling (7.6.1), from (batch, channels, 28, 28) to (batch, num_classes)."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__()
        self.lr = lr
        self.net = nn.Sequential(
            nn.LazyConv2d(6, kernel_size=5, padding=2),  # (batch, 6, 28, 28)
            nn.Sigmoid(),
            nn.AvgPool2d(kernel_size=2, stride=2),  # (batch, 6, 14, 14)
            nn.LazyConv2d(16, kernel_size=5),  # (batch, 16, 10, 10)
            nn.Sigmoid(),
            nn.AvgPool2d(kernel_size=2, stride=2),  # (batch, 16, 5, 5)
            nn.Flatten(),  # (batch, 400)
            nn.LazyLinear(120),
            nn.Sigmoid(),
            nn.LazyLinear(84),
            nn.Sigmoid(),
            nn.LazyLinear(num_classes),
        )

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Score a batch of images."""
        scores: torch.Tensor = self.net(X)  # (batch, num_classes)
        return scores


# ---- 8.2 VGG


def vgg_block(num_convs: int, out_channels: int) -> nn.Sequential:
    """Build `num_convs` 3x3 convolutions with ReLU and a pooling that halves the image (8.2.1).

    The block maps (batch, channels, h, w) to (batch, out_channels, h // 2, w // 2).
    """
    layers: list[nn.Module] = []
    for _ in range(num_convs):
        layers += [nn.LazyConv2d(out_channels, kernel_size=3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.MaxPool2d(kernel_size=2, stride=2))


class VGG(nn.Module):
    """A VGG network (8.2.2), from (batch, channels, h, w) to (batch, num_classes).

    Args:
        arch: number of convolutions and of output channels of each block.
    """

    def __init__(self, arch: Sequence[Sequence[int]], lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__()
        self.lr = lr
        blocks = [vgg_block(num_convs, out_channels) for num_convs, out_channels in arch]
        self.net = nn.Sequential(
            *blocks,
            nn.Flatten(),
            *(nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5)),
            *(nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5)),
            nn.LazyLinear(num_classes),
        )
        self.net.apply(init_cnn)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Score a batch of images."""
        scores: torch.Tensor = self.net(X)  # (batch, num_classes)
        return scores


# ---- 8.6 ResNet


class Residual(nn.Module):
    """A residual block (8.6.2), from (batch, channels, h, w) to (batch, num_channels, h / strides, w / strides).

    Args:
        use_1x1conv: whether a 1x1 convolution adapts channels and size on the shortcut.
        strides: stride of the first convolution and of the shortcut.
    """

    def __init__(self, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1, stride=strides)
        self.conv2 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1)
        self.conv3 = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides) if use_1x1conv else None
        self.bn1 = nn.LazyBatchNorm2d()
        self.bn2 = nn.LazyBatchNorm2d()

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Add the shortcut to what the two convolutions compute; X itself stays as it is."""
        # The shortcut comes last, as in the book: parameters are matched by the order of their first use.
        Y: torch.Tensor = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(X)))))  # (batch, num_channels, h', w')
        shortcut: torch.Tensor = X if self.conv3 is None else self.conv3(X)  # (batch, num_channels, h', w')
        return torch.relu(Y + shortcut)


class ResNet(nn.Module):
    """A residual network (8.6.3), from (batch, channels, h, w) to (batch, num_classes).

    Args:
        arch: number of residual blocks and of channels of each stage. The first stage keeps the size and the
            channels of the stem, 64; each further stage halves the image.
    """

    def __init__(self, arch: Sequence[Sequence[int]], lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__()
        self.lr = lr
        stages = [
            self.block(num_residuals, num_channels, first_block=number == 0)
            for number, (num_residuals, num_channels) in enumerate(arch)
        ]
        head = nn.Sequential(nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.LazyLinear(num_classes))
        self.net = nn.Sequential(self.b1(), *stages, head)
        self.net.apply(init_cnn)

    def b1(self) -> nn.Sequential:
        """Build the stem, from (batch, channels, h, w) to (batch, 64, h / 4, w / 4)."""
        return nn.Sequential(
            nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3),
            nn.LazyBatchNorm2d(),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
        )

    def block(self, num_residuals: int, num_channels: int, first_block: bool = False) -> nn.Sequential:
        """Build one stage, which halves the image unless it is the first."""
        residuals = [Residual(num_channels) for _ in range(num_residuals)]
        if not first_block:
            residuals[0] = Residual(num_channels, use_1x1conv=True, strides=2)
        return nn.Sequential(*residuals)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Score a batch of images."""
        scores: torch.Tensor = self.net(X)  # (batch, num_classes)
        return scores


class ResNet18(ResNet):
    """The residual network with 18 weighted layers (8.6.3)."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(((2, 64), (2, 128), (2, 256), (2, 512)), lr, num_classes)
