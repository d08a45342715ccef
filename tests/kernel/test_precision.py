"""What is chosen for a graphics card holds there, while a network is trained, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from grader.kernel.inside import precision

BACKENDS: tuple[Any, ...] = (torch.backends.cuda.matmul, torch.backends.cudnn)


def flags() -> list[bool]:
    return [each.allow_tf32 for each in BACKENDS]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = flags()
    yield
    for each, was in zip(BACKENDS, before, strict=True):
        each.allow_tf32 = was


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("wanted", [True, False])
def test_a_card_computes_as_chosen_and_then_as_before(
    before: bool, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in BACKENDS:
        each.allow_tf32 = before
    monkeypatch.setattr(precision, "TF32", wanted)

    with pytest.raises(KeyError), precision.chosen(torch.device("cuda")):
        within = flags()
        raise KeyError

    assert within == [wanted, wanted]
    assert flags() == [before, before]


def test_the_processor_computes_as_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "TF32", True)
    monkeypatch.setattr(precision, "BF16", True)
    before = flags()

    with precision.chosen(torch.device("cpu")):
        assert flags() == before
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
