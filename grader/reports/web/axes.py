"""Ranges of values with marks at round numbers, for charts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Axis:
    """A range of values, and where along it there is a mark."""

    low: float
    high: float
    ticks: Sequence[float]


def axis(low: float, high: float, *, whole: bool = False) -> Axis:
    """A range that holds both values, with about four marks at round numbers.

    Args:
        low: the lower value.
        high: the upper value; where it is none, the range is 1 long.
        whole: whether marks stand at whole numbers only, as where things are counted.
    """
    if not high > low:
        high = low + 1.0
    rough = (high - low) / 4
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * unit for factor in (1, 2, 2.5, 5, 10) if factor * unit >= rough * 0.999)
    if whole:
        step = float(math.ceil(step))
    first, last = math.floor(low / step), math.ceil(high / step - 1e-9)
    return Axis(first * step, last * step, tuple(round(n * step, 10) for n in range(first, last + 1)))
