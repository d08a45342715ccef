"""Data modules: synthetic regression data, and Fashion-MNIST from this machine, kept as bytes in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, TensorDataset
from torchvision import transforms  # type: ignore[import-untyped]  # torchvision ships no annotations

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


class ImageTensors(Dataset[tuple[Any, Any]]):
    """Images as float32 tensors in [0, 1], (1, H, W), made from bytes when asked for.

    `data`, `targets`, `transform` and `target_transform` are what torchvision's data sets have: images (N, H, W),
    uint8, labels, and what is done to a picture. Where a notebook changes that, its own is done, picture by picture.
    """

    def __init__(self, data: Tensor, targets: Tensor, classes: Sequence[str], size: tuple[int, int]) -> None:
        self.data = data
        self.targets = targets
        self.classes = list(classes)
        self.size = size
        self.transform: Any = transforms.Compose([transforms.Resize(size), transforms.ToTensor()])
        self.target_transform: Any = None
        self._unchanged = self._transforms()

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[tuple[Any, Any]]:
        if self.as_published():
            pictures, labels = self.batch(torch.as_tensor(indices))
            return list(zip(pictures.unbind(), labels.tolist(), strict=True))
        return [self._transformed(index) for index in indices]

    def as_published(self) -> bool:
        """Whether a picture is only resized and scaled, so that many can be at once."""
        return self._transforms() == self._unchanged

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Images (n, 1, H, W) and their labels, where the data are; `rows` may be on the CPU."""
        rows = rows.to(self.data.device)
        return as_pixels(self.data[rows], self.size), self.targets[rows]

    def to(self, device: torch.device) -> ImageTensors:
        """The same images and labels on a device."""
        return ImageTensors(self.data.to(device), self.targets.to(device), self.classes, self.size)

    def __deepcopy__(self, memo: dict[int, Any]) -> ImageTensors:
        # A trained model knows its trainer, and that its data: copying a model must not copy 50,000 images.
        return self

    def _transforms(self) -> tuple[Any, ...]:
        return (self.target_transform, *getattr(self.transform, "transforms", ["another"]))

    def _transformed(self, index: int) -> tuple[Any, Any]:
        picture: Any = Image.fromarray(np.asarray(self.data[index]))
        label: Any = int(self.targets[index])
        if self.transform is not None:
            picture = self.transform(picture)
        return picture, label if self.target_transform is None else self.target_transform(label)


def as_pixels(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize bytes (N, H, W) as Pillow does, bilinearly, and scale them to [0, 1]; returns (N, 1, *size).

    So for the square sizes of the book every pixel is the same as by torchvision's Resize and ToTensor.
    """
    return resized(pictures, size)[:, None].float().div_(255)


class ImageLoader(DataLoader[Any]):
    """A DataLoader of one split that makes a batch in one piece, in the order and with the random numbers of torch's.

    Without `drop_last`, samplers or workers of one's own: who wants these writes `DataLoader(data.train, ...)`.
    """

    def __init__(self, pictures: ImageTensors, batch_size: int, shuffle: bool) -> None:
        super().__init__(pictures, batch_size, shuffle=shuffle)
        self._shuffles = shuffle
        self._served = pictures

    def on(self, device: torch.device) -> ImageLoader:
        """The same batches, on a device from the start; this one where pictures are transformed one by one."""
        if not self._served.as_published() or self.batch_size is None:
            return self
        there = ImageLoader(self._served, self.batch_size, self._shuffles)
        there._served = self._served.to(device)
        return there

    def __iter__(self) -> Any:
        if not self._served.as_published() or self.batch_size is None:
            return super().__iter__()
        _drawn()  # as torch's does for its workers
        return self._batches(self.batch_size)

    def _batches(self, size: int) -> Iterator[list[Tensor]]:
        count = len(self._served)
        if self._shuffles:
            order = torch.randperm(count, generator=torch.Generator().manual_seed(_drawn()), device="cpu")
        else:
            order = torch.arange(count, device="cpu")
        for rows in order.to(self._served.data.device).split(size):
            yield list(self._served.batch(rows))


def _drawn() -> int:
    """A seed from the global generator."""
    return int(torch.empty((), dtype=torch.int64, device="cpu").random_().item())


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
            return ImageLoader(split, self.batch_size, train)
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
