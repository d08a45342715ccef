"""Compare what a student's code gave with what the reference gave. The numbers come from torch.testing."""

from __future__ import annotations

import builtins
import math
from collections.abc import Mapping, Sequence

import torch

from grader.probes import Opaque, Value
from grader.records import Mismatch

# Relative and absolute tolerance by the coarser dtype of the two: summation order may differ, formulas may not. Where
# all is float64, there is still room for code that goes through float32 on the way.
_TOLERANCES: Mapping[torch.dtype, tuple[float, float]] = {
    torch.float16: (5e-3, 5e-3),
    torch.bfloat16: (1e-2, 1e-2),
    torch.float32: (1e-4, 1e-5),
    torch.float64: (1e-5, 1e-6),
    torch.complex64: (1e-4, 1e-5),
    torch.complex128: (1e-5, 1e-6),
}

_TYPES = frozenset(dir(builtins)) | frozenset(
    "function module generator Linear Conv2d MaxPool2d AvgPool2d Sequential Parameter Module Size dtype device".split()
)


def compare(
    observed: Value, expected: Value, *, path: str = "", rtol: float | None = None, atol: float | None = None
) -> Mismatch | None:
    """Where `observed` differs from `expected`, or None.

    Tensors may differ in dtype; one number equals another, be it Python's or in a tensor of one element; a tuple equals
    a list. Absolute tolerance grows with the largest expected value, so that cancellation is no mistake.
    """
    if isinstance(expected, torch.Tensor):
        return _compare_tensors(observed, expected, path, rtol, atol)
    if isinstance(expected, Mapping):
        return _compare_mappings(observed, expected, path, rtol, atol)
    if isinstance(expected, list | tuple):
        return _compare_sequences(observed, expected, path, rtol, atol)
    if isinstance(expected, bool) or expected is None or isinstance(expected, str):
        if type(observed) is type(expected) and observed == expected:
            return None
        return Mismatch(path, "value", f"Expected {expected!r}, got {in_words(observed)}.")
    if isinstance(expected, int | float):
        return _compare_tensors(observed, torch.tensor(expected, dtype=torch.float64), path, rtol, atol)
    raise TypeError(f"the reference gave {type(expected).__name__}, which cannot be compared")


def _compare_sequences(
    observed: Value, expected: Sequence[Value], path: str, rtol: float | None, atol: float | None
) -> Mismatch | None:
    if not isinstance(observed, list | tuple):
        return Mismatch(path, "type", f"Expected {len(expected)} values, got {in_words(observed)}.")
    if len(observed) != len(expected):
        return Mismatch(path, "length", f"Expected {len(expected)} values, got {len(observed)}.")
    for index, (mine, theirs) in enumerate(zip(observed, expected, strict=True)):
        if (found := compare(mine, theirs, path=f"{path}[{index}]", rtol=rtol, atol=atol)) is not None:
            return found
    return None


def _compare_mappings(
    observed: Value, expected: Mapping[str, Value], path: str, rtol: float | None, atol: float | None
) -> Mismatch | None:
    if not isinstance(observed, Mapping):
        return Mismatch(path, "type", f"Expected named values, got {in_words(observed)}.")
    for key, value in expected.items():
        if key not in observed:
            return Mismatch(path, "length", f"`{key}` is missing.")
        if (found := compare(observed[key], value, path=f"{path}[{key!r}]", rtol=rtol, atol=atol)) is not None:
            return found
    return None


def _compare_tensors(
    observed: Value, expected: torch.Tensor, path: str, rtol: float | None, atol: float | None
) -> Mismatch | None:
    if isinstance(observed, bool | int | float):
        observed = torch.tensor(observed, dtype=torch.float64)
    if isinstance(observed, list | tuple) and observed and all(isinstance(each, torch.Tensor) for each in observed):
        return Mismatch(path, "type", f"Expected one tensor, got a list of {len(observed)} tensors.")
    if not isinstance(observed, torch.Tensor):
        # Within a list it is no forgotten `return`.
        got = "nothing" if observed is None and path else in_words(observed)
        return Mismatch(path, "type", f"Expected a tensor of shape {tuple(expected.shape)}, got {got}.")
    if expected.dim() == 0 and observed.numel() == 1:
        observed = observed.reshape(())  # one number is one number
    if observed.shape != expected.shape:
        message = f"Expected shape {tuple(expected.shape)}, got {tuple(observed.shape)}."
        return Mismatch(path, "shape", message)
    if observed.dtype == expected.dtype and torch.equal(observed, expected):
        return None  # most right answers, in one operation
    coarser = max((observed.dtype, expected.dtype), key=lambda dtype: _TOLERANCES.get(dtype, (0.0, 0.0)))
    common = torch.complex128 if observed.is_complex() or expected.is_complex() else torch.float64
    default_rtol, default_atol = _TOLERANCES.get(coarser, (0.0, 0.0))
    rtol = default_rtol if rtol is None else rtol
    mine, theirs = observed.to(common), expected.to(common)
    if torch.isfinite(theirs).all() and not torch.isfinite(mine).all():
        at = tuple(torch.nonzero(~torch.isfinite(mine))[0].tolist())
        # Not the value itself: half of a complex number could tell a hidden input.
        told = "not a number" if bool(torch.isnan(mine[at])) else "infinite"
        return Mismatch(path, "finite", f"The value at index {at} is {told}.", at=at)
    if atol is None:
        finite = theirs[torch.isfinite(theirs)]  # an infinity among them would let everything pass
        largest = float(finite.abs().max()) if finite.numel() else 0.0
        atol = default_atol * max(1.0, largest)
    close = torch.isclose(mine, theirs, rtol=rtol, atol=atol, equal_nan=True)
    if bool(close.all()):
        return None
    return _value_mismatch(mine, theirs, close, path, rtol, atol)


def _value_mismatch(
    mine: torch.Tensor, theirs: torch.Tensor, close: torch.Tensor, path: str, rtol: float, atol: float
) -> Mismatch:
    # Only among those that differ: a larger number may be further off and still be close.
    distance = (mine - theirs).abs().nan_to_num(nan=math.inf, posinf=math.inf).masked_fill(close, -1.0)
    at = tuple(int(n) for n in torch.unravel_index(distance.flatten().argmax(), mine.shape))
    greatest, size = float(distance[at]), float(theirs[at].abs())
    allowed = atol + rtol * size if math.isfinite(size) else atol
    wrong = int((~close).sum())
    where = f" at index {at}" if at else ""
    message = (
        f"{wrong} of {mine.numel()} {'element differs' if mine.numel() == 1 else 'elements differ'}; "
        f"the greatest difference is {greatest:.3g}{where}; {allowed:.1g} is allowed."
    )
    return Mismatch(path, "value", message, greatest, at, allowed)


def in_words(value: Value) -> str:
    """What a value from a sandbox is, for a student, without a word of its own choice."""
    match value:
        case torch.Tensor():
            return f"a tensor of shape {tuple(value.shape)}"
        case None:
            return "None (is a `return` missing?)"
        case Opaque(type="TooLarge"):
            return "more than can be compared"
        case Opaque(type=name):
            # The name of a type is the student's to choose, so it must not become a way to tell hidden inputs.
            return f"an object of type {name}" if name in _TYPES else "an object of another type"
        case bool():
            return str(value)
        case str():
            # Not the text itself: it could tell a hidden input.
            return "a string"
        case int() | float():
            return "a number"
        case _:
            return f"a {type(value).__name__}"
