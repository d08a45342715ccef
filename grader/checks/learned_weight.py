"""A layer has learned the expected weight by the end of its cell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch

from grader.checks.asking import Reference, failed, passed, sentence
from grader.probes import Missing, Probe, Returned, Session, Value
from grader.records import Finding, Item


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
    weights: list[tuple[float, list[float], int]] = []  # distance, values, cell
    wanted = torch.tensor(expected, dtype=torch.float64).reshape(tuple(shape))
    versions = student.versions(item.target)
    probes = [Probe("state", f"{item.target}@{n}") for n in range(len(versions))] or [Probe("state", item.target)]
    for number, observation in enumerate(student.ask(probes)):
        if isinstance(observation, Missing):
            return failed(sentence(observation, item.target))
        for tensor in _tensors(observation.value) if isinstance(observation, Returned) else []:
            if list(tensor.shape) == list(shape):
                values = tensor.to(torch.float64)
                distance = float((values - wanted).abs().max())
                if math.isfinite(distance):
                    weights.append((distance, values.flatten().tolist(), versions[number].cell))
    if not weights:
        return failed(f"`{item.target}` never has a finite weight of shape {tuple(shape)}.")
    # A layer is captured when it is made and again when it is trained; a trained one tells more than a fresh one.
    distance, nearest, cell = min(weights)
    evidence = {"cell": cell}
    learned = ", ".join(f"{value:.3f}" for value in nearest)
    near = ", ".join(f"{value:g}" for value in expected)
    if distance <= within:
        return passed(f"The learned weight ({learned}) is near ({near}).", evidence)
    for _, found, _ in weights:
        if all(abs(a + b) <= within for a, b in zip(found, expected, strict=True)):
            opposite = ", ".join(f"{value:.3f}" for value in found)
            return failed(f"The learned weight ({opposite}) has the opposite sign of ({near}): are the edges right?")
    return failed(
        f"The learned weight is ({learned}); after ten steps it should be within {within:g} of ({near}).",
        evidence=evidence,
    )


def _tensors(value: Value) -> list[torch.Tensor]:
    values = value.values() if isinstance(value, Mapping) else [value]
    return [each for each in values if isinstance(each, torch.Tensor)]
