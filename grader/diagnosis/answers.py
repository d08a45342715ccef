"""Answers of a function, and what can be measured of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from grader.diagnosis.closeness import MAX_ELEMENTS, alike, numbers
from grader.probes import Observation, Returned, Value

_MAX_ALTOGETHER = 10 * MAX_ELEMENTS


@dataclass(frozen=True, slots=True)
class Case:
    """One call: what it was given, what came of it and what was expected; `right` is what the check thinks of it."""

    args: tuple[Value, ...]
    kwargs: Mapping[str, Value]
    observed: Observation
    expected: Value
    right: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """The numbers of a case; several tensors are laid out one after the other."""

    case: Case
    observed: torch.Tensor
    expected: torch.Tensor


@dataclass(frozen=True, slots=True)
class Answers:
    """All cases of an item. `wrong` and `right` hold the numbers, and are empty where some wrong case has none."""

    cases: Sequence[Case]
    wrong: Sequence[Pair]
    right: Sequence[Pair]
    noun: str  # what is wrong: value, gradient

    @property
    def values(self) -> list[Value]:
        """What the wrong cases returned, nothing if one of them did not return."""
        wrong = [case.observed for case in self.cases if not case.right]
        returned = [each.value for each in wrong if isinstance(each, Returned)]
        return returned if len(returned) == len(wrong) else []

    def told(self, sentence: str, change: Callable[[torch.Tensor], torch.Tensor] | None = None) -> str:
        """The sentence, limited to the wrong cases where `change` to the right ones would show and is not there."""
        everywhere = (
            not self.right if change is None else all(alike(p.expected, change(p.expected)) for p in self.right)
        )
        return sentence if everywhere else f"Where your answers are wrong, {sentence[0].lower()}{sentence[1:]}"


def read(cases: Sequence[Case], noun: str) -> Answers:
    """Measure what can be measured.

    Args:
        cases: all cases of an item.
        noun: what the sentences call one number of an answer.
    """
    pairs = [(case, _pair(case)) for case in cases]
    found = [pair for _, pair in pairs if pair is not None]
    small = sum(pair.observed.numel() + pair.expected.numel() for pair in found) <= _MAX_ALTOGETHER
    if not small or any(pair is None for case, pair in pairs if not case.right):
        return Answers(cases, [], [], noun)
    return Answers(cases, [p for p in found if not p.case.right], [p for p in found if p.case.right], noun)


def _pair(case: Case) -> Pair | None:
    if not isinstance(case.observed, Returned):
        return None
    observed, expected = _flat(case.observed.value, case.expected)
    return None if observed is None or expected is None else Pair(case, observed, expected)


def _flat(observed: Value, expected: Value) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    if not isinstance(expected, list | tuple):
        return numbers(observed), numbers(expected)
    if not isinstance(observed, list | tuple) or len(observed) != len(expected):
        return None, None
    parts = [(numbers(mine), numbers(theirs)) for mine, theirs in zip(observed, expected, strict=True)]
    known = [(m.flatten(), t.flatten()) for m, t in parts if m is not None and t is not None and m.shape == t.shape]
    if not known or len(known) < len(parts):
        return None, None
    return torch.cat([mine for mine, _ in known]), torch.cat([theirs for _, theirs in known])
