"""The grader's d2l against d2l 1.0.3: the same notebook text has to give the same values under both."""

from __future__ import annotations

import contextlib
import copy
import importlib
import importlib.util
import io
import math
import struct
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
import torchvision  # type: ignore[import-untyped]  # torchvision ships no annotations
from torch import nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from grader.kernel.inside import images
from tests.kernel.d2l_process import Silent
from tests.kernel.published_d2l import published

pytestmark = pytest.mark.filterwarnings("ignore:Lazy modules are a new feature")

SITE = Path(images.__file__).parent / "site"
Namespace = dict[str, Any]


def import_ours() -> ModuleType:
    """Import the grader's d2l anew, as in the sandbox: before whatever d2l is installed."""
    kept = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "d2l"}
    for name in kept:
        del sys.modules[name]
    sys.path.insert(0, str(SITE))
    try:
        return importlib.import_module("d2l.torch")
    finally:
        sys.path.remove(str(SITE))
        for name in [name for name in sys.modules if name.split(".")[0] == "d2l"]:
            del sys.modules[name]
        sys.modules.update(kept)


@pytest.fixture(scope="module")
def ours() -> ModuleType:
    return import_ours()


@pytest.fixture(scope="module")
def real() -> ModuleType:
    folder = published()
    if folder is None:
        pytest.skip("d2l 1.0.3 is not installed, so there is nothing to compare with: make setup")
    path = folder / "d2l/torch.py"
    spec = importlib.util.spec_from_file_location("d2l_as_published", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # it looks itself up while it is imported
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            spec.loader.exec_module(module)
        except ImportError as error:
            pytest.skip(f"d2l 1.0.3 lacks {error.name}, so there is nothing to compare with")
    silent: Any = module
    for name in ("use_svg_display", "display", "plt"):
        setattr(silent, name, Silent())
    return module


@pytest.fixture(autouse=True)
def _unconfigured() -> Iterator[None]:
    yield
    images.configure(None)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Serve 120 random pictures as Fashion-MNIST, through torchvision too: 100 to train on and 20 to validate."""
    folder = tmp_path / "fashion_mnist"
    folder.mkdir()
    pictures = np.random.default_rng(0).integers(0, 256, (120, 28, 28), dtype=np.uint8)
    labels = (np.arange(120) % 10).astype(np.uint8)
    for name, array in (("train-images-idx3-ubyte", pictures), ("train-labels-idx1-ubyte", labels)):
        (folder / name).write_bytes(struct.pack(f">2xBB{array.ndim}I", 8, array.ndim, *array.shape) + array.tobytes())
    images.configure(str(tmp_path))
    monkeypatch.setattr(torchvision.datasets, "FashionMNIST", images.FashionMNIST)
    return tmp_path


def run(d2l: ModuleType, cells: str, seed: int = 0, **names: Any) -> Namespace:
    """Execute a notebook's text with the usual imports; return its names, and what it printed as `printed`."""
    namespace: Namespace = {"torch": torch, "nn": nn, "F": F, "d2l": d2l, **names}
    printed = io.StringIO()
    torch.manual_seed(seed)
    with contextlib.redirect_stdout(printed):
        exec(compile(cells, "<cells>", "exec"), namespace)
    return namespace | {"printed": printed.getvalue()}


def curves(board: Any) -> dict[str, list[tuple[float, float]]]:
    """The points of a progress board as plain numbers."""
    return {label: [(float(point.x), float(point.y)) for point in line] for label, line in board.data.items()}


SMALL_NET = """
class Injected(d2l.DataModule):
    def __init__(self, X, y, batch_size=8):
        super().__init__()
        self.save_hyperparameters()
    def get_dataloader(self, train):
        return self.get_tensorloader((self.X, self.y), train, slice(0, 40) if train else slice(40, None))

class Small(d2l.Classifier):
    def __init__(self, lr=0.5):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(6), nn.ReLU(), nn.LazyLinear(3))

X = torch.randn(60, 1, 4, 4)
y = torch.randint(0, 3, (60,))
data = Injected(X, y)
model = Small()
model.apply_init([X[:2]], d2l.init_cnn)
"""

FITS = {
    "small": SMALL_NET + "trainer = d2l.Trainer(max_epochs=3)\ntrainer.fit(model, data)",
    "gpu asked for": SMALL_NET + "trainer = d2l.Trainer(max_epochs=1, num_gpus=1)\ntrainer.fit(model, data)",
    "clipped": SMALL_NET + "trainer = d2l.Trainer(max_epochs=2, gradient_clip_val=0.1)\ntrainer.fit(model, data)",
    "linear": """
data = d2l.SyntheticRegressionData(w=torch.tensor([2, -3.4]), b=4.2, num_train=70, num_val=30, batch_size=16)
model = d2l.LinearRegression(lr=0.03)
trainer = d2l.Trainer(max_epochs=3)
trainer.fit(model, data)
learned = model.get_w_b()
""",
    "scratch": """
data = d2l.SyntheticRegressionData(w=torch.tensor([2, -3.4]), b=4.2, num_train=70, num_val=30, batch_size=16)
model = d2l.LinearRegressionScratch(2, lr=0.03)
trainer = d2l.Trainer(max_epochs=3)
trainer.fit(model, data)
learned = (model.w, model.b)
""",
    "softmax": SMALL_NET
    + "model = d2l.SoftmaxRegression(num_outputs=3, lr=0.1)\ntrainer = d2l.Trainer(2)\ntrainer.fit(model, data)",
    "dropout and batch norm": SMALL_NET
    + """
model.net.insert(3, nn.Dropout(0.5))
model.net.insert(3, nn.BatchNorm1d(6))
trainer = d2l.Trainer(max_epochs=2)
trainer.fit(model, data)
""",
    "overridden": SMALL_NET
    + """
class Momentum(Small):
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)
    def training_step(self, batch):
        return 2 * super().training_step(batch)

@d2l.add_to_class(Momentum)
def loss(self, y_hat, y):
    return F.cross_entropy(y_hat, y, label_smoothing=0.1)

class OnlyTrains(d2l.Trainer):
    def fit_epoch(self):
        for batch in self.train_dataloader:
            self.optim.zero_grad()
            self.model.training_step(self.prepare_batch(batch)).backward()
            self.optim.step()
            self.train_batch_idx += 1

model = Momentum()
trainer = OnlyTrains(max_epochs=2)
trainer.fit(model, data)
""",
    "LeNet": """
data = d2l.FashionMNIST(batch_size=32)
data.num_workers = 0
model = d2l.LeNet(lr=0.1)
model.apply_init([next(iter(data.get_dataloader(True)))[0]], d2l.init_cnn)
trainer = d2l.Trainer(max_epochs=2, num_gpus=1)
trainer.fit(model, data)
""",
}


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("cells", FITS.values(), ids=FITS.keys())
def test_training_learns_the_same_weights_and_records_the_same_curves(
    ours: ModuleType, real: ModuleType, cells: str
) -> None:
    observed = run(ours, cells)
    expected = run(real, cells)

    torch.testing.assert_close(observed["model"].state_dict(), expected["model"].state_dict(), rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(observed.get("learned", ()), expected.get("learned", ()), rtol=1e-6, atol=1e-7)
    assert curves(observed["model"].board) == {
        label: [pytest.approx(point, rel=1e-5) for point in line]
        for label, line in curves(expected["model"].board).items()
    }
    for name in ("epoch", "train_batch_idx", "val_batch_idx", "num_train_batches", "num_val_batches", "gpus"):
        assert getattr(observed["trainer"], name) == getattr(expected["trainer"], name), name
    assert observed["model"].board.xlim == expected["model"].board.xlim


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("size", [(28, 28), (32, 32), (96, 96), (224, 224), (16, 16)], ids=str)
def test_fashion_mnist_gives_the_pixels_and_the_order_of_the_published_library(
    ours: ModuleType, real: ModuleType, size: tuple[int, int]
) -> None:
    cells = """
data = d2l.FashionMNIST(batch_size=48, resize=size)
data.num_workers = 0
first = data.train[0]
train, val = list(data.train_dataloader()), list(data.val_dataloader())
lengths = len(data.train), len(data.val), len(data.train_dataloader())
names = data.text_labels(val[0][1])
data.visualize([part[:8] for part in val[0]])
"""

    observed = run(ours, cells, size=size)
    expected = run(real, cells, size=size)

    assert observed["lengths"] == expected["lengths"]
    assert observed["names"] == expected["names"]
    for part in ("train", "val"):
        for ours_batch, real_batch in zip(observed[part], expected[part], strict=True):
            torch.testing.assert_close(list(ours_batch), list(real_batch), rtol=0, atol=0)
    assert torch.equal(observed["first"][0], expected["first"][0])
    assert observed["first"][1] == expected["first"][1]
    assert type(observed["first"][1]) is int


FUNCTIONS = {
    "corr2d": "result = d2l.corr2d(torch.randn(6, 8), torch.randn(3, 2))",
    "corr2d of integers": "result = d2l.corr2d(torch.arange(20).reshape(4, 5), torch.tensor([[1, -1]]))",
    "corr2d of doubles": "result = d2l.corr2d(torch.randn(3, 3).double(), torch.randn(2, 2).double())",
    "gradient of corr2d": """
X, K = torch.randn(5, 4, requires_grad=True), torch.randn(2, 3, requires_grad=True)
d2l.corr2d(X, K).square().sum().backward()
result = [X.grad, K.grad]
""",
    "init_cnn": """
net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ConvTranspose2d(2, 2, 3), nn.BatchNorm2d(2), nn.Linear(4, 5))
net.apply(d2l.init_cnn)
result = net.state_dict()
""",
    "LeNet": """
net = d2l.LeNet()
net.apply_init([torch.randn(1, 1, 28, 28)], d2l.init_cnn)
result = [net(torch.randn(3, 1, 28, 28)), net.state_dict()]
""",
    "Residual": """
block = d2l.Residual(3)
X = torch.randn(4, 3, 6, 6)
result = [block(X), X, block.state_dict(), block.eval()(X)]
""",
    "Residual with 1x1": """
block = d2l.Residual(6, use_1x1conv=True, strides=2)
result = [block(torch.randn(4, 3, 6, 6)), block.state_dict()]
""",
    "ResNeXtBlock": """
block = d2l.ResNeXtBlock(32, 16, 1)
result = [block(torch.randn(4, 32, 6, 6)), block.state_dict()]
""",
    "ResNeXtBlock with 1x1": """
block = d2l.ResNeXtBlock(32, 4, 0.5, use_1x1conv=True, strides=2)
result = [block(torch.randn(4, 8, 6, 6)), block.state_dict()]
""",
    "SGD": """
w = torch.randn(3, requires_grad=True)
unused = torch.zeros(1, requires_grad=True)
optimizer = d2l.SGD([w], 0.1)
d2l.SGD([w, unused], 0.1).zero_grad()
(w ** 2).sum().backward()
with torch.no_grad():
    optimizer.step()
moved = w.detach().clone()
optimizer.zero_grad()
result = [moved, w.grad, optimizer.lr]
""",
    "sgd": """
w = torch.randn(3, requires_grad=True)
(w ** 2).sum().backward()
d2l.sgd([w], 0.1, 4)
result = [w.detach(), w.grad]
""",
    "accuracy": """
scores, y = torch.randn(5, 2, 3), torch.randint(0, 3, (5, 2))
model = d2l.Classifier()
result = [model.accuracy(scores, y), model.accuracy(scores, y, averaged=False), model.loss(scores, y),
          model.loss(scores, y, averaged=False), d2l.accuracy(scores[:, 0], y[:, 0]), d2l.accuracy(y[:, 0], y[:, 1])]
""",
    "earlier functions": """
X, y = d2l.synthetic_data(torch.tensor([2.0, -1.0]), 0.5, 20)
w, b = torch.randn(2, 1), torch.zeros(1)
net = lambda X: d2l.linreg(X, w, b)
iterator = d2l.load_array((X, y), 6)
net2 = nn.Sequential(nn.Linear(2, 3))
labels = d2l.load_array((X, torch.randint(0, 3, (20,))), 6, is_train=False)
result = [X, y, list(iterator), d2l.squared_loss(net(X), y), d2l.evaluate_loss(net, iterator, d2l.squared_loss),
          d2l.evaluate_accuracy_gpu(net2, labels), d2l.get_fashion_mnist_labels(range(10))]
""",
    "accumulator": """
sums = d2l.Accumulator(2)
sums.add(1, torch.tensor(2.5))
sums.add(3, 4)
before = sums[0], sums[1]
sums.reset()
result = [before, sums[0]]
""",
    "animator": """
animator = d2l.Animator(legend=['a', 'b'])
animator.add(1, (0.5, None))
animator.add(2, (0.25, 0.75))
result = [animator.X, animator.Y]
""",
    "aliases": """
x = torch.rand(3, 4)
square = torch.randn(3, 3)
result = [d2l.ones(2), d2l.zeros(2), d2l.tensor([1]), d2l.arange(3), d2l.meshgrid(d2l.arange(2), d2l.arange(3), indexing='ij'),
  [getattr(d2l, name)(x) for name in 'sin sinh cos cosh tanh exp log abs sigmoid zeros_like ones_like'.split()],
  d2l.linspace(0, 1, 5), d2l.normal(0, 1, (2, 2)), d2l.rand(2), d2l.randn(2), d2l.matmul(square, x), d2l.int32, d2l.int64,
  d2l.float32, d2l.concat([x, x], 1), d2l.stack([x, x]), d2l.eye(3), d2l.batch_matmul(x[None], x.t()[None]),
  torch.from_numpy(d2l.numpy(x.requires_grad_())), d2l.size(x), d2l.reshape(x, (4, 3)), d2l.to(x, torch.float64),
  d2l.reduce_sum(x, 0, keepdims=True), d2l.reduce_mean(x, axis=1), d2l.argmax(x, axis=1), d2l.astype(x, torch.int32),
  d2l.transpose(x), d2l.swapaxes(x, 0, 1), d2l.repeat(x, 2, 1), d2l.expand_dims(x, 1)]
""",
    "devices": "result = [str(d2l.cpu()), str(d2l.gpu(1)), d2l.num_gpus(), str(d2l.try_gpu()), str(d2l.try_gpu(9)), d2l.try_all_gpus()]",
    "hyperparameters": """
class Kept(d2l.HyperParameters):
    def __init__(self, a, b, c=3, _hidden=4):
        local = a + b
        self.save_hyperparameters(ignore=['c'])

kept = Kept(1, b=2)
result = [sorted(kept.hparams.items()), sorted(vars(kept)), kept.a, kept.b]
""",
    "board": """
board = d2l.ProgressBoard('x', display=False)
for i in range(7):
    board.draw(i, i * i, 'squares', every_n=3)
    board.draw(i, -i, 'line')
    board.draw(i, i, 'never', every_n=0)
result = {label: [(p.x, p.y) for p in line] for label, line in board.data.items()}
""",
}


@pytest.mark.filterwarnings("ignore:torch.meshgrid")
@pytest.mark.parametrize("cells", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_a_name_behaves_as_in_the_published_library(ours: ModuleType, real: ModuleType, cells: str) -> None:
    observed = run(ours, cells)["result"]
    expected = run(real, cells)["result"]

    assert_same(observed, expected)


def assert_same(observed: Any, expected: Any) -> None:
    """Nested values are equal; tensors up to rounding, dtype and shape included."""
    match expected:
        case torch.Tensor():
            torch.testing.assert_close(observed, expected, rtol=1e-5, atol=1e-6)
        case dict():
            assert list(observed) == list(expected)
            assert_same(list(observed.values()), list(expected.values()))
        case list() | tuple():
            assert len(observed) == len(expected)
            for mine, theirs in zip(observed, expected, strict=True):
                assert_same(mine, theirs)
        case float():
            assert observed == pytest.approx(expected, rel=1e-5)
        case _:
            assert observed == expected


@pytest.mark.parametrize(
    "cells",
    ["d2l.LeNet().layer_summary((1, 1, 28, 28))", SMALL_NET + "model.layer_summary((2, 1, 4, 4))"],
    ids=["LeNet", "small"],
)
def test_layer_summary_prints_the_same_text(ours: ModuleType, real: ModuleType, cells: str) -> None:
    observed = run(ours, cells)["printed"]

    assert "Linear output shape:" in observed
    assert observed == run(real, cells)["printed"]


def test_add_to_class_adds_a_method_and_leaves_none_under_its_name(ours: ModuleType) -> None:
    names = run(
        ours,
        """
class A:
    pass

@d2l.add_to_class(A)
def twice(self, x):
    return 2 * x
""",
    )

    assert names["A"]().twice(4) == 8
    assert names["twice"] is None


def test_train_ch6_trains_as_the_published_function_does(ours: ModuleType, real: ModuleType) -> None:
    cells = """
batches = d2l.load_array((torch.randn(40, 1, 4, 4), torch.randint(0, 3, (40,))), 8)
net = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
d2l.train_ch6(net, batches, batches, 3, 0.5, d2l.try_gpu())
"""

    observed, expected = run(ours, cells), run(real, cells)

    torch.testing.assert_close(observed["net"].state_dict(), expected["net"].state_dict())
    assert observed["printed"].splitlines()[:2] == expected["printed"].splitlines()[:2]


@pytest.mark.parametrize(
    ("limit", "steps", "epochs", "validations"),
    [(None, 15, 3, 3), (1, 1, 1, 1), (5, 5, 1, 1), (7, 7, 2, 1), (100, 15, 3, 1), (0, 0, 1, 1)],
    ids=["no limit", "one step", "a whole epoch", "within an epoch", "never reached", "no step"],
)
def test_fit_stops_after_the_limit_of_steps_and_validates_once(
    ours: ModuleType, limit: int | None, steps: int, epochs: int, validations: int
) -> None:
    images.configure(None, max_steps=limit)

    trainer = run(ours, FITS["small"])["trainer"]

    assert trainer.train_batch_idx == steps
    assert trainer.epoch == epochs - 1
    assert trainer.val_batch_idx == validations * trainer.num_val_batches
    assert trainer.num_train_batches == 5


def test_every_fit_has_the_whole_limit(ours: ModuleType) -> None:
    images.configure(None, max_steps=2)

    names = run(ours, FITS["small"] + "\nfirst = trainer.train_batch_idx\ntrainer.fit(model, data)")

    assert names["first"] == names["trainer"].train_batch_idx == 2


def test_every_fit_has_the_whole_limit_where_the_student_keeps_a_loader(ours: ModuleType) -> None:
    images.configure(None, max_steps=2)

    trainer = run(
        ours,
        SMALL_NET
        + """
class Keeps(d2l.Trainer):
    def prepare_data(self, data):
        if not hasattr(self, 'train_dataloader'):
            super().prepare_data(data)

trainer = Keeps(max_epochs=4)
trainer.fit(model, data)
trainer.fit(model, data)
""",
    )["trainer"]

    assert trainer.train_batch_idx == 2


def test_a_fit_epoch_of_the_students_own_obeys_the_limit(ours: ModuleType) -> None:
    images.configure(None, max_steps=3)

    trainer = run(ours, FITS["overridden"])["trainer"]

    assert trainer.train_batch_idx == 3
    assert trainer.epoch == 0


def test_train_ch6_obeys_the_limit(ours: ModuleType) -> None:
    images.configure(None, max_steps=3)

    names = run(
        ours,
        """
seen = []
class Net(nn.Linear):
    def forward(self, X):
        seen.append(self.training)
        return super().forward(X)

batches = d2l.load_array((torch.randn(40, 4), torch.randint(0, 3, (40,))), 20)
d2l.train_ch6(Net(4, 3), batches, batches, 10, 0.5, 'cpu')
""",
    )

    assert names["seen"] == [True, True, False, False, True, False, False]
    assert "loss" in names["printed"]


@pytest.mark.usefixtures("served")
def test_a_data_set_can_be_subset_and_loaded_by_a_plain_loader(ours: ModuleType) -> None:
    names = run(
        ours,
        """
data = d2l.FashionMNIST()
part = torch.utils.data.Subset(data.train, range(10, 20))
X, y = next(iter(torch.utils.data.DataLoader(part, batch_size=10)))
expected = data.train[10][0]
""",
    )

    assert names["X"].shape == (10, 1, 28, 28)
    assert names["y"].tolist() == list(range(10))
    assert torch.equal(names["X"][0], names["expected"])


@pytest.mark.usefixtures("served")
def test_a_split_that_the_student_replaced_is_the_one_loaded(ours: ModuleType) -> None:
    names = run(
        ours,
        """
data = d2l.FashionMNIST(batch_size=4)
data.train = torch.utils.data.TensorDataset(torch.zeros(6, 1, 28, 28), torch.ones(6))
batches = list(data.train_dataloader())
""",
    )

    assert [len(y) for _, y in names["batches"]] == [4, 2]


@pytest.mark.usefixtures("served")
def test_load_data_fashion_mnist_resizes_by_one_number(ours: ModuleType) -> None:
    names = run(ours, "train, val = d2l.load_data_fashion_mnist(10, resize=32)\nX, y = next(iter(train))")

    assert names["X"].shape == (10, 1, 32, 32)
    assert (len(names["train"]), len(names["val"])) == (10, 2)


@pytest.mark.usefixtures("served")
def test_copying_a_trained_model_copies_no_images(ours: ModuleType) -> None:
    images.configure(images._serving.folder, max_steps=1)
    names = run(ours, FITS["LeNet"])

    twin = copy.deepcopy(names["model"])

    assert twin.trainer.train_dataloader.dataset.data is names["data"].train.data
    assert twin.net[0].weight is not names["model"].net[0].weight


ON_A_DEVICE = """
data = d2l.FashionMNIST(batch_size=8, resize=(32, 32))
model = d2l.LeNet()
model.apply_init([next(iter(data.get_dataloader(True)))[0]], d2l.init_cnn)
trainer = Kind(max_epochs=1)
trainer.gpus = gpus
trainer.fit(model, data)
"""


@pytest.mark.usefixtures("served")
def test_images_that_lie_on_the_device_are_the_same_in_the_same_order(ours: ModuleType) -> None:
    """The CPU stands for the device: what is left to differ is where the data lie."""
    moved, placed = (run(ours, ON_A_DEVICE, Kind=ours.Trainer, gpus=gpus) for gpus in ([], [torch.device("cpu")]))

    assert moved["trainer"].train_dataloader._served is moved["data"].train
    assert placed["trainer"].train_dataloader._served is not placed["data"].train
    assert placed["trainer"].val_dataloader._served is not placed["data"].val
    torch.testing.assert_close(placed["model"].state_dict(), moved["model"].state_dict(), rtol=0, atol=0)


@pytest.mark.usefixtures("served")
def test_images_stay_where_they_are_for_a_prepare_batch_of_the_students_own(ours: ModuleType) -> None:
    own = type("Own", (ours.Trainer,), {"prepare_batch": lambda self, batch: batch})

    names = run(ours, ON_A_DEVICE, Kind=own, gpus=[torch.device("cpu")])

    assert names["trainer"].train_dataloader._served is names["data"].train


def test_a_board_makes_the_same_points_of_values_that_lie_on_a_device(ours: ModuleType) -> None:
    boards = [ours.ProgressBoard(), ours.ProgressBoard()]
    for x, y in enumerate(torch.rand(10)):
        boards[0].draw(x, y.numpy(), "loss", every_n=3)
        boards[1].draw(x, y, "loss", every_n=3)

    kept, fetched = (board.data["loss"] for board in boards)
    assert kept == fetched
    assert [type(point.y) for point in fetched] == [type(point.y) for point in kept]
    assert len(kept) == 3


def test_a_missing_data_set_is_named(ours: ModuleType) -> None:
    with pytest.raises(FileNotFoundError, match="data set not found: fashion_mnist"):
        ours.FashionMNIST()


def test_a_download_says_that_there_is_no_network(ours: ModuleType) -> None:
    with pytest.raises(ConnectionError, match="no network"):
        ours.download("airfoil")


def test_plots_draw_nothing_and_give_axes_to_go_on_with(ours: ModuleType) -> None:
    names = run(
        ours,
        """
d2l.set_figsize((4, 4))
d2l.plot(torch.arange(3), [torch.arange(3)], 'x', 'f(x)', legend=['f'])
axes = d2l.show_images(torch.rand(8, 4, 4), 2, 4, titles=list('abcdefgh'))
axes[0].set_title('first').set_color('red')
rows = axes.reshape(2, 4)
d2l.show_heatmaps(torch.rand(1, 1, 3, 3), xlabel='x', ylabel='y')
""",
    )

    assert names["axes"].shape == (8,)
    assert names["rows"].shape == (2, 4)


def test_a_name_of_a_later_chapter_is_refused_with_a_reason(ours: ModuleType) -> None:
    assert not hasattr(ours, "MultiHeadAttention")
    with pytest.raises(AttributeError, match=r"d2l\.Vocab belongs to chapter 9, on recurrent networks"):
        _ = ours.Vocab


def test_modules_that_the_book_reaches_through_d2l_are_there(ours: ModuleType) -> None:
    assert (ours.torch, ours.nn, ours.F, ours.math, ours.np) == (torch, nn, F, math, np)


def test_plt_is_matplotlib_and_comes_when_it_is_asked_for(ours: ModuleType) -> None:
    pytest.importorskip("matplotlib")

    assert ours.plt.__name__ == "matplotlib.pyplot"


def test_importing_d2l_loads_nothing_that_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("matplotlib", "matplotlib_inline", "pandas", "requests", "IPython", "scipy"):
        monkeypatch.setitem(sys.modules, name, None)  # an import of it raises now

    assert import_ours().__name__ == "d2l.torch"


class Recorder(TorchDispatchMode):
    """Lists the operators that reach the dispatcher."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it without annotations
        self.operators: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.operators.append(str(func))
        return func(*args, **(kwargs or {}))


def test_importing_d2l_runs_no_tensor_operation() -> None:
    spec = importlib.util.spec_from_file_location("images_again", images.__file__)
    assert spec is not None and spec.loader is not None
    images_again = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = images_again

    with Recorder() as recorder:
        import_ours()
        spec.loader.exec_module(images_again)
        at_import = list(recorder.operators)
        torch.ones(1)

    del sys.modules[spec.name]
    assert at_import == []
    assert recorder.operators  # so the recorder does record
