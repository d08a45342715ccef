"""A layer has learned the expected weight by the end of its cell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

import torch

from grader.checks.asking import Reference, failed, passed, sentence
from grader.checks.descending import Lesson, lesson
from grader.probes import Missing, Observation, Probe, Returned, Session, Value, Version
from grader.records import Finding, Item

# Over 400 random starts of the book's recipe the largest error was 0.087; wrong edges lead as near to a wrong weight.
_LED_TO = 0.1
_DIVERGED = 10.0
_MOST_PIXELS = 10_000
_LITTLE = 0.2  # what a weight changes by in ten steps that are far too small


@dataclass(frozen=True, slots=True)
class _Weight:
    """A weight of the expected shape, as one captured version of the layer held it."""

    values: tuple[float, ...]
    cell: int
    has_bias: bool

    @property
    def finite(self) -> bool:
        """Whether it holds numbers only."""
        return all(map(math.isfinite, self.values))

    def distance(self, other: Sequence[float]) -> float:
        """The largest difference of two values."""
        return max(abs(a - b) for a, b in zip(self.values, other, strict=True))

    def __str__(self) -> str:
        """Name the values as in a message."""
        return f"({', '.join(f'{value:.3f}' for value in self.values)})"


def learned_weight(
    student: Session,
    reference: Reference,
    item: Item,
    *,
    shape: Sequence[int],
    expected: Sequence[float],
    within: float,
    trained_on: Mapping[str, Any] | None = None,
) -> Finding:
    """Some parameter of `shape`, in some captured version, must lie within `within` of `expected`.

    The tolerance allows for the spread of right runs: over 400 random starts of the book's recipe the largest error
    was 0.087.

    A layer that was trained on what a wrong helper of the student's gives has learned that, and one mistake costs once:
    `trained_on` has the expressions `input`, (H, W), and `output`, where `target` was bound. The kernel that makes the
    one of the other, found by least squares, is as good as `expected`. With `steps` and `lr` there, so is the weight to
    which that many steps lead on such values, be it nowhere near.
    """
    versions = student.versions(item.target)
    probes = [Probe("state", f"{item.target}@{n}") for n in range(len(versions))] or [Probe("state", item.target)]
    observations = list(student.ask(probes))
    missing = next((each for each in observations if isinstance(each, Missing)), None)
    if missing is not None:
        return failed(sentence(missing, item.target))
    weights = _weights(observations, versions, shape)
    finite = [weight for weight in weights if weight.finite]
    # A layer is captured when it is made and again when it is trained; a trained one tells more than a fresh one.
    nearest = min(finite, key=lambda weight: weight.distance(expected), default=None)
    near = f"({', '.join(f'{value:g}' for value in expected)})"
    if nearest is not None and nearest.distance(expected) <= within:
        return passed(f"The learned weight {nearest} is near {near}.", {"cell": nearest.cell})
    if not weights:
        return failed(_without_weight(observations, item, shape))
    if trained_on and (followed := _follows(student, finite, shape, within, trained_on)) is not None:
        return followed
    last = weights[-1]
    known = _cause(last, item) or _told_by_versions(
        weights, shape, expected, near, _misconception(last, reference, item)
    )
    detail = f"The learned weight is {last}; after ten steps it should be within {within:g} of {near}."
    return failed(f"{known} {detail}".strip(), evidence={"cell": last.cell})


# ---- trained on wrong values -----------------------------------------------------------------------------------------


def _follows(
    student: Session, weights: Sequence[_Weight], shape: Sequence[int], within: float, trained_on: Mapping[str, Any]
) -> Finding | None:
    """The finding about a weight that was learned rightly from wrong values."""
    hint = "Judged by your own values, which are wrong: one mistake costs once."
    steps, lr = trained_on.get("steps"), trained_on.get("lr")
    for each in _lessons(student, shape, trained_on):
        learnable = each.kernel.tolist()
        nearest = min(weights, key=lambda weight: weight.distance(learnable), default=None)
        if nearest is not None and nearest.distance(learnable) <= within:
            message = f"The learned weight {nearest} is what `{trained_on['output']}` teaches."
            return replace(passed(message, {"cell": nearest.cell}), hint=hint)
        for weight in weights[::-1]:
            if steps is not None and lr is not None and each.leads_to(weight.values, steps=steps, lr=lr):
                message = f"The learned weight {weight} is where {steps} such steps lead with your values."
                return replace(passed(message, {"cell": weight.cell}), hint=hint)
    return None


def _lessons(student: Session, shape: Sequence[int], trained_on: Mapping[str, Any]) -> Iterator[Lesson]:
    """What the student's inputs and outputs teach, where they determine a kernel; the newest first."""
    target = trained_on["target"]
    for number in reversed(range(len(student.versions(target)))):
        asked = [trained_on["input"], trained_on["output"]]
        probes = [Probe("evaluate", f"{target}@{number}", options={"expression": each}) for each in asked]
        given, made = (each.value if isinstance(each, Returned) else None for each in student.ask(probes))
        if _is_image(given) and _is_image(made) and (found := lesson(given, made, shape[-2:])) is not None:
            yield found


def _is_image(value: Value) -> TypeGuard[torch.Tensor]:
    return (
        isinstance(value, torch.Tensor)
        and value.dim() == 2
        and 0 < value.numel() <= _MOST_PIXELS
        and not value.is_complex()
        and bool(torch.isfinite(value).all())
    )


# ---- why it is not there ---------------------------------------------------------------------------------------------


def _cause(last: _Weight, item: Item) -> str:
    """What alone explains a wrong weight."""
    if last.has_bias:
        return f"`{item.target}` has a bias of its own; {item.section} asks for a layer without one."
    if not last.finite or max(map(abs, last.values)) > _DIVERGED:
        return "The training diverged: the learning rate is too large, or the steps go up the gradient and not down."
    return ""


def _misconception(last: _Weight, reference: Reference, item: Item) -> str:
    """The sentence of the wrong recipe that leads here."""
    led: list[tuple[float, str]] = []
    for text, (mistaken,) in reference.misconceptions([Probe("state", item.target)]):
        for tensor in _tensors(mistaken):
            if tensor.numel() == len(last.values):
                led.append((last.distance(tensor.flatten().tolist()), text))
    distance, text = min(led, default=(math.inf, ""))
    return text if distance <= _LED_TO else ""


def _told_by_versions(
    weights: Sequence[_Weight], shape: Sequence[int], expected: Sequence[float], near: str, misconception: str
) -> str:
    """What the weight tells beside the one captured before it; where two things may be so, neither is claimed."""
    last = weights[-1]
    if len(weights) == 1:
        return misconception or _fresh(last, shape)
    before = weights[-2]
    if before.values == last.values:
        return "The weight never changes after the layer was made: is it updated in every step?"
    towards = f"The weight moves towards {near}, but not far enough: more steps or a larger learning rate may help."
    if last.distance(before.values) > _LITTLE:
        return misconception or (towards if _every_value_nearer(before, last, expected) else "")
    nearer = math.dist(last.values, expected) < math.dist(before.values, expected)
    return towards if nearer and not misconception else ""


def _every_value_nearer(before: _Weight, after: _Weight, expected: Sequence[float]) -> bool:
    values = zip(before.values, after.values, expected, strict=True)
    return all(abs(new - wanted) < abs(old - wanted) for old, new, wanted in values)


def _fresh(weight: _Weight, shape: Sequence[int]) -> str:
    """What is to be asked where a weight was seen once and looks untrained; one trained in a function is seen once."""
    drawn_within = 1 / math.sqrt(math.prod(shape[1:]))  # by PyTorch, for a convolution or a linear layer
    if max(map(abs, weight.values)) > drawn_within:
        return ""
    return "The weight looks like that of a layer which was never trained: is it updated in every step?"


def _without_weight(observations: Sequence[Observation], item: Item, shape: Sequence[int]) -> str:
    """What is said where no version has a weight of the shape."""
    swapped = [*shape[:-2], *reversed(shape[-2:])]
    if any(list(tensor.shape) == swapped for each in observations for tensor in _tensors(each)):
        return (
            f"The weight of `{item.target}` has the shape {tuple(swapped)}, expected {tuple(shape)}: "
            "height and width of its kernel are swapped."
        )
    return f"`{item.target}` never has a weight of shape {tuple(shape)}."


# ---- what was captured -----------------------------------------------------------------------------------------------


def _weights(observations: Sequence[Observation], versions: Sequence[Version], shape: Sequence[int]) -> list[_Weight]:
    """The weights of the shape in all versions, oldest first."""
    found = []
    for observation, version in zip(observations, versions, strict=False):
        tensors = _tensors(observation)
        has_bias = any(list(tensor.shape) == [shape[0]] for tensor in tensors)
        for tensor in tensors:
            if list(tensor.shape) == list(shape) and not tensor.is_complex():
                values = tensor.to(torch.float64).flatten().tolist()
                found.append(_Weight(tuple(values), version.cell, has_bias))
    return found


def _tensors(observation: Observation) -> list[torch.Tensor]:
    value: Value = observation.value if isinstance(observation, Returned) else None
    values = value.values() if isinstance(value, Mapping) else [value]
    return [each for each in values if isinstance(each, torch.Tensor)]
