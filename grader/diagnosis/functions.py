"""What wrong answers of a function have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch

from grader.diagnosis import values
from grader.diagnosis.answers import Answers, Case, read
from grader.diagnosis.axes import arrangement, shifted
from grader.diagnosis.closeness import numbers
from grader.diagnosis.patterns import pattern
from grader.diagnosis.sizes import Output, explain_sizes, geometry
from grader.probes import Raised, Returned, Value

_MAX_CASES = 100
_Rule: TypeAlias = Callable[[Answers], str]


def explain(cases: Sequence[Case], *, gradients: bool = False) -> str:
    """One sentence that is true of all wrong cases, or "".

    Args:
        cases: all cases of an item, the right ones, too.
        gradients: whether the answers are gradients with respect to the arguments.
    """
    if all(case.right for case in cases) or len(cases) > _MAX_CASES:
        return ""
    answers = read(cases, "gradient" if gradients else "value")
    rules = _OF_GRADIENTS if gradients else _OF_VALUES
    return next((text for rule in rules if (text := rule(answers))), "")


def _nothing(answers: Answers) -> str:
    returned = answers.values
    if not returned or any(value is not None for value in returned):
        return ""
    if len(returned) < len(answers.cases):
        return "Your function gives None in some cases: does one of its branches lack a `return`?"
    return "Your function gives None: is a `return` missing?"


def _list(answers: Answers) -> str:
    returned = answers.values
    wanted = all(isinstance(case.expected, torch.Tensor) for case in answers.cases)
    if not returned or not wanted or not all(isinstance(value, list | tuple) for value in returned):
        return ""
    return "Your function gives a list where one tensor is asked for: torch.stack or torch.tensor makes one of it."


def _cut_off(answers: Answers) -> str:
    """The arguments that no gradient reaches in any wrong case."""
    cut: set[frozenset[int]] = set()
    count = 0
    for case in answers.cases:
        match case:
            case Case(right=True):
                continue
            case Case(observed=Returned(value=list() as mine), expected=list() as theirs) if len(mine) == len(theirs):
                count = len(mine)
                cut.add(frozenset(n for n in range(count) if _is_cut_off(mine[n], theirs[n])))
            case _:
                return ""
    if len(cut) != 1 or not (places := sorted(cut.pop())):
        return ""
    names = " and the ".join(_ordinal(place) for place in places)
    reached = "arguments" if len(places) == count > 1 else f"{names} argument{'s' if len(places) > 1 else ''}"
    return (
        f"No gradient reaches the {reached}: is something built from plain numbers or detached tensors, "
        "with .item(), .data, detach(), .numpy() or torch.tensor(...)?"
    )


def _is_cut_off(observed: Value, expected: Value) -> bool:
    if observed is None:
        return expected is not None
    mine, theirs = numbers(observed), numbers(expected)
    return mine is not None and theirs is not None and not bool(mine.any()) and bool(theirs.any())


def _ordinal(place: int) -> str:
    names = ("first", "second", "third", "fourth")
    return names[place] if place < len(names) else f"{place + 1}th"


def _sizes(answers: Answers) -> str:
    outputs = []
    for case in answers.cases:
        sizes = geometry(case.args, case.kwargs)
        if sizes is None or not isinstance(case.expected, torch.Tensor):
            return ""
        match case.observed:
            case Returned(value=torch.Tensor() as value):
                outputs.append(Output(sizes, tuple(value.shape), tuple(case.expected.shape)))
            case Raised():
                outputs.append(Output(sizes, None, tuple(case.expected.shape)))
            case _:
                return ""
    return explain_sizes(outputs)


def _pattern(answers: Answers) -> str:
    return pattern([(case.args, case.kwargs, case.right) for case in answers.cases])


# From the most to the least telling.
_OF_VALUES: Sequence[_Rule] = (
    *(_nothing, _list, values.zero, values.factor, values.factor_of_size, values.offset, values.one_sided),
    *(arrangement, shifted, values.whole, values.precision, _sizes, _pattern),
)
_OF_GRADIENTS: Sequence[_Rule] = (
    *(_cut_off, values.factor, values.factor_of_size, values.offset, values.precision, _pattern),
)
