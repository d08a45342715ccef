"""A layer has learned the expected weight by the end of its cell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch

from grader.checks.asking import Reference, failed, passed, sentence
from grader.probes import Probe, Returned, Session, Value
from grader.records import Finding, Item


def learned_weight(
    student: Session, reference: Reference, item: Item, *, shape: Sequence[int], expected: Sequence[float], within: float
) -> Finding:
    """Some parameter of `shape` must lie within `within` of `expected`.

    The tolerance allows for the spread of right runs: over 400 random starts of the book's recipe the largest error
    was 0.087 (docs/validity.md).
    """
    (observation,) = student.ask([Probe("state", item.target)])
    if not isinstance(observation, Returned):
        return failed(sentence(observation, item.target))
    weights = [each for each in _tensors(observation.value) if list(each.shape) == list(shape)]
    if not weights:
        return failed(f"`{item.target}` has no weight of shape {tuple(shape)}.")
    wanted = torch.tensor(expected, dtype=torch.float64).reshape(tuple(shape))
    errors = [float((each.to(torch.float64) - wanted).abs().nan_to_num(math.inf).max()) for each in weights]
    nearest = weights[errors.index(min(errors))].flatten().tolist()
    learned = ", ".join(f"{value:.3f}" for value in nearest)
    near = ", ".join(f"{value:g}" for value in expected)
    if min(errors) <= within:
        return passed(f"The learned weight ({learned}) is near ({near}).")
    if all(abs(a + b) <= within for a, b in zip(nearest, expected, strict=True)):
        return failed(f"The learned weight ({learned}) has the opposite sign of ({near}): check the kernel or the edges.")
    return failed(f"The learned weight is ({learned}); after ten steps it should be within {within:g} of ({near}).")


def _tensors(value: Value) -> list[torch.Tensor]:
    values = value.values() if isinstance(value, Mapping) else [value]
    return [each for each in values if isinstance(each, torch.Tensor)]
