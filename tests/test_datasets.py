"""Data sets on this machine, with tiny ones of our own."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader import datasets
from grader.errors import DataMissing

FILES = {
    "train-images-idx3-ubyte": (6, 4, 4),
    "train-labels-idx1-ubyte": (6,),
    "t10k-images-idx3-ubyte": (20, 4, 4),
    "t10k-labels-idx1-ubyte": (20,),
}


def contents() -> dict[str, np.ndarray[Any, np.dtype[np.uint8]]]:
    """Test image number n is filled with n, and its label is n % 10."""
    rng = np.random.default_rng(0)
    made = {name: rng.integers(0, 10, shape, dtype=np.uint8) for name, shape in FILES.items()}
    made["t10k-images-idx3-ubyte"] = np.arange(20, dtype=np.uint8)[:, None, None].repeat(4, 1).repeat(4, 2)
    made["t10k-labels-idx1-ubyte"] = np.arange(20, dtype=np.uint8) % 10
    return made


def idx(array: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    return struct.pack(f">2xBB{array.ndim}I", 8, array.ndim, *array.shape) + array.tobytes()


def lay_out(folder: Path, *, compressed: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in contents().items():
        if compressed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
        else:
            (folder / name).write_bytes(idx(array))


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("GRADER_DATA", raising=False)
    is_file = Path.is_file
    monkeypatch.setattr(Path, "is_file", lambda self: tmp_path in self.parents and is_file(self))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADER_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("below", ["", "fashion-mnist", "FashionMNIST/raw", "fashion_mnist"])
def test_a_data_set_is_found_where_others_leave_it(root: Path, below: str, compressed: bool) -> None:
    lay_out(root / below, compressed=compressed)

    assert datasets.folder("fashion_mnist") == root / below


MNIST = bytes([5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5, 3, 6, 1, 7])  # the first training labels
FASHION_MNIST = bytes([9, 0, 0, 3, 0, 2, 7, 2, 5, 5, 0, 9, 5, 5, 7, 9])


def relabel(folder: Path, labels: bytes) -> None:
    """Give the training labels another beginning."""
    every = np.frombuffer(labels + bytes(4), dtype=np.uint8)
    (folder / "train-labels-idx1-ubyte").write_bytes(idx(every))


@pytest.mark.parametrize(("labels", "name"), [(FASHION_MNIST, "fashion_mnist"), (MNIST, "mnist")])
@pytest.mark.parametrize("below", ["", "mnist", "fashion-mnist"])
def test_data_sets_with_equal_file_names_are_told_apart_by_their_labels(
    root: Path, below: str, labels: bytes, name: str
) -> None:
    lay_out(root / below)
    relabel(root / below, labels)
    other = "mnist" if name == "fashion_mnist" else "fashion_mnist"

    with pytest.raises(DataMissing, match=other):
        datasets.folder(other)
    if below in ("", "mnist" if name == "mnist" else "fashion-mnist"):
        assert datasets.folder(name) == root / below


def test_files_that_nobody_knows_in_a_folder_of_no_name_are_not_taken_for_mnist(root: Path) -> None:
    lay_out(root)

    with pytest.raises(DataMissing, match="mnist; run `make setup`, or set GRADER_DATA to a folder that holds it in"):
        datasets.folder("mnist")


def test_a_folder_called_like_a_data_set_may_be_given_itself(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(root / "mnist")
    monkeypatch.setenv("GRADER_DATA", str(root / "mnist"))

    assert datasets.folder("mnist") == root / "mnist"
    with pytest.raises(DataMissing):
        datasets.folder("fashion_mnist")


def test_the_whole_of_mnist_comes_before_a_part_of_it(root: Path) -> None:
    lay_out(root / "mnist")
    lay_out(root / "MNIST/raw")

    assert datasets.folder("mnist") == root / "MNIST/raw"


def test_what_was_downloaded_is_found(tmp_path: Path) -> None:
    lay_out(tmp_path / "cache/grader/download/FashionMNIST/raw", compressed=True)

    assert datasets.folder("fashion_mnist") == tmp_path / "cache/grader/download/FashionMNIST/raw"


def test_a_data_set_whose_files_are_not_all_there_is_missing(root: Path) -> None:
    lay_out(root)
    (root / "t10k-labels-idx1-ubyte").unlink()

    with pytest.raises(DataMissing, match=r"data set not found: fashion_mnist; run `make setup`, or .*GRADER_DATA"):
        datasets.folder("fashion_mnist")


def test_a_data_set_nobody_knows_is_missing(root: Path) -> None:
    with pytest.raises(DataMissing, match="data set not found: svhn; set GRADER_DATA to the folder that holds it"):
        datasets.folder("svhn")


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gz"])
def test_the_sandbox_gets_the_training_files_uncompressed(root: Path, tmp_path: Path, compressed: bool) -> None:
    lay_out(root / "fashion-mnist", compressed=compressed)

    folder = datasets.training_folder()

    assert folder == tmp_path / "cache/grader/training"
    for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        assert (folder / "fashion_mnist" / name).read_bytes() == idx(contents()[name])


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gz"])
def test_nothing_of_the_test_split_ever_enters_the_folder_of_the_sandbox(root: Path, compressed: bool) -> None:
    lay_out(root / "fashion-mnist", compressed=compressed)
    lay_out(root / "MNIST/raw", compressed=compressed)

    folder = datasets.training_folder()

    assert folder is not None
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()) == [
        "fashion_mnist/train-images-idx3-ubyte",
        "fashion_mnist/train-labels-idx1-ubyte",
        "mnist/train-images-idx3-ubyte",
        "mnist/train-labels-idx1-ubyte",
    ]
    forbidden = [idx(contents()[name])[16:] for name in FILES if name.startswith("t10k")]
    for path in folder.rglob("train-*"):
        assert not any(part in path.read_bytes() for part in forbidden)


def test_the_training_files_can_be_read_by_another_user(root: Path) -> None:
    lay_out(root)

    folder = datasets.training_folder()

    assert folder is not None
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in folder.rglob("train-*"))


def test_training_files_are_laid_out_once(root: Path) -> None:
    lay_out(root)
    folder = datasets.training_folder()
    assert folder is not None
    kept = folder / "fashion_mnist/train-labels-idx1-ubyte"
    before = kept.stat().st_ino

    datasets.training_folder()

    assert kept.stat().st_ino == before


def test_another_version_of_a_data_set_is_laid_out_anew(root: Path) -> None:
    lay_out(root / "mnist")
    folder = datasets.training_folder()
    assert folder is not None
    relabel(root / "mnist", MNIST)

    datasets.training_folder()

    assert (folder / "mnist/train-labels-idx1-ubyte").read_bytes()[8:24] == MNIST


def test_without_any_data_set_there_is_no_folder(tmp_path: Path) -> None:
    assert datasets.training_folder() is None
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gz"])
def test_the_test_split_pairs_images_with_their_labels(root: Path, compressed: bool) -> None:
    lay_out(root, compressed=compressed)

    split = datasets.test_split("fashion_mnist", 8)

    assert (split.images.shape, split.images.dtype) == ((8, 4, 4), np.dtype("uint8"))
    assert (split.labels.shape, split.labels.dtype) == ((8,), np.dtype("int64"))
    assert np.array_equal(split.images[:, 0, 0] % 10, split.labels)


def test_the_test_split_is_shuffled_but_always_the_same(root: Path) -> None:
    lay_out(root)

    few, many = datasets.test_split("fashion_mnist", 5), datasets.test_split("fashion_mnist", 20)

    assert np.array_equal(few.images, many.images[:5])
    assert sorted(many.images[:, 0, 0]) == list(range(20))
    assert many.images[:, 0, 0].tolist() != list(range(20))


def test_a_test_split_without_its_files_is_missing() -> None:
    with pytest.raises(DataMissing):
        datasets.test_split("fashion_mnist", 5)


# ---- CIFAR-10 --------------------------------------------------------------------------------------------------------


def lay_out_cifar(folder: Path) -> None:
    """Three images in every file: red, green and blue, with the labels 0, 1 and 2; those of the test are half as bright."""
    folder.mkdir(parents=True)
    for file in (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"):
        light = 100 if file == "test_batch.bin" else 200
        planes = light * np.eye(3, dtype=np.uint8)[:, :, None].repeat(1024, axis=2)  # (image, colour, pixel)
        labels = np.arange(3, dtype=np.uint8)[:, None]
        (folder / file).write_bytes(np.hstack([labels, planes.reshape(3, -1)]).tobytes())


@pytest.mark.parametrize("below", ["", "cifar-10-batches-bin", "cifar10/cifar-10-batches-bin"])
def test_the_binary_version_of_cifar10_is_found(root: Path, below: str) -> None:
    lay_out_cifar(root / below)

    assert datasets.folder("cifar10") == root / below


def test_cifar10_as_pickles_is_not_cifar10(root: Path) -> None:
    lay_out_cifar(root / "cifar-10-batches-py")

    with pytest.raises(DataMissing, match=r"^data set not found: cifar10; .*cifar-10-batches-bin$"):
        datasets.folder("cifar10")


def test_cifar10_has_colours_last_in_test_and_training(root: Path) -> None:
    lay_out_cifar(root / "cifar-10-batches-bin")

    split, folder = datasets.test_split("cifar10", 3), datasets.training_folder()

    assert (split.images.shape, split.images.dtype) == ((3, 32, 32, 3), np.dtype("uint8"))
    assert np.array_equal(split.images[:, 5, 7], 100 * np.eye(3)[split.labels])
    assert folder is not None
    header = struct.pack(">2xBB4I", 8, 4, 15, 32, 32, 3)
    content = (folder / "cifar10/train-images-idx3-ubyte").read_bytes()
    training = np.frombuffer(content, dtype=np.uint8, offset=len(header)).reshape(15, 32, 32, 3)
    assert content.startswith(header)
    assert np.array_equal(training[:3, 31, 0], 200 * np.eye(3))


def test_nothing_of_the_test_batch_enters_the_folder_of_the_sandbox(root: Path) -> None:
    lay_out_cifar(root / "cifar-10-batches-bin")

    folder = datasets.training_folder()

    assert folder is not None
    assert sorted(path.name for path in (folder / "cifar10").iterdir()) == [
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
    ]
    assert 100 not in np.frombuffer((folder / "cifar10/train-images-idx3-ubyte").read_bytes()[20:], dtype=np.uint8)
