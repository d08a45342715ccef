"""When two values count as the same here, and how a number that was found is put into words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from grader.probes import Value

MAX_ELEMENTS = 200_000  # of one answer; what is larger is not explained

_RTOL, _SCALE = 1e-4, 1e-5
_SAME = 2e-4  # relative spread within which measured constants are one constant
_REAL = frozenset(
    {torch.float16, torch.bfloat16, torch.float32, torch.float64}
    | {torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64}
)


def numbers(value: Value) -> torch.Tensor | None:
    """The value as a float64 tensor; None where it is no tensor or number, or not all of it is finite and real."""
    if isinstance(value, float) or (type(value) is int and abs(value) < 1 << 53):
        value = torch.tensor(float(value), dtype=torch.float64)
    if not isinstance(value, torch.Tensor) or value.is_nested or value.layout is not torch.strided:
        return None
    if value.dtype not in _REAL or value.device.type != "cpu" or value.numel() > MAX_ELEMENTS:
        return None
    plain = value.detach().to(torch.float64)
    return plain if bool(torch.isfinite(plain).all()) else None


def alike(observed: torch.Tensor, expected: torch.Tensor, rtol: float = _RTOL, scale: float = _SCALE) -> bool:
    """Whether two float64 tensors have one shape and, up to the precision of float32, the same values."""
    if observed.shape != expected.shape:
        return False
    if not expected.numel():
        return True
    allowed = scale * expected.abs().max() + rtol * expected.abs()
    return bool(((observed - expected).abs() <= allowed).all())


def ratio(observed: torch.Tensor, expected: torch.Tensor) -> float | None:
    """The factor between two tensors, where there is one that is neither 0 nor 1."""
    square = float((expected * expected).sum())
    if observed.shape != expected.shape or not 0 < square < math.inf:
        return None
    factor = float((observed * expected).sum()) / square
    apart = math.isfinite(factor) and abs(factor) > 1e-6 and abs(factor - 1) > 1e-3
    return factor if apart and alike(observed, factor * expected) else None


def one(constants: Sequence[float | None]) -> float | None:
    """The constant that all of them are, if they are one."""
    known = [each for each in constants if each is not None]
    if not known or len(known) < len(constants):
        return None
    return known[0] if max(known) - min(known) <= _SAME * abs(known[0]) else None


def times(factor: float) -> str:
    """How wrong a value is that is so many times the right one. Only factors that somebody would write are told."""
    sign = "has the wrong sign" if factor < 0 else ""
    size = abs(factor)
    if abs(size - 1) < _SAME:
        return sign
    if (n := _whole(size)) is not None:
        amount = f"is {n} times too large"
    elif (n := _whole(1 / size)) is not None:
        amount = f"is {n} times too small"
    else:
        amount = f"is too {'large' if size > 1 else 'small'} by one and the same factor"
    return f"{sign} and {amount}" if sign else amount


def amount(offset: float) -> str:
    """How wrong a value is that differs by so much from the right one. Only short decimals are told."""
    size = abs(offset)
    way = "large" if offset > 0 else "small"
    short = round(size, 2)
    if 0 < short <= 1000 and abs(size - short) <= _SAME * short:
        return f"is {short:g} too {way}"
    return f"is too {way} by one and the same amount"


def _whole(size: float) -> int | None:
    n = round(size) if size < 1001 else 0
    return n if n >= 2 and abs(size - n) <= _SAME * n else None
