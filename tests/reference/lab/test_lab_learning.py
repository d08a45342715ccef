"""The accuracy items of the lab, from files on disk to credit, with tiny data sets whose classes are easy to tell."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from grader import datasets
from grader.answer_key import AnswerKey
from grader.checks.learns import learns
from grader.kernel.inside import images
from grader.measuring.session import Measuring
from grader.probes import Probe, Returned
from grader.records import Outcome
from tests.fakes import defining, item

ROOT = Path(__file__).parents[3]
RECIPE = {"steps": 30, "batch": 32, "lr": 0.001, "train": 200, "test": 60, "none": 0.3, "full": 0.9}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("GRADER_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield tmp_path / "data"
    images.configure(None)


def pictures(count: int, *size: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise with a bright square whose place, and in colour whose colour, tells the label: (count, *size), (count,)."""
    rng = np.random.default_rng(count)
    labels = rng.integers(0, 10, count).astype(np.uint8)
    drawn = rng.integers(0, 60, (count, *size), dtype=np.uint8)
    for picture, label in zip(drawn, labels, strict=True):
        row, column = divmod(int(label), 4)
        square = picture[4 + 8 * row : 10 + 8 * row, 2 + 6 * column : 8 + 6 * column]
        square[..., label % 3 if len(size) == 3 else slice(None)] = 255
    return drawn, labels


def write_mnist(folder: Path) -> None:
    folder.mkdir(parents=True)
    for part, count in (("train", 300), ("t10k", 60)):
        for kind, array in zip(("images-idx3", "labels-idx1"), pictures(count, 28, 28), strict=True):
            header = struct.pack(f">2xBB{array.ndim}I", 8, array.ndim, *array.shape)
            (folder / f"{part}-{kind}-ubyte").write_bytes(header + array.tobytes())


def write_cifar10(folder: Path) -> None:
    folder.mkdir(parents=True)
    for file, count in (*((f"data_batch_{number}.bin", 60 + number) for number in range(1, 6)), ("test_batch.bin", 60)):
        drawn, labels = pictures(count, 32, 32, 3)
        planes = drawn.transpose(0, 3, 1, 2).reshape(count, -1)
        (folder / file).write_bytes(np.hstack([labels[:, None], planes]).tobytes())


@pytest.mark.parametrize(("data", "size"), [("mnist", 28), ("cifar10", 32)])
def test_a_right_network_learns_images_of_its_kind(root: Path, data: str, size: int) -> None:
    write_mnist(root / "mnist")
    write_cifar10(root / "cifar-10-batches-bin")
    images.configure(str(datasets.training_folder()))
    key = AnswerKey(ROOT, "lab_cnn")
    recipe = {**RECIPE, "size": size, "steps": 30 if data == "mnist" else 150, "lr": 0.003}

    finding = learns(
        Measuring(key, vars(key.solutions)), key, item("learns", "CNN"), data=data, profiles={"quick": recipe}
    )

    assert finding.outcome is Outcome.PASSED, finding.message
    assert finding.evidence["accuracy"] > 0.9


class Seeing(nn.Module):
    """A network that keeps the images it was given last."""

    last = torch.empty(0)

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(10))

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        Seeing.last = X.detach().clone()
        return X.mean(dim=(1, 2, 3))[:, None] * self.scale


@pytest.mark.parametrize(("data", "size"), [("mnist", (28, 28)), ("cifar10", (32, 32, 3))])
def test_a_network_is_given_channels_first_and_values_from_zero_to_one(
    root: Path, data: str, size: tuple[int, ...]
) -> None:
    write_mnist(root / "mnist")
    write_cifar10(root / "cifar-10-batches-bin")
    images.configure(str(datasets.training_folder()))
    asked = torch.from_numpy(pictures(5, *size)[0])
    ask = defining(Seeing)
    settings = {"data": data, "device": "cpu", **RECIPE, "steps": 1, "size": size[0]}

    trained = ask(Probe("train", "CNN", options=settings))
    logits = ask(Probe("logits", "CNN", (asked,), options={"size": size[0]}))

    assert isinstance(trained, Returned) and isinstance(logits, Returned)
    expected = asked[:, None] if len(size) == 2 else torch.stack([asked[..., colour] for colour in range(3)], dim=1)
    assert torch.equal(Seeing.last, expected / 255)


def test_without_the_data_set_the_item_waits_for_staff(root: Path) -> None:
    key = AnswerKey(ROOT, "lab_cnn")

    finding = learns(
        Measuring(key, vars(key.solutions)),
        key,
        item("learns", "CNN"),
        data="cifar10",
        profiles={"quick": {**RECIPE, "size": 32}},
    )

    assert (finding.outcome, finding.message.partition(";")[0]) == (Outcome.BROKEN, "data set not found: cifar10")
