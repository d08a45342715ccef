"""Serve the image data sets of one session, from files that the host has laid out:

    <folder>/fashion_mnist/train-images-idx3-ubyte     uncompressed IDX, N x H x W, or N x H x W x 3 for colour
    <folder>/fashion_mnist/train-labels-idx1-ubyte     uncompressed IDX, N
    <folder>/mnist/...                                 the same two files
    <folder>/cifar10/...                               the same two files

Only training files are there: test labels never enter the sandbox. What a notebook knows as the test set is the last
sixth of the training images; of 60,000 images that makes 50,000 to train on and 10,000 to validate.

The module holds state, set once by `configure`, because one process serves one session; the notebook's own code, which
calls d2l and torchvision, has no place to carry it in.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

NAMES = ("fashion_mnist", "mnist", "cifar10")
_VALIDATION_SHARE = 6  # one image in so many is for validation
_STOOD_IN = 64  # random images in a split of a data set that is not there
_UNSIGNED_BYTE = 0x08  # the type code of IDX files of bytes


@dataclass(frozen=True, slots=True)
class Serving:
    """What this session serves: `train` and `val` count images, `max_steps` optimisation steps; None is no limit."""

    folder: str | None = None
    train: int | None = None
    val: int | None = None
    max_steps: int | None = None


_serving = Serving()


def configure(
    folder: str | None,
    *,
    train: int | None = None,
    val: int | None = None,
    max_steps: int | None = None,
) -> None:
    """Set what this process serves, once, before the first cell.

    Args:
        folder: holds a subfolder per data set; None where this session has no data.
        train: serve only so many images of split "train".
        val: serve only so many images of split "val".
        max_steps: end every `d2l.Trainer.fit` after so many optimisation steps. A budget that decides what was
            learned is counted in steps, never in seconds, so that a busy machine changes nothing.
    """
    global _serving
    _serving = Serving(folder=folder, train=train, val=val, max_steps=max_steps)


def serving() -> Serving:
    """What this session serves."""
    return _serving


def step_limit() -> int | None:
    """The number of optimisation steps one fit may take; None for no limit."""
    return _serving.max_steps


def load(name: str, split: str) -> tuple[Tensor, Tensor]:
    """Read one split of a data set.

    Args:
        name: one of `NAMES`.
        split: "train" or "val".

    Returns:
        The images, uint8, (N, H, W) or (N, H, W, 3), and their labels, int64, (N,).

    Raises:
        FileNotFoundError: The data set is not on this machine.
        ValueError: The split has another name, or a file is no IDX file of bytes.
    """
    folder = None if _serving.folder is None else Path(_serving.folder, name)
    if folder is None or not folder.is_dir():
        raise FileNotFoundError(f"data set not found: {name}")
    images = _read_idx(folder / "train-images-idx3-ubyte")
    labels = _read_idx(folder / "train-labels-idx1-ubyte")
    rows = _rows(len(images), split)
    # Sliced before it becomes a tensor, so that a copy of a thin slice does not copy the whole file.
    return torch.from_numpy(images[rows]), torch.from_numpy(labels[rows].astype(np.int64))


def _rows(count: int, split: str) -> slice:
    """Which of the training images make up a split."""
    border = count - count // _VALIDATION_SHARE
    match split:
        case "train":
            return slice(0, _at_most(border, _serving.train))
        case "val":
            return slice(border, border + _at_most(count - border, _serving.val))
        case _:
            raise ValueError(f"split is 'train' or 'val', not {split!r}")


def _at_most(available: int, limit: int | None) -> int:
    return available if limit is None else min(available, limit)


def _read_idx(path: Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Map an IDX file of bytes (two zero bytes, type, rank, then big-endian sizes) without reading its pixels."""
    with path.open("rb") as file:
        head = file.read(4)
        if len(head) != 4 or head[:2] != b"\0\0" or head[2] != _UNSIGNED_BYTE:
            raise ValueError(f"{path.name}: not an IDX file of bytes")
        sizes = file.read(4 * head[3])
    if len(sizes) != 4 * head[3]:
        raise ValueError(f"{path.name}: ends within its header")
    shape = struct.unpack(f">{head[3]}I", sizes)
    if path.stat().st_size < 4 + len(sizes) + math.prod(shape):
        raise ValueError(f"{path.name}: shorter than its header says")
    # Copy-on-write: a notebook may scribble on its images, and torch refuses read-only memory.
    return np.memmap(path, dtype=np.uint8, mode="c", offset=4 + len(sizes), shape=shape)


def _words(names: str) -> list[str]:
    return names.split(", ")


def _load_or_stand_in(name: str, split: str, printed: str, size: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Read one split, or draw a few random images where the data set is not here, so that a notebook's own loop runs.

    Nothing is marked by what is learned from them: the training that counts reads with `load`, which raises.
    """
    try:
        return load(name, split)
    except FileNotFoundError:
        print(f"{printed} is not on this machine: random images stand in")
    train = split == "train"
    count = _at_most(_STOOD_IN, _serving.train if train else _serving.val)
    generator = torch.Generator().manual_seed(int(train))
    images = torch.randint(0, 256, (count, *size), generator=generator, dtype=torch.uint8)
    return images, torch.arange(count) % 10


class ServedDataset(Dataset[tuple[Any, Any]]):
    """Stands in for a torchvision data set: the same constructor, items and attributes, served from `load`."""

    name: str
    printed: str  # as people write it
    size: tuple[int, ...] = (28, 28)  # of one image
    classes: list[str]  # as torchvision spells them

    def __init__(
        self,
        root: object = None,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        self.root = root
        self.train = train
        self.transform = transform
        self.target_transform = target_transform
        images, labels = _load_or_stand_in(self.name, "train" if train else "val", self.printed, self.size)
        self.data: Any = images
        self.targets: Any = labels

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The label of each class name."""
        return {name: label for label, name in enumerate(self.classes)}

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image: Any = Image.fromarray(np.asarray(self.data[index]))
        label: Any = int(self.targets[index])
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            label = self.target_transform(label)
        return image, label

    def __getitems__(self, indices: list[int]) -> list[tuple[Any, Any]]:
        """What a loader takes for a batch: the items, made at once where that gives the same."""
        from grader.kernel.inside.transforms import batched  # it needs what is here

        own = type(self).__getitem__ is not ServedDataset.__getitem__ or self.target_transform is not None
        make = None if own or self.transform is None else batched(self.transform)
        if make is None:
            return [self[index] for index in indices]
        rows = torch.as_tensor(self.data)[torch.as_tensor(indices)]
        labels = [int(self.targets[index]) for index in indices]
        return list(zip(make(rows).unbind(), labels, strict=True))


class FashionMNIST(ServedDataset):
    """torchvision.datasets.FashionMNIST, served from this machine."""

    name = "fashion_mnist"
    printed = "Fashion-MNIST"
    classes = _words("T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, Ankle boot")


class MNIST(ServedDataset):
    """torchvision.datasets.MNIST, served from this machine."""

    name = "mnist"
    printed = "MNIST"
    classes = _words(
        "0 - zero, 1 - one, 2 - two, 3 - three, 4 - four, 5 - five, 6 - six, 7 - seven, 8 - eight, 9 - nine"
    )


class CIFAR10(ServedDataset):
    """torchvision.datasets.CIFAR10, served from this machine; as there, images are an array and labels a list."""

    name = "cifar10"
    printed = "CIFAR-10"
    size = (32, 32, 3)
    classes = _words("airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.data = self.data.numpy()
        self.targets = self.targets.tolist()


def patch_torchvision() -> None:
    """Make torchvision.datasets.FashionMNIST, MNIST and CIFAR10 serve from `load`, whatever root and download say."""
    # Only in a sandbox: the grader's own process has no use for it, and it loads slowly.
    from torchvision import datasets  # type: ignore[import-untyped]  # it ships no annotations

    # Also in the module that defines each class: notebooks import from there, too.
    for module, served in (
        (datasets, (FashionMNIST, MNIST, CIFAR10)),
        (datasets.mnist, (FashionMNIST, MNIST)),
        (datasets.cifar, (CIFAR10,)),
    ):
        for dataset in served:
            setattr(module, dataset.__name__, dataset)
