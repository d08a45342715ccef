"""The numbers of a class as pure functions: how marks spread, how hard an item is, whom it tells apart.

What nobody has decided is None and counts nowhere: it is no zero, in no mean and in no denominator.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from grader.records import Outcome
from grader.rows import GradeRow, ItemRow

FEWEST: Final = 10  # students below whom a correlation says nothing
_DIFFERENT: Final = 1e-9  # shares of points nearer than that are the same
_TWO_SIDED: Final = 1.959964  # standard errors of a 95 % interval


@dataclass(frozen=True, slots=True)
class Spread:
    """How some values lie: at least one."""

    count: int
    mean: float
    median: float
    lower: float  # quartile
    upper: float
    deviation: float | None  # of a sample; None of a single value


class Why(StrEnum):
    """Why an item has no discrimination."""

    WAITING = "waiting"  # who is decided is no sample: an empty answer is decided at once
    FEW = "few"  # students with a mark on it and on something else
    SAME = "same"  # everybody has the same share of the item's points
    SAME_ELSEWHERE = "same elsewhere"  # everybody has the same share of all the other points


@dataclass(frozen=True, slots=True)
class Discrimination:
    """How well an item tells who did well elsewhere: a correlation with its 95 % interval, or why there is none."""

    count: int
    value: float | None = None
    low: float = 0.0
    high: float = 0.0
    why: Why | None = None


def spread(values: Sequence[float]) -> Spread | None:
    """How the values lie; None where there is none. Quartiles are interpolated, the least value being the 0th."""
    if not values:
        return None
    lower, median, upper = (values[0],) * 3
    if len(values) > 1:
        lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return Spread(len(values), statistics.fmean(values), median, lower, upper, deviation)


def bins(values: Sequence[float | None], edges: Sequence[float]) -> list[list[int]]:
    """Positions of the values between neighbouring edges; what lies beyond counts to the first or last.

    Each bin holds its lower edge; the last one its upper edge, too. None is in no bin.
    """
    found: list[list[int]] = [[] for _ in edges[1:]]
    inner = edges[1:-1]
    for position, value in enumerate(values):
        if value is not None:
            found[sum(value >= edge for edge in inner)].append(position)
    return found


def share(item: ItemRow | None) -> float | None:
    """The share of its points that an item has, 0 to 1; None where it is not decided, not there or worth nothing."""
    if item is None or not item.outcome.decided or not item.possible:
        return None
    return item.earned / item.possible


def rests(row: GradeRow, without: Sequence[str] = ()) -> dict[str, float | None]:
    """By item the share earned of all other decided points; None where nothing else is decided.

    Args:
        row: a grade.
        without: items that count for nobody.
    """
    counted = {each.item for each in row.items if each.outcome.decided and each.item not in without}
    earned = sum(each.earned for each in row.items if each.item in counted)
    possible = sum(each.possible for each in row.items if each.item in counted)
    found: dict[str, float | None] = {}
    for each in row.items:
        own = each.item in counted
        left = possible - (each.possible if own else 0.0)
        found[each.item] = (earned - (each.earned if own else 0.0)) / left if left > _DIFFERENT else None
    return found


def discrimination(shares: Sequence[float | None], rest: Sequence[float | None]) -> Discrimination:
    """The correlation of an item with everything else, over the students who have both.

    Of an item that is earned or not this is the point-biserial correlation with the rest score (the item itself is
    left out of it, or it would correlate with itself); with partial credit it is Pearson's. The interval is Fisher's.

    Args:
        shares: of the item's points, a student each.
        rest: of all other points, in the same order.
    """
    pairs = [(x, y) for x, y in zip(shares, rest, strict=True) if x is not None and y is not None]
    count = len(pairs)
    if count < FEWEST:
        return Discrimination(count, why=Why.FEW)
    own, others = [x for x, _ in pairs], [y for _, y in pairs]
    if max(own) - min(own) < _DIFFERENT:
        return Discrimination(count, why=Why.SAME)
    if max(others) - min(others) < _DIFFERENT:
        return Discrimination(count, why=Why.SAME_ELSEWHERE)
    value = max(-1.0, min(1.0, statistics.correlation(own, others)))
    if abs(value) > 1 - _DIFFERENT:
        return Discrimination(count, value, value, value)
    error = _TWO_SIDED / math.sqrt(count - 3)
    return Discrimination(count, value, math.tanh(math.atanh(value) - error), math.tanh(math.atanh(value) + error))


def pass_rate(outcomes: Sequence[Outcome]) -> float | None:
    """The share of decided outcomes that passed; None where none is decided, or some wait for a reader.

    While some wait, those decided are no sample: what was left empty is decided at once.
    """
    if Outcome.WAITING in outcomes:
        return None
    decided = [each for each in outcomes if each.decided]
    return sum(each is Outcome.PASSED for each in decided) / len(decided) if decided else None
