"""What a session serves as image data sets."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision  # type: ignore[import-untyped]  # torchvision ships no annotations
from PIL import Image

from grader.kernel.inside import images


def write_idx(path: Path, array: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
    """Write an uncompressed IDX file of bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack(f">2xBB{array.ndim}I", 8, array.ndim, *array.shape) + array.tobytes())


def write_dataset(folder: Path, name: str, count: int, *size: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Write `count` random images whose labels run 0 to 9 again and again; return the images."""
    pictures = np.random.default_rng(0).integers(0, 256, (count, *size), dtype=np.uint8)
    write_idx(folder / name / "train-images-idx3-ubyte", pictures)
    write_idx(folder / name / "train-labels-idx1-ubyte", (np.arange(count) % 10).astype(np.uint8))
    return pictures


@pytest.fixture(autouse=True)
def _unconfigured() -> Iterator[None]:
    yield
    images.configure(None)


@pytest.fixture
def _patched(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (torchvision.datasets, torchvision.datasets.mnist, torchvision.datasets.cifar):
        for name in ("FashionMNIST", "MNIST", "CIFAR10"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, getattr(module, name))  # so that the original comes back
    images.patch_torchvision()


def test_the_last_sixth_of_the_training_images_is_the_validation_split(tmp_path: Path) -> None:
    pictures = write_dataset(tmp_path, "mnist", 60, 28, 28)
    images.configure(str(tmp_path))

    train, train_labels = images.load("mnist", "train")
    val, val_labels = images.load("mnist", "val")

    assert np.array_equal(train.numpy(), pictures[:50])
    assert np.array_equal(val.numpy(), pictures[50:])
    assert train_labels.tolist() == [n % 10 for n in range(50)]
    assert val_labels.tolist() == list(range(10))
    assert (train.dtype, train_labels.dtype) == (torch.uint8, torch.int64)


def test_a_thin_slice_is_the_first_images_of_each_split_and_holds_no_more_memory(tmp_path: Path) -> None:
    pictures = write_dataset(tmp_path, "mnist", 60, 28, 28)
    images.configure(str(tmp_path), train=7, val=3)

    train, train_labels = images.load("mnist", "train")
    val, _ = images.load("mnist", "val")

    assert np.array_equal(train.numpy(), pictures[:7])
    assert np.array_equal(val.numpy(), pictures[50:53])
    assert len(train_labels) == 7
    assert train.untyped_storage().nbytes() == 7 * 28 * 28


def test_a_limit_above_the_number_of_images_does_not_mix_the_splits(tmp_path: Path) -> None:
    write_dataset(tmp_path, "mnist", 60, 28, 28)
    images.configure(str(tmp_path), train=1000, val=1000)

    assert len(images.load("mnist", "train")[0]) == 50
    assert len(images.load("mnist", "val")[0]) == 10


@pytest.mark.parametrize("folder_given", [True, False], ids=["empty folder", "no folder"])
def test_a_data_set_that_is_not_there_is_named(tmp_path: Path, folder_given: bool) -> None:
    images.configure(str(tmp_path) if folder_given else None)

    with pytest.raises(FileNotFoundError, match=r"^data set not found: cifar10$"):
        images.load("cifar10", "train")


def test_changing_an_image_changes_no_file(tmp_path: Path) -> None:
    pictures = write_dataset(tmp_path, "mnist", 12, 28, 28)
    images.configure(str(tmp_path))

    images.load("mnist", "train")[0].zero_()

    assert np.array_equal(images.load("mnist", "train")[0].numpy(), pictures[:10])


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"\x1f\x8b\x08\x00 compressed", "not an IDX file of bytes"),
        (b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0", "not an IDX file of bytes"),  # floats
        (b"\0\0\x08\x03\0\0", "ends within its header"),
        (b"\0\0\x08\x03\0\0\0\x02\0\0\0\x02\0\0\0\x02\0", "shorter than its header says"),
    ],
    ids=["gzip", "floats", "cut header", "cut body"],
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    write_dataset(tmp_path, "mnist", 12, 28, 28)
    (tmp_path / "mnist" / "train-images-idx3-ubyte").write_bytes(content)
    images.configure(str(tmp_path))

    with pytest.raises(ValueError, match=f"train-images-idx3-ubyte: {complaint}"):
        images.load("mnist", "train")


def test_a_split_of_another_name_is_refused(tmp_path: Path) -> None:
    write_dataset(tmp_path, "mnist", 12, 28, 28)
    images.configure(str(tmp_path))

    with pytest.raises(ValueError, match="'test'"):
        images.load("mnist", "test")


@pytest.mark.usefixtures("_patched")
@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST"])
def test_torchvision_serves_local_pictures_through_the_transforms(tmp_path: Path, name: str) -> None:
    pictures = write_dataset(tmp_path, "mnist" if name == "MNIST" else "fashion_mnist", 60, 28, 28)
    images.configure(str(tmp_path))
    original = getattr(torchvision.datasets, name)

    data = original(
        root="./nowhere",
        train=False,
        transform=torchvision.transforms.ToTensor(),
        target_transform=lambda label: -label,
        download=True,
    )

    picture, label = data[3]
    assert len(data) == 10
    assert torch.equal(picture, torch.from_numpy(pictures[53][None]) / 255)
    assert label == -3
    assert data.data.shape == (10, 28, 28)
    assert data.targets.tolist() == list(range(10))


@pytest.mark.usefixtures("_patched")
def test_torchvision_gives_pillow_images_and_whole_numbers_without_transforms(tmp_path: Path) -> None:
    write_dataset(tmp_path, "fashion_mnist", 60, 28, 28)
    images.configure(str(tmp_path))

    data = torchvision.datasets.FashionMNIST("./nowhere")
    picture, label = data[9]

    assert len(data) == 50
    assert isinstance(picture, Image.Image)
    assert (picture.mode, picture.size) == ("L", (28, 28))
    assert type(label) is int
    assert data.classes[label] == "Ankle boot"
    assert data.class_to_idx["Ankle boot"] == 9


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST"])
def test_classes_are_spelt_as_torchvision_spells_them(name: str) -> None:
    assert getattr(images, name).classes == getattr(torchvision.datasets, name).classes


@pytest.mark.usefixtures("_patched")
def test_cifar10_comes_as_an_array_of_colour_pictures_and_a_list(tmp_path: Path) -> None:
    pictures = write_dataset(tmp_path, "cifar10", 12, 32, 32, 3)
    images.configure(str(tmp_path))

    data = torchvision.datasets.cifar.CIFAR10(root="./nowhere", train=True)

    assert np.array_equal(data.data, pictures[:10])
    assert data.targets == list(range(10))
    assert data[2][0].mode == "RGB"
    assert np.array_equal(np.asarray(data[2][0]), pictures[2])


@pytest.mark.usefixtures("_patched")
def test_a_plain_loop_over_a_served_data_set_ends(tmp_path: Path) -> None:
    write_dataset(tmp_path, "mnist", 12, 28, 28)
    images.configure(str(tmp_path))
    data = torchvision.datasets.MNIST("./nowhere", transform=torchvision.transforms.ToTensor())

    batches = list(torch.utils.data.DataLoader(data, batch_size=4, shuffle=True))

    assert [tuple(pictures.shape) for pictures, _ in batches] == [(4, 1, 28, 28), (4, 1, 28, 28), (2, 1, 28, 28)]


@pytest.mark.usefixtures("_patched")
@pytest.mark.parametrize(
    ("name", "printed", "size"),
    [("CIFAR10", "CIFAR-10", (3, 32, 32)), ("MNIST", "MNIST", (1, 28, 28))],
)
def test_random_images_stand_in_for_a_data_set_that_is_not_there_and_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, printed: str, size: tuple[int, ...]
) -> None:
    images.configure(str(tmp_path), train=20, val=6)
    served = getattr(torchvision.datasets, name)

    def loader(train: bool) -> Any:
        data = served("./data", train=train, download=True, transform=torchvision.transforms.ToTensor())
        return torch.utils.data.DataLoader(data, batch_size=8)

    (pictures, labels), *_ = loader(True)
    (again, _), *_ = loader(True)
    (others, _), *_ = loader(False)

    assert capsys.readouterr().out == f"{printed} is not on this machine: random images stand in\n" * 3
    assert (len(loader(True).dataset), len(loader(False).dataset)) == (20, 6)
    assert pictures.shape == (8, *size)
    assert labels.tolist() == list(range(8))
    assert torch.equal(pictures, again)
    assert not torch.equal(pictures[:6], others)


@pytest.mark.usefixtures("_patched")
def test_what_stands_in_is_never_trained_on(tmp_path: Path) -> None:
    images.configure(str(tmp_path))
    torchvision.datasets.CIFAR10(root="./data", train=True, download=True)

    with pytest.raises(FileNotFoundError, match="data set not found: cifar10"):
        images.load("cifar10", "train")
