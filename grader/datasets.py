"""Find the image data sets on this machine and lay them out for the sandbox.

<cache>/training/fashion_mnist/train-images-idx3-ubyte    what the sandbox may see: training files only
                               train-labels-idx1-ubyte
                 mnist/...     the same two files
                 cifar10/...   the same two files; the images have a fourth axis for colour
test images and labels                                    read here, never copied; labels never leave this process

Fashion-MNIST and MNIST come as IDX files, compressed or not, CIFAR-10 as its makers' binary version. The version of
CIFAR-10 that torchvision downloads consists of pickles, which run what they hold when they are read: never opened.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import os
import shutil
import struct
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from grader.errors import DataMissing

if TYPE_CHECKING:
    import numpy as np  # for those who only ask where data lie or what they are, its import is not worth the wait

_FOLDERS: Mapping[str, tuple[str, ...]] = {
    "fashion_mnist": ("fashion-mnist", "FashionMNIST/raw", "fashion_mnist"),
    "mnist": ("MNIST/raw", "mnist"),  # where both are, the first is all of it and the other perhaps a part
    "cifar10": ("cifar-10-batches-bin", "cifar10", "cifar10/cifar-10-batches-bin"),
}
_TRAINING = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
_TEST = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
_CIFAR_TRAINING = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
_CIFAR_TEST = ("test_batch.bin",)
_CIFAR_SHAPE = (3, 32, 32)
# Two data sets have files of the same names. The labels that each begins with tell them apart.
_BEGINNINGS: Mapping[str, bytes] = {
    "fashion_mnist": bytes([9, 0, 0, 3, 0, 2, 7, 2, 5, 5, 0, 9, 5, 5, 7, 9]),
    "mnist": bytes([5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5, 3, 6, 1, 7]),
}
CLASSES: Mapping[str, tuple[str, ...]] = {
    "fashion_mnist": (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    "mnist": tuple("0123456789"),
    "cifar10": ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
}
"""What the labels of a data set mean, in their order."""
_HELD_OUT_SHARE = 6  # one training image in so many is for validation, the last ones: as kernel/inside/images.py serves
_REMEDY: Mapping[str, str] = {
    "fashion_mnist": "run `make setup`, or `apt-get install dataset-fashion-mnist`, or set GRADER_DATA to its folder",
    "mnist": "run `make setup`, or set GRADER_DATA to a folder that holds it in a folder called mnist",
    "cifar10": "set GRADER_DATA to a folder that holds its binary version, the folder cifar-10-batches-bin",
}
_COMPARED = 1 << 10  # bytes by which a file laid out before is recognised

Bytes: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]"


@dataclass(frozen=True, slots=True)
class TestSplit:
    """Labelled images of the test split: uint8 (n, height, width) or (n, height, width, 3), and int64 (n,)."""

    images: Bytes
    labels: np.ndarray[tuple[int], np.dtype[np.int64]]


def cache() -> Path:
    """The folder for what can be made again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "grader"


def folder(name: str) -> Path:
    """Where a data set's files lie, compressed or not.

    Raises:
        DataMissing: nowhere on this machine; the message says how to get it.
    """
    for candidate, named in _candidates(name):
        if _complete(candidate, name) and _is_it(candidate, name, named=named):
            return candidate
    raise DataMissing(f"data set not found: {name}; {_REMEDY.get(name, 'set GRADER_DATA to the folder that holds it')}")


def training_folder() -> Path | None:
    """A folder with the uncompressed training files of every data set found, for the sandbox; None if there is none."""
    target = cache() / "training"
    found = False
    for name in _FOLDERS:
        try:
            source = folder(name)
        except DataMissing:
            continue
        found = True
        if name == "cifar10":
            _lay_out_cifar(source, target / name)
            continue
        for file in _TRAINING:
            _unpack(source, file, target / name / file)
    return target if found else None


def files() -> dict[str, Path]:
    """Every file of the data sets on this machine, by where `folder` finds it below GRADER_DATA on another one."""
    found: dict[str, Path] = {}
    for name in _FOLDERS:
        try:
            source = folder(name)
        except DataMissing:
            continue
        wanted = (*_CIFAR_TRAINING, *_CIFAR_TEST) if name == "cifar10" else (*_TRAINING, *_TEST)
        paths = [path for file in wanted if (path := _idx(source, file)) is not None]
        found |= {f"{name}/{path.name}": path for path in paths}
    return found


def test_split(name: str, count: int) -> TestSplit:
    """The first `count` test images of a fixed permutation; all of them where there are fewer.

    Raises:
        DataMissing: the data set is not on this machine.
    """
    return _test_split(folder(name), name, count)


@functools.lru_cache(maxsize=8)  # unpacked once for a class, not once for every training
def _test_split(source: Path, name: str, count: int) -> TestSplit:
    import numpy as np

    images, labels = _read_cifar(source, _CIFAR_TEST) if name == "cifar10" else (_read(source, file) for file in _TEST)
    chosen = np.random.default_rng(0).permutation(len(labels))[:count]
    return TestSplit(images[chosen], labels[chosen].astype(np.int64))


def held_out(name: str, count: int, seed: int) -> TestSplit:
    """So many images and labels drawn from those training images that nothing is trained on; all where there are fewer.

    Raises:
        DataMissing: the data set is not on this machine.
    """
    import numpy as np

    images, labels = _training(folder(name), name)
    first = len(labels) - len(labels) // _HELD_OUT_SHARE
    chosen = first + np.random.default_rng(seed).permutation(len(labels) - first)[:count]
    return TestSplit(images[chosen], labels[chosen].astype(np.int64))


@functools.lru_cache(maxsize=4)
def _training(source: Path, name: str) -> tuple[Bytes, Bytes]:
    """Images and labels of the training files; of those laid out for the sandbox only what is used is read."""
    import numpy as np

    laid_out = training_folder()
    if laid_out is None:
        raise DataMissing(f"{source} has vanished")
    images, labels = (laid_out / name / file for file in _TRAINING)
    with images.open("rb") as opened:
        head = opened.read(4)
        shape = struct.unpack(f">{head[3]}I", opened.read(4 * head[3]))
    mapped = np.memmap(images, dtype=np.uint8, mode="r", offset=4 + 4 * len(shape), shape=shape)
    return mapped, np.frombuffer(labels.read_bytes(), dtype=np.uint8, offset=8)


def fingerprint(name: str) -> str:
    """A hash of a data set's files as they lie on this machine.

    Raises:
        DataMissing: the data set is not on this machine.
    """
    source = folder(name)
    names = (*_CIFAR_TRAINING, *_CIFAR_TEST) if name == "cifar10" else (*_TRAINING, *_TEST)
    digest = hashlib.sha256()
    for path in (_idx(source, file) for file in names):
        if path is not None:
            with path.open("rb") as opened:
                digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()


# ---- finding ---------------------------------------------------------------------------------------------------------


def _candidates(name: str) -> Iterator[tuple[Path, bool]]:
    """Folders that may hold a data set, each with whether it is called like it."""
    roots = [Path(root) for root in (os.environ.get("GRADER_DATA"), str(cache() / "download")) if root]
    roots += [Path("/usr/share/datasets"), Path("/usr/local/share/datasets")]
    places = _FOLDERS.get(name, (name,))
    for root in roots:
        yield root, any(root.parts[-len(parts) :] == parts for parts in (Path(place).parts for place in places))
        for place in places:
            yield root / place, True


def _complete(candidate: Path, name: str) -> bool:
    if name == "cifar10":
        return all((candidate / file).is_file() for file in (*_CIFAR_TRAINING, *_CIFAR_TEST))
    return all(_idx(candidate, file) is not None for file in (*_TRAINING, *_TEST))


def _is_it(candidate: Path, name: str, *, named: bool) -> bool:
    """Whether the complete files in a folder are this data set and not another one with files of the same names."""
    if name == "cifar10":
        return True
    beginning = _head(candidate, _TRAINING[1], 8 + 16)[8:]
    known = next((each for each, labels in _BEGINNINGS.items() if labels == beginning), None)
    if known is not None:
        return known == name
    # A part of a data set, or one made for a test: the folder's name decides.
    return named or (name == "fashion_mnist" and not _named_otherwise(candidate, name))


def _named_otherwise(candidate: Path, name: str) -> bool:
    others = [Path(place).parts for each, places in _FOLDERS.items() if each != name for place in places]
    return any(candidate.parts[-len(parts) :] == parts for parts in others)


# ---- IDX files -------------------------------------------------------------------------------------------------------


def _idx(source: Path, file: str) -> Path | None:
    for candidate in (source / file, source / f"{file}.gz"):
        if candidate.is_file():
            return candidate
    return None


def _head(source: Path, file: str, count: int) -> bytes:
    path = _idx(source, file)
    if path is None:
        raise DataMissing(f"{source / file} has vanished")
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as opened:
        return opened.read(count)


def _read(source: Path, file: str) -> Bytes:
    import numpy as np

    content = _head(source, file, -1)
    dimensions = content[3]
    shape = np.frombuffer(content, dtype=">i4", count=dimensions, offset=4)
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def _unpack(source: Path, file: str, target: Path) -> None:
    # What was laid out before may be another data set's, or a part of this one.
    if _begins_with(target, _head(source, file, _COMPARED)):
        return
    _write(target, _head(source, file, -1))


def _begins_with(target: Path, content: bytes) -> bool:
    if not target.is_file():
        return False
    with target.open("rb") as opened:
        return opened.read(len(content)) == content


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as temporary:
        temporary.write(content)
    os.chmod(temporary.name, 0o644)  # the sandbox runs as another user
    shutil.move(temporary.name, target)


# ---- CIFAR-10 --------------------------------------------------------------------------------------------------------


def _read_cifar(source: Path, files: tuple[str, ...]) -> tuple[Bytes, Bytes]:
    """Images (n, 32, 32, 3) and labels (n,): a record is one label, then all red, all green and all blue pixels."""
    import numpy as np

    record = 1 + int(np.prod(_CIFAR_SHAPE))
    content = b"".join((source / file).read_bytes() for file in files)
    records = np.frombuffer(content, dtype=np.uint8, count=len(content) // record * record).reshape(-1, record)
    return records[:, 1:].reshape(-1, *_CIFAR_SHAPE).transpose(0, 2, 3, 1), records[:, 0]


def _lay_out_cifar(source: Path, target: Path) -> None:
    if all((target / file).is_file() for file in _TRAINING):
        return
    for file, array in zip(_TRAINING, _read_cifar(source, _CIFAR_TRAINING), strict=True):
        _write(target / file, struct.pack(f">2xBB{array.ndim}I", 8, array.ndim, *array.shape) + array.tobytes())
