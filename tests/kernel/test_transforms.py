"""Batches of torchvision's data sets are made at once, with the values that one picture at a time would have."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Subset, TensorDataset
from torchvision import transforms as T  # type: ignore[import-untyped]  # torchvision ships no annotations

from grader.kernel.inside import images
from grader.kernel.inside.transforms import batched, without_workers


@pytest.fixture(autouse=True)
def served(tmp_path: Path) -> Iterator[None]:
    for name, size in (("fashion_mnist", (28, 28)), ("cifar10", (32, 32, 3))):
        folder = tmp_path / name
        folder.mkdir()
        pictures = np.random.default_rng(0).integers(0, 256, (60, *size), dtype=np.uint8)
        for kind, array in (("images-idx3", pictures), ("labels-idx1", (np.arange(60) % 10).astype(np.uint8))):
            header = struct.pack(f">2xBB{array.ndim}I", 8, array.ndim, *array.shape)
            (folder / f"train-{kind}-ubyte").write_bytes(header + array.tobytes())
    images.configure(str(tmp_path))
    yield
    images.configure(None)


@pytest.fixture
def alone() -> Iterator[None]:
    before: Any = DataLoader.__init__
    without_workers()
    yield
    setattr(DataLoader, "__init__", before)  # noqa: B010


USUAL = {
    "to-tensor": T.ToTensor(),
    "composed": T.Compose([T.ToTensor()]),
    "normalised": T.Compose([T.ToTensor(), T.Normalize((0.5,), (0.25,))]),
    "resized": T.Compose([T.Resize(40), T.ToTensor(), T.Normalize((0.1307,), (0.3081,))]),
    "resized-both-ways": T.Compose([T.Resize((96, 96)), T.ToTensor()]),
}
OTHER = {
    "by-chance": T.Compose([T.RandomHorizontalFlip(), T.ToTensor()]),
    "own": lambda picture: torch.tensor([float(np.asarray(picture).mean())]),
    "nearest": T.Compose([T.Resize(40, interpolation=T.InterpolationMode.NEAREST), T.ToTensor()]),
    "after": T.Compose([T.ToTensor(), T.Lambda(lambda X: X * 2)]),
}


@pytest.mark.parametrize("data", [images.FashionMNIST, images.CIFAR10])
@pytest.mark.parametrize("transform", USUAL.values(), ids=USUAL)
def test_a_usual_transform_gives_the_values_of_one_picture_at_a_time(data: Any, transform: Any) -> None:
    dataset = data(train=True, transform=transform)

    together = dataset.__getitems__([3, 0, 41])

    assert batched(transform) is not None
    for index, (image, label) in zip([3, 0, 41], together, strict=True):
        expected, told = dataset[index]
        assert torch.equal(image, expected)
        assert (label, image.dtype) == (told, expected.dtype)


@pytest.mark.parametrize("transform", OTHER.values(), ids=OTHER)
def test_every_other_transform_is_given_one_picture_at_a_time(transform: Any) -> None:
    dataset = images.FashionMNIST(transform=transform)

    assert batched(transform) is None
    torch.manual_seed(0)
    together = [image for image, _ in dataset.__getitems__([5, 6, 7])]
    torch.manual_seed(0)
    assert all(torch.equal(image, dataset[index][0]) for image, index in zip(together, [5, 6, 7], strict=True))


def test_a_data_set_of_the_students_own_is_asked_itself() -> None:
    class Own(images.FashionMNIST):
        def __getitem__(self, index: int) -> tuple[Any, Any]:
            return torch.zeros(1), index

    assert Own(transform=T.ToTensor()).__getitems__([4]) == [(torch.zeros(1), 4)]


def test_images_that_a_notebook_has_changed_are_loaded_changed() -> None:
    dataset = images.FashionMNIST(transform=T.ToTensor())
    dataset.data = dataset.data[10:20]
    dataset.targets = dataset.targets[10:20]

    ((image, label),) = dataset.__getitems__([9])

    assert torch.equal(image, dataset[9][0]) and label == 9


def test_parts_of_a_data_set_are_loaded_at_once_too() -> None:
    dataset = images.FashionMNIST(transform=T.ToTensor())

    (X, y), *_ = DataLoader(Subset(dataset, [8, 2, 5]), batch_size=3)

    assert X.shape == (3, 1, 28, 28)
    assert y.tolist() == [8, 2, 5]


@pytest.mark.parametrize(
    "options",
    [
        {"num_workers": 4},
        {"num_workers": 2, "persistent_workers": True, "prefetch_factor": 2},
        {"num_workers": 2, "timeout": 5, "multiprocessing_context": "fork"},
    ],
    ids=str,
)
def test_a_loader_starts_no_workers_and_loads_in_the_same_order(alone: None, options: dict[str, Any]) -> None:
    data = TensorDataset(torch.arange(20))
    torch.manual_seed(1)
    plain = [batch for (batch,) in DataLoader(data, 4, True)]

    torch.manual_seed(1)
    loader = DataLoader(data, 4, True, **options)

    assert loader.num_workers == 0
    assert all(torch.equal(one, other) for one, (other,) in zip(plain, loader, strict=True))


def test_workers_given_by_position_are_none_either(alone: None) -> None:
    assert DataLoader(TensorDataset(torch.arange(3)), 1, False, None, None, 3).num_workers == 0
