"""Find the image data sets on this machine and lay them out for the sandbox.

<cache>/training/fashion_mnist/train-images-idx3-ubyte    what the sandbox may see: training files only
                               train-labels-idx1-ubyte
test images and labels                                    read here, never copied; labels never leave this process
"""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grader.errors import DataMissing

_FOLDERS: Mapping[str, tuple[str, ...]] = {
    "fashion_mnist": ("fashion-mnist", "FashionMNIST/raw", "fashion_mnist"),
    "mnist": ("mnist", "MNIST/raw"),
}
_TRAINING = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
_TEST = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
_REMEDY: Mapping[str, str] = {
    "fashion_mnist": "run `make setup`, or `apt-get install dataset-fashion-mnist`, or set GRADER_DATA to its folder"
}


@dataclass(frozen=True, slots=True)
class TestSplit:
    """Labelled images of the test split: uint8 (n, height, width) and int64 (n,)."""

    images: np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]
    labels: np.ndarray[tuple[int], np.dtype[np.int64]]


def cache() -> Path:
    """The folder for what can be made again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "grader"


def folder(name: str) -> Path:
    """Where a data set's IDX files lie, compressed or not.

    Raises:
        DataMissing: nowhere on this machine; the message says how to get it.
    """
    roots = [Path(root) for root in (os.environ.get("GRADER_DATA"), str(cache() / "download")) if root]
    roots += [Path("/usr/share/datasets"), Path("/usr/local/share/datasets")]
    for root in roots:
        for candidate in (root, *(root / each for each in _FOLDERS.get(name, (name,)))):
            if all(_idx(candidate, file) is not None for file in (*_TRAINING, *_TEST)):
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
        for file in _TRAINING:
            _unpack(source, file, target / name / file)
    return target if found else None


def test_split(name: str, count: int) -> TestSplit:
    """The first `count` test images of a fixed permutation.

    Raises:
        DataMissing: the data set is not on this machine.
    """
    source = folder(name)
    images, labels = (_read(source, file) for file in _TEST)
    chosen = np.random.default_rng(0).permutation(len(labels))[:count]
    return TestSplit(images[chosen], labels[chosen].astype(np.int64))


def _idx(source: Path, file: str) -> Path | None:
    for candidate in (source / file, source / f"{file}.gz"):
        if candidate.is_file():
            return candidate
    return None


def _open(source: Path, file: str) -> bytes:
    path = _idx(source, file)
    if path is None:
        raise DataMissing(f"{source / file} has vanished")
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _read(source: Path, file: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    content = _open(source, file)
    dimensions = content[3]
    shape = np.frombuffer(content, dtype=">i4", count=dimensions, offset=4)
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def _unpack(source: Path, file: str, target: Path) -> None:
    if target.is_file():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as temporary:
        temporary.write(_open(source, file))
    os.chmod(temporary.name, 0o644)  # the sandbox runs as another user
    shutil.move(temporary.name, target)
