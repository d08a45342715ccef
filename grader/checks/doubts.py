"""Whether an accuracy is what a network has learned: what is certain costs the item, what is only odd is told to staff.

Thresholds lie far from what networks do that have learned honestly, in any style: see docs/decisions/0012.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch

from grader.checks.trainings import Training
from grader.probes import Value

_KNOWS_BEFORE = 0.5  # of the images right before any training; a network of random weights knows a tenth
_ODD_BEFORE = 0.3
_SOMETIMES = 0.5  # of the steps: who loads weights does so now and then, who bounds them does so always
_CHANCE = 0.1
_KEPT = 0.6  # of what is known beyond chance, kept without the learned parameters
_KEPT_AT_LEAST = 0.35
_LOST = 0.5  # of what is known beyond chance, lost by a change that nobody sees
_LOST_BY_MOVING = 0.8  # and by moving an image by a pixel
_ODD_COMPANY, _OTHER_COMPANY = 0.02, 0.5  # of the images get another class in other company


@dataclass(frozen=True, slots=True)
class Doubts:
    """What speaks against an accuracy.

    Args:
        certain: a sentence for the student; "" where nothing is certain.
        odd: sentences for staff.
        before: whether it knew too much before it was trained.
    """

    certain: str = ""
    odd: tuple[str, ...] = ()
    before: bool = False


def doubts(target: str, training: Training, labels: torch.Tensor, measured: Mapping[str, Value]) -> Doubts:
    """Look for what speaks against an accuracy.

    Args:
        target: the network's name.
        training: what its training said of itself.
        labels: int64, of the images that it answered before.
        measured: the answer to the question `measured`.
    """
    before = _before(target, training, labels)
    sentences = [
        *before,
        *_meanwhile(target, training),
        *(_otherwise(target, measured) if measured["by"] == "answers" else ()),
    ]
    sentences += [(sentence, False) for sentence in measured["carried"]]
    certain = next((sentence for sentence, costs in sentences if costs), "")
    return Doubts(certain, tuple(sentence for sentence, _ in sentences), bool(before))


def _before(target: str, training: Training, labels: torch.Tensor) -> list[tuple[str, bool]]:
    logits = training.untrained
    if logits is None or logits.shape[0] != len(labels) or not logits.shape[1]:
        return []
    known = float((logits.argmax(dim=1) == labels).double().mean())
    if known < _ODD_BEFORE:
        return []
    sentence = f"`{target}` gives {known:.0%} of unseen images their class before it is trained at all."
    return [(sentence, known >= _KNOWS_BEFORE)]


def _meanwhile(target: str, training: Training) -> list[tuple[str, bool]]:
    if training.changed == 0:
        return [(f"Training changes none of the parameters of `{target}`.", True)]
    if training.replaced and training.touched <= _SOMETIMES * (training.steps or 1):
        return [
            (f"While `{target}` is trained, its weights are replaced by others that the training did not make.", True)
        ]
    if training.touched:
        return [(f"Something else than the optimiser changes weights of `{target}` during training.", False)]
    return []


def _otherwise(target: str, measured: Mapping[str, Value]) -> Iterator[tuple[str, bool]]:
    redrawn = measured["redrawn"]
    if redrawn is None:
        yield f"`{target}` gave no answer after its parameters were drawn anew.", False
    elif redrawn >= max(_KEPT_AT_LEAST, _CHANCE + _KEPT * (measured["accuracy"] - _CHANCE)):
        kept = f"`{target}` still gives {redrawn:.0%} of the test images their class"
        random = "after every parameter that training reached was replaced by random numbers"
        yield f"{kept} {random}: its answers do not come from what it has learned.", True
    clean, noisy = measured["clean"], measured["noisy"]
    if _lost(clean, noisy) > _LOST:
        few = f"`{target}` gives {clean:.0%} of the test images their class"
        unseen = f"but only {noisy:.0%} when no pixel differs by more than 3 of 255, which nobody sees"
        yield f"{few}, {unseen}: it knows these files, not what they show.", True
    if _lost(measured["unmoved"], measured["shifted"]) > _LOST_BY_MOVING:
        yield f"Moving an image by one pixel leaves `{target}` hardly anything of what it knows.", False
    if (share := measured["batch"]) > _ODD_COMPANY:
        sentence = f"`{target}` gives {share:.0%} of the images another class when other images are in the batch."
        yield sentence, share > _OTHER_COMPANY


def _lost(before: float, after: float) -> float:
    """The share of what is known beyond chance that is lost; 0 where little is known."""
    return (before - after) / (before - _CHANCE) if before > _ODD_BEFORE else 0.0
