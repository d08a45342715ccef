"""Data modules: synthetic regression data, and Fashion-MNIST from this machine, kept as bytes in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, TensorDataset

from grader.kernel.inside import images
from grader.kernel.inside.pixels import resized

from ._parameters import HyperParameters
from ._plotting import show_images

_LABELS = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")


class DataModule(HyperParameters):
    """Gives the loaders of one data set. Subclasses set `batch_size` and override `get_dataloader`."""

    root: Any
    num_workers: Any
    batch_size: Any

    # The book has four workers. In the sandbox each would be a process to start, for data that is in memory already.
    def __init__(self, root: str = "../data", num_workers: int = 0) -> None:
        self.save_hyperparameters()

    def get_dataloader(self, train: bool) -> Any:
        """The loader of one of the splits; a subclass says which."""
        raise NotImplementedError

    def train_dataloader(self) -> Any:
        """The loader to train on."""
        return self.get_dataloader(train=True)

    def val_dataloader(self) -> Any:
        """The loader to validate on."""
        return self.get_dataloader(train=False)

    def get_tensorloader(self, tensors: Sequence[Tensor], train: bool, indices: slice = slice(None)) -> Any:
        """A loader over rows `indices` of tensors, shuffled for training."""
        return load_array([tensor[indices] for tensor in tensors], self.batch_size, train)


class SyntheticRegressionData(DataModule):
    """`X`, (n, len(w)), from a normal distribution and `y = Xw + b + noise`, (n, 1)."""

    num_train: Any

    def __init__(
        self, w: Tensor, b: float, noise: float = 0.01, num_train: int = 1000, num_val: int = 1000, batch_size: int = 32
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        total = num_train + num_val
        self.X = torch.randn(total, len(w))
        error = torch.randn(total, 1) * noise
        self.y = self.X @ w.reshape(-1, 1) + b + error

    def get_dataloader(self, train: bool) -> Any:
        """The first `num_train` rows to train on, the others to validate on."""
        rows = slice(0, self.num_train) if train else slice(self.num_train, None)
        return self.get_tensorloader((self.X, self.y), train, rows)


class ImageTensors(Dataset[tuple[Tensor, int]]):
    """Images as float32 tensors in [0, 1], (1, H, W), made from bytes when asked for.

    `data` and `targets` are the images (N, H, W), uint8, and labels as torchvision's data sets have them.
    """

    def __init__(self, data: Tensor, targets: Tensor, classes: Sequence[str], size: tuple[int, int]) -> None:
        self.data = data
        self.targets = targets
        self.classes = list(classes)
        self.size = size

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return as_pixels(self.data[index][None], self.size)[0], int(self.targets[index])

    def batch(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Images (len(indices), 1, H, W) and their labels."""
        rows = torch.as_tensor(indices)
        return as_pixels(self.data[rows], self.size), self.targets[rows]

    def __deepcopy__(self, memo: dict[int, Any]) -> ImageTensors:
        # A trained model knows its trainer, and that its data: copying a model must not copy 50,000 images.
        return self


def as_pixels(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize bytes (N, H, W) as Pillow does, bilinearly, and scale them to [0, 1]; returns (N, 1, *size).

    So for the square sizes of the book every pixel is the same as by torchvision's Resize and ToTensor.
    """
    return resized(pictures, size)[:, None].float() / 255


class _WholeBatches(Dataset[Any]):
    """Lets a DataLoader, with its order of drawing random numbers, fetch a batch in one piece."""

    def __init__(self, pictures: ImageTensors) -> None:
        self.pictures = pictures

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.pictures[index]

    def __getitems__(self, indices: list[int]) -> list[Tensor]:
        return list(self.pictures.batch(indices))


def _as_it_is(batch: Any) -> Any:
    return batch


class FashionMNIST(DataModule):
    """Fashion-MNIST, served by this session; `val` is the split for validation, made of training images."""

    def __init__(self, batch_size: int = 64, resize: int | tuple[int, int] = (28, 28)) -> None:
        super().__init__()
        self.save_hyperparameters()
        size = (resize, resize) if isinstance(resize, int) else (resize[0], resize[1])
        names = images.FashionMNIST.classes
        self.train: Any = ImageTensors(*images.load("fashion_mnist", "train"), names, size)
        self.val: Any = ImageTensors(*images.load("fashion_mnist", "val"), names, size)

    def text_labels(self, indices: Any) -> list[str]:
        """The names of classes."""
        return [_LABELS[int(index)] for index in indices]

    def get_dataloader(self, train: bool) -> Any:
        """The loader of one split, shuffled for training; a split that a student replaced is loaded as it is."""
        split = self.train if train else self.val
        if isinstance(split, ImageTensors):
            return DataLoader(_WholeBatches(split), self.batch_size, shuffle=train, collate_fn=_as_it_is)
        return DataLoader(split, self.batch_size, shuffle=train)

    def visualize(self, batch: Any, nrows: int = 1, ncols: int = 8, labels: Any = ()) -> None:
        """Take a batch and draw nothing."""
        X, y = batch
        show_images(X.squeeze(1), nrows, ncols, titles=labels or self.text_labels(y))


def get_fashion_mnist_labels(labels: Any) -> list[str]:
    """The names of classes."""
    return [_LABELS[int(label)] for label in labels]


def get_dataloader_workers() -> int:
    """None: data are in memory."""
    return 0


def load_array(data_arrays: Sequence[Tensor], batch_size: int, is_train: bool = True) -> Any:
    """A loader over the rows of tensors, shuffled for training."""
    return DataLoader(TensorDataset(*data_arrays), batch_size, shuffle=is_train)


def load_data_fashion_mnist(batch_size: int, resize: int | tuple[int, int] | None = None) -> tuple[Any, Any]:
    """The loaders of Fashion-MNIST to train and to validate on."""
    data = FashionMNIST(batch_size, resize or (28, 28))
    return data.train_dataloader(), data.val_dataloader()


def synthetic_data(w: Tensor, b: float, num_examples: int) -> tuple[Tensor, Tensor]:
    """`X`, (num_examples, len(w)), and `y = Xw + b + noise`, (num_examples, 1)."""
    X = torch.normal(0, 1, (num_examples, len(w)))
    y = X @ w + b
    y = y + torch.normal(0, 0.01, y.shape)
    return X, y.reshape(-1, 1)


def download(url: str, folder: str = "../data", sha1_hash: str | None = None) -> NoReturn:
    """Always raises: a notebook is graded without a network."""
    raise ConnectionError(f"d2l.download: there is no network while a notebook is graded, so {url!r} cannot be fetched")


def download_extract(name: str, folder: str | None = None) -> NoReturn:
    """Always raises: a notebook is graded without a network."""
    download(name)
