"""A layer has learned the expected weight by the end of its cell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from grader.checks.asking import Reference, failed, passed, sentence
from grader.probes import Missing, Observation, Probe, Returned, Session, Value, Version
from grader.records import Finding, Item

# Over 400 random starts of the book's recipe the largest error was 0.087; wrong edges lead as near to a wrong weight.
_LED_TO = 0.1
_DIVERGED = 10.0
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
) -> Finding:
    """Some parameter of `shape`, in some captured version, must lie within `within` of `expected`.

    The tolerance allows for the spread of right runs: over 400 random starts of the book's recipe the largest error
    was 0.087.
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
    last = weights[-1]
    known = _cause(last, item) or _told_by_versions(
        weights, shape, expected, near, _misconception(last, reference, item)
    )
    detail = f"The learned weight is {last}; after ten steps it should be within {within:g} of {near}."
    return failed(f"{known} {detail}".strip(), evidence={"cell": last.cell})


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
