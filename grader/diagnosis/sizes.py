"""The formula that a wrong output size follows: h - kh rows, say, where h - kh + 1 are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch

from grader.probes import Value

Size: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Geometry:
    """The sizes that a call is about: of the image and of the kernel or window, (height, width) each."""

    image: Size
    kernel: Size
    channels: int  # of the kernel; 1 where it has no such axis
    noun: str  # kernel, or window where only its size is given

    @property
    def symbol(self) -> str:
        """The letter before h and w in the kernel's own symbols."""
        return "k" if self.noun == "kernel" else "p"


@dataclass(frozen=True, slots=True)
class Output:
    """The shapes of one output: as it is, and as it should be. `observed` is None where nothing came."""

    geometry: Geometry
    observed: tuple[int, ...] | None
    expected: tuple[int, ...]


def geometry(args: Sequence[Value], kwargs: Mapping[str, Value]) -> Geometry | None:
    """The sizes of a call whose first argument is an image and whose second one is a kernel or the size of a window."""
    match [*args, *kwargs.values()]:
        case [torch.Tensor() as image, torch.Tensor() as kernel, *_] if image.dim() >= 2 and kernel.dim() >= 2:
            channels = kernel.shape[-3] if kernel.dim() >= 3 else 1
            return Geometry(_sides(image), _sides(kernel), channels, "kernel")
        case [torch.Tensor() as image, [int() as height, int() as width], *_] if image.dim() >= 2:
            return Geometry(_sides(image), (height, width), 1, "window")
        case _:
            return None


def _sides(tensor: torch.Tensor) -> Size:
    return tensor.shape[-2], tensor.shape[-1]


# ---- formulas --------------------------------------------------------------------------------------------------------

# A formula gets the sides of image and kernel along its own axis, then those along the other one.
_Compute: TypeAlias = Callable[[int, int, int, int], int]


@dataclass(frozen=True, slots=True)
class _Formula:
    text: str  # {a} and {k} along this axis; {b} and {m} along the other
    compute: _Compute
    remark: str = ""  # {noun}: kernel or window

    def fits(self, axis: int, outputs: Iterable[tuple[Geometry, int]]) -> bool:
        return all(self.value(axis, geometry) == size for geometry, size in outputs)

    def value(self, axis: int, geometry: Geometry) -> int:
        (a, b), (k, m) = geometry.image, geometry.kernel
        return self.compute(a, k, b, m) if axis == 0 else self.compute(b, m, a, k)

    def written(self, axis: int, symbol: str) -> str:
        own, other = ("h", "w") if axis == 0 else ("w", "h")
        return self.text.format(a=own, b=other, k=symbol + own, m=symbol + other)


_RIGHT = _Formula("{a} - {k} + 1", lambda a, k, b, m: a - k + 1)
_SAME = _Formula("{a}", lambda a, k, b, m: a, "as many as the image")
_SWAPPED = _Formula("{b}", lambda a, k, b, m: b, "as if height and width were swapped")
_FORMULAS = (
    _RIGHT,
    _SAME,
    _Formula("{a} - {k}", lambda a, k, b, m: a - k, "one too few"),
    _Formula("{a} - {k} - 1", lambda a, k, b, m: a - k - 1, "two too few"),
    _Formula("{a} - {k} + 2", lambda a, k, b, m: a - k + 2, "one too many"),
    _Formula("{a} + {k} - 1", lambda a, k, b, m: a + k - 1, "as if the image were padded on every side"),
    _Formula("{a} // {k}", lambda a, k, b, m: a // k if k else -1, "as if the {noun} moved in steps of its own size"),
    _Formula("({a} - {k}) // 2 + 1", lambda a, k, b, m: (a - k) // 2 + 1, "as if the {noun} moved in steps of two"),
    _Formula("{a} - {m} + 1", lambda a, k, b, m: a - m + 1, "as if height and width of the {noun} were swapped"),
    _Formula("{b} - {m} + 1", lambda a, k, b, m: b - m + 1, "as if rows and columns were swapped"),
    _Formula("{b} - {k} + 1", lambda a, k, b, m: b - k + 1, "as if height and width of the image were swapped"),
    _SWAPPED,
    _Formula("{k}", lambda a, k, b, m: k, "as many as the {noun}"),
    _Formula("{a} - 1", lambda a, k, b, m: a - 1, "whatever the size of the {noun}"),
    _Formula("{a} - 2", lambda a, k, b, m: a - 2, "whatever the size of the {noun}"),
    _Formula("{a} // 2", lambda a, k, b, m: a // 2, "whatever the size of the {noun}"),
)
_WITHOUT_KERNEL = (_SAME, _SWAPPED)


def explain_sizes(outputs: Sequence[Output]) -> str:
    """The sentence about the formulas that the rows and columns of all outputs follow instead of the right ones.

    A formula is told only where no other one of the table fits, and where it is wrong in at least two cases that
    differ in size. A case without an output is explained where the formula leaves nothing of the image.
    """
    if not outputs or not all(_leading_axes_agree(each) for each in outputs):
        return ""
    wrong = {axis: found for axis in (0, 1) if (found := _formulas(axis, outputs)) is not None}
    if not wrong or not all(_impossible(each.geometry, wrong) for each in outputs if each.observed is None):
        return ""
    noun, symbol = outputs[0].geometry.noun, outputs[0].geometry.symbol
    mine = " and ".join(f"{seen.written(axis, symbol)} {_AXES[axis]}" for axis, (seen, _) in wrong.items())
    asked = " and ".join(right.written(axis, symbol) for axis, (_, right) in wrong.items())
    remarks = {seen.remark.format(noun=noun) for seen, _ in wrong.values()}
    remark = f", {remarks.pop()}" if len(remarks) == 1 else ""
    meaning = f"h and w: height and width of the image; {symbol}h and {symbol}w: of the {noun}"
    return f"Your output has {mine}{remark}; {asked} are asked for ({meaning})."


_AXES = ("rows", "columns")


def _leading_axes_agree(output: Output) -> bool:
    if len(output.expected) < 2:
        return False
    return output.observed is None or (
        len(output.observed) == len(output.expected) and output.observed[:-2] == output.expected[:-2]
    )


def _formulas(axis: int, outputs: Sequence[Output]) -> tuple[_Formula, _Formula] | None:
    """What the size along an axis follows, and what it should; None where it is right or nothing is sure."""
    place = axis - 2
    table = _WITHOUT_KERNEL if all(each.geometry.kernel == (1, 1) for each in outputs) else _FORMULAS
    right = next((f for f in table if f.fits(axis, [(o.geometry, o.expected[place]) for o in outputs])), None)
    seen = [(o.geometry, o.observed[place]) for o in outputs if o.observed is not None]
    fitting = [formula for formula in table if formula.fits(axis, seen)]
    if right is None or right in fitting or len(fitting) != 1:
        return None
    (formula,) = fitting
    differing = {
        (o.geometry.image, o.geometry.kernel)
        for o in outputs
        if o.observed is not None and o.observed[place] != o.expected[place]
    }
    return (formula, right) if len(differing) >= 2 else None


def _impossible(geometry: Geometry, wrong: Mapping[int, tuple[_Formula, _Formula]]) -> bool:
    return any(formula.value(axis, geometry) <= 0 for axis, (formula, _) in wrong.items())
