"""In which layout a student keeps parameters that the reference keeps otherwise, as far as their shapes tell."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from grader.checks.asking import Answer
from grader.probes import Probe, Returned, Value

Shape: TypeAlias = tuple[int, ...]
Rows: TypeAlias = list[Value]  # [student's shape, reference's shape, whether its first axis comes last]

_MOST = 1000  # parameters that are looked at; an answer comes out of the sandbox and may be as long as it likes


def other_layouts(answer: Answer) -> Iterator[Rows]:
    """Ways to read the parameters of a module as those of the reference; none where nothing suggests one.

    The weight of `X @ W` is nn.Linear's turned around, that of a sum over windows nn.Conv2d's as a matrix; a bias may
    have axes of size 1 so that it broadcasts. Which square matrices are turned around no shape tells: they all are in
    the second way.
    """
    observed = answer.observed.value if isinstance(answer.observed, Returned) else None
    if not isinstance(observed, Mapping):
        return
    mine, theirs = _parameters(observed), _parameters(answer.expected)
    lacking, beyond = theirs - mine, mine - theirs
    rows: Rows = []
    for own in beyond:
        for shape in lacking:
            if lacking[shape] == beyond[own] and (how := _turned(own, shape)) is not None:
                rows.append([list(own), list(shape), how])
                lacking[shape] = 0
                break
    if not rows:
        return
    yield rows
    squares = [[list(shape), list(shape), True] for shape in mine & theirs if len(shape) == 2 and len({*shape}) == 1]
    if squares and any(turned for _, _, turned in rows):
        yield rows + squares


def asked(probe: Probe, rows: Rows) -> Probe:
    """The same question, asked of a module that keeps its parameters so."""
    return replace(probe, options={**probe.options, "layouts": rows})


def _turned(own: Shape, shape: Shape) -> bool | None:
    """Whether a parameter is kept with the reference's first axis last; None where it is another one altogether."""
    if math.prod(own) != math.prod(shape) or not shape or not own:
        return None
    matrix = (shape[0], math.prod(shape[1:]))
    if (own[0], math.prod(own[1:])) == matrix or _broad(own) == _broad(shape):
        return False
    return True if own == matrix[::-1] else None


def _broad(shape: Shape) -> Shape:
    return tuple(size for size in shape if size != 1)


def _parameters(answer: Mapping[str, Value]) -> Counter[Shape]:
    """How many parameters there are of each shape, with a gradient or without."""
    gradients, unused = answer.get("gradients"), answer.get("unused")
    rows = [row[0] for row in _list(gradients) if isinstance(row, list | tuple) and row] + _list(unused)
    return Counter(tuple(row) for row in rows if isinstance(row, list) and all(type(size) is int for size in row))


def _list(value: Value) -> list[Value]:
    return value[:_MOST] if isinstance(value, list) else []
