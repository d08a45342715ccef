"""Measuring a network by what it says, where its weights do not fit the reference: an unusual one, or none at all.

Images go in unlabelled, in an order of their own, in batches of mixed size; some of them again, in other company, with
changes that nobody sees, and after the trained parameters were drawn anew. A network that has learned says the same of
an image in any company, nearly the same of one that looks the same, and knows nothing without its parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch

from grader.measuring import unseen
from grader.measuring.loading import alike
from grader.probes import Observation, Returned, Value

Ask: TypeAlias = Callable[[str, tuple[Value, ...], dict[str, Value]], Observation]

_BATCHES = (250, 61, 128, 3, 200)
_OTHER_BATCHES = (97, 5, 250, 33)
_AGAIN = 128  # images that are asked again as they are


@dataclass(frozen=True, slots=True)
class _Again:
    """What is asked a second time, shuffled together: images as they are, with noise, and moved."""

    images: torch.Tensor
    order: torch.Tensor
    counts: tuple[int, int, int]

    @classmethod
    def of(cls, images: torch.Tensor, seed: int) -> _Again:
        same, noise, moved = images[:_AGAIN], images[: len(images) // 2], images[: len(images) // 4]
        pieces = torch.cat([same, unseen.noisy(noise, seed), unseen.shifted(moved, seed)])
        order = torch.randperm(len(pieces), generator=torch.Generator().manual_seed(seed + 1))
        return cls(pieces[order], order, (len(same), len(noise), len(moved)))

    def parted(self, logits: torch.Tensor) -> Sequence[torch.Tensor]:
        """The logits of each kind, in the order of the images."""
        sorted_back = torch.empty_like(logits)
        sorted_back[self.order] = logits
        pieces: tuple[torch.Tensor, ...] = torch.split(sorted_back, list(self.counts))
        return pieces


def measured(ask: Ask, images: torch.Tensor, labels: torch.Tensor, seed: int) -> dict[str, Any] | Observation:
    """Ask the trained network about the test images.

    Args:
        ask: puts a question to it: the question, its arguments, its options.
        images: uint8, (N, H, W) or (N, H, W, 3).
        labels: int64, (N,); they stay here.
        seed: draws orders and disguises.

    Returns:
        `logits`, (N, classes), and what became of them otherwise: `batch`, the share of images whose class depends on
        the company; `clean` and `noisy`, and `unmoved` and `shifted`, accuracies of the same images as they are and
        disguised; `redrawn`, the accuracy without the learned parameters. What it does not answer is None. An
        observation where there are no logits.
    """
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    shuffled, right = images[order], labels[order]
    first = ask("logits", (shuffled,), {"batches": list(_BATCHES)})
    if not isinstance(first, Returned) or not one_row_each(first.value, len(images)):
        return first
    again = _Again.of(shuffled, seed)
    second = ask("logits", (again.images,), {"batches": list(_OTHER_BATCHES)})
    if not isinstance(second, Returned) or not one_row_each(second.value, len(again.images)):
        return second
    same, noise, moved = again.parted(second.value)
    ask("redraw", (), {})
    last = ask("logits", (shuffled[: len(moved)],), {"batches": list(_BATCHES)})
    redrawn = last.value if isinstance(last, Returned) and one_row_each(last.value, len(moved)) else None
    logits = torch.empty_like(first.value)
    logits[order] = first.value
    known = first.value.argmax(dim=1)
    return {
        "logits": logits,
        "batch": 0.0 if alike(first.value[: len(same)], same) else _share(known[: len(same)] != same.argmax(dim=1)),
        "clean": _share(known[: len(noise)] == right[: len(noise)]),
        "noisy": _share(noise.argmax(dim=1) == right[: len(noise)]),
        "unmoved": _share(known[: len(moved)] == right[: len(moved)]),
        "shifted": _share(moved.argmax(dim=1) == right[: len(moved)]),
        "redrawn": None if redrawn is None else _share(redrawn.argmax(dim=1) == right[: len(moved)]),
    }


def one_row_each(logits: Value, images: int) -> bool:
    """Whether a value is one row of floating numbers for each of so many images."""
    return (
        isinstance(logits, torch.Tensor)
        and logits.is_floating_point()
        and logits.dim() == 2
        and logits.shape[0] == images
        and logits.shape[1] > 0
    )


def _share(which: torch.Tensor) -> float:
    return float(which.double().mean()) if len(which) else 0.0
