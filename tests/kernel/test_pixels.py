"""Images as bytes where a network is trained: resized as Pillow does, read from what the host has laid out."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from grader.kernel.inside import images, pixels

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def served(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "mnist"
    folder.mkdir()
    pictures = np.random.default_rng(0).integers(0, 256, (60, 28, 28), dtype=np.uint8)
    write(folder / "train-images-idx3-ubyte", pictures)
    write(folder / "train-labels-idx1-ubyte", (np.arange(60) % 10).astype(np.uint8))
    images.configure(str(tmp_path))
    yield folder
    images.configure(None)


def write(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(struct.pack(f">2xBB{array.ndim}I", 8, array.ndim, *array.shape) + array.tobytes())


@pytest.mark.parametrize("size", [14, 28, 32, 96, 224])
def test_every_pixel_is_resized_as_pillow_does(size: int) -> None:
    picture, _ = images.load("mnist", "train")

    batch = pixels.prepared(picture[:3], size)

    for given, resized in zip(picture[:3], batch, strict=True):
        expected = Image.fromarray(given.numpy()).resize((size, size), Image.Resampling.BILINEAR)
        assert torch.equal(resized[0] * 255, torch.from_numpy(np.array(expected)).float())


def test_colours_are_resized_one_by_one() -> None:
    colours = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8)

    batch = pixels.prepared(colours, 48)

    assert batch.shape == (2, 3, 48, 48)
    for channel in range(3):
        assert torch.equal(batch[:, channel], pixels.prepared(colours[..., channel], 48)[:, 0])


def test_a_batch_has_the_images_and_labels_of_its_rows() -> None:
    pictures = pixels.resident("mnist", "train", 28, CPU)
    rows = torch.tensor([7, 3])

    X, y = pictures.batch(rows)

    assert torch.equal(X, images.load("mnist", "train")[0][rows][:, None] / 255)
    assert y.tolist() == [7, 3]
    assert len(pictures.first(5)) == 5


def test_images_are_uploaded_once_a_session_and_anew_for_other_data(tmp_path: Path) -> None:
    first = pixels.resident("mnist", "train", 28, CPU)

    assert pixels.resident("mnist", "train", 28, CPU) is first
    images.configure(str(tmp_path), train=5)
    assert len(pixels.resident("mnist", "train", 28, CPU)) == 5
