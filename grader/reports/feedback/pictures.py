"""The pictures that explain a wrong answer: tables of numbers shaded by size, and the layers of a network.

Only what a check left as evidence is shown; checks leave nothing but answers to public questions there. Evidence may be
of any form: what is not as expected makes no picture.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from grader.reports.feedback.languages import Language

_MOST_SIDE: Final = 16  # rows and columns that a phone still shows
_SHADES: Final = 5
_MOST_LAYERS: Final = 80

Rows = list[list[float | None]]


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of a table: its text, how dark it is (0 to 4), and whether it is wrong or lies in a frame."""

    text: str
    shade: int = 0
    wrong: bool = False
    framed: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of numbers with a caption."""

    caption: str
    rows: Sequence[Sequence[Cell]]

    @property
    def wide(self) -> bool:
        """Whether it needs smaller letters."""
        return bool(self.rows) and len(self.rows[0]) > 6


@dataclass(frozen=True, slots=True)
class Tensors:
    """Got, expected and the difference for one public example, with what went in."""

    caption: str
    grids: Sequence[Grid]
    note: str


@dataclass(frozen=True, slots=True)
class Layer:
    """A row of the table of layers."""

    number: str
    name: str
    output: str
    marked: bool
    expected: str


@dataclass(frozen=True, slots=True)
class Layers:
    """A network's layers, the first one that differs marked."""

    caption: str
    rows: Sequence[Layer]


# ---- tensors ---------------------------------------------------------------------------------------------------------


def tensors(found: Any, _: Language) -> Tensors | None:
    """The picture of `evidence["picture"]`.

    It is a mapping with `got` and `expected`, matrices as lists of rows in which None is no number; `wrong`, a matrix
    of truth values; and as far as known `inputs`, a list of matrices, `kind` (kernel or window) and `window`, the rows
    and columns of the first input that the first wrong value comes from, as [top, left, height, width].
    """
    if not isinstance(found, Mapping):
        return None
    got, expected = _matrix(found.get("got")), _matrix(found.get("expected"))
    if got is None or expected is None:
        return None
    alike = _size(got) == _size(expected)
    wrong = (
        [[not _same(a, b) for a, b in zip(x, y, strict=True)] for x, y in zip(got, expected, strict=True)]
        if alike
        else []
    )
    told: Any = found.get("wrong")
    if alike and _is_matrix_of(told, bool, _size(got)):
        wrong = told
    first = next(((i, j) for i, row in enumerate(wrong) for j, each in enumerate(row) if each), None)
    if alike and first is None:
        return None
    scale = _largest(got, expected)
    inputs, framed = _inputs(found, _)
    grids = [*inputs, Grid(_("Expected"), _cells(expected, scale, frame=first))]
    grids.append(Grid(_("Yours"), _cells(got, scale, wrong=wrong, frame=first)))
    if alike:
        grids.append(Grid(_("Difference"), _differences(got, expected, wrong, first)))
        note = _("Wrong values are underlined and bold; the first of them has a frame.")
        if framed:
            note += " " + _("It comes from the framed part of the input.")
    else:
        note = _(
            "The sizes differ: {expected} are expected, yours has {got}.", expected=_times(expected), got=_times(got)
        )
    return Tensors(_("One example"), grids, note)


def _inputs(found: Mapping[str, Any], _: Language) -> tuple[list[Grid], bool]:
    given = found.get("inputs")
    matrices = [matrix for each in (given if isinstance(given, list) else [])[:3] if (matrix := _matrix(each))]
    window: Any = found.get("window")
    framed = isinstance(window, list) and len(window) == 4 and all(type(each) is int for each in window)
    captions = [_("Input"), _("Kernel") if found.get("kind") == "kernel" else _("Second input"), _("Third input")]
    grids = []
    for number, matrix in enumerate(matrices):
        frame = tuple(window) if framed and number == 0 else None
        grids.append(Grid(captions[number], _cells(matrix, _largest(matrix), window=frame)))
    return grids, framed and bool(matrices)


def _cells(
    values: Rows,
    scale: float,
    *,
    wrong: Sequence[Sequence[bool]] = (),
    frame: tuple[int, int] | None = None,
    window: tuple[int, ...] | None = None,
) -> list[list[Cell]]:
    top, left, height, width = window or (0, 0, 0, 0)
    return [
        [
            Cell(
                _text(value),
                _shade(value, scale),
                bool(wrong and wrong[i][j]),
                (i, j) == frame or (top <= i < top + height and left <= j < left + width),
            )
            for j, value in enumerate(row)
        ]
        for i, row in enumerate(values)
    ]


def _differences(
    got: Rows, expected: Rows, wrong: Sequence[Sequence[bool]], first: tuple[int, int] | None
) -> list[list[Cell]]:
    differences: Rows = [
        [None if a is None or b is None else a - b for a, b in zip(x, y, strict=True)]
        for x, y in zip(got, expected, strict=True)
    ]
    scale = _largest(
        [[d for d, is_wrong in zip(*row, strict=True) if is_wrong] for row in zip(differences, wrong, strict=True)]
    )
    return [
        [
            Cell(_text(d), _shade(d, scale), True, (i, j) == first) if wrong[i][j] else Cell("·")
            for j, d in enumerate(row)
        ]
        for i, row in enumerate(differences)
    ]


def _matrix(value: Any) -> Rows | None:
    """A matrix that fits on a page; a vector counts as one row."""
    if isinstance(value, list) and value and not any(isinstance(each, list) for each in value):
        value = [value]
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_SIDE:
        return None
    width = len(value[0]) if isinstance(value[0], list) else 0
    if not 0 < width <= _MOST_SIDE:
        return None
    rows: Rows = []
    for row in value:
        if not isinstance(row, list) or len(row) != width:
            return None
        if not all(each is None or (isinstance(each, int | float) and not isinstance(each, bool)) for each in row):
            return None
        rows.append([None if each is None or not math.isfinite(each) else float(each) for each in row])
    return rows


def _is_matrix_of(value: Any, kind: type, size: tuple[int, int]) -> bool:
    return (
        isinstance(value, list)
        and len(value) == size[0]
        and all(isinstance(row, list) and len(row) == size[1] and all(type(e) is kind for e in row) for row in value)
    )


def _size(values: Rows) -> tuple[int, int]:
    return len(values), len(values[0])


def _times(values: Rows) -> str:
    height, width = _size(values)
    return f"{height} × {width}"


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-2, abs_tol=1e-2)


def _largest(*matrices: Sequence[Sequence[float | None]]) -> float:
    return max((abs(value) for matrix in matrices for row in matrix for value in row if value is not None), default=0.0)


def _shade(value: float | None, scale: float) -> int:
    if value is None or not scale:
        return 0
    return min(_SHADES - 1, round(abs(value) / scale * (_SHADES - 1)))


def _text(value: float | None) -> str:
    if value is None:
        return "?"
    if value == 0:
        return "0"
    if abs(value) >= 1e4 or abs(value) < 0.005:
        return f"{value:.0e}".replace("e+0", "e").replace("e-0", "e−").replace("-", "−")
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


# ---- layers ----------------------------------------------------------------------------------------------------------


def layers(evidence: Mapping[str, Any], _: Language) -> Layers | None:
    """The convolutions and linear layers of `evidence["trace"]`, rows of [role, output, input], where some differ.

    `evidence["differs"]` is the number of the first one that does, with the row expected there and the row found, of
    which either may be None.
    """
    match evidence.get("differs"):
        case [int() as number, expected, _found]:
            pass
        case _:
            return None
    trace = evidence.get("trace")
    roles = {"convolution": _("convolution"), "linear layer": _("linear layer")}
    rows = []
    for place, each in enumerate((trace if isinstance(trace, list) else [])[:_MOST_LAYERS], 1):
        match each:
            case [str() as role, list() as output, *_rest] if _is_shape(output):
                marked = place == number
                told = _expected(expected, roles, _) if marked else ""
                rows.append(Layer(str(place), roles.get(role, role), _shape(output), marked, told))
    if not rows:
        return None
    if number > len(rows):
        rows.append(Layer(str(number), _("nothing more"), "", True, _expected(expected, roles, _)))
    return Layers(_("The layers of your network; the first one that differs is marked"), rows)


def _expected(row: Any, roles: Mapping[str, str], _: Language) -> str:
    match row:
        case [str() as role, list() as output, *_rest] if _is_shape(output):
            return _("expected here: {layer} with output {shape}", layer=roles.get(role, role), shape=_shape(output))
        case _:
            return _("no further layer is expected")


def _is_shape(value: list[Any]) -> bool:
    return all(type(size) is int for size in value)


def _shape(sizes: Sequence[int]) -> str:
    return " × ".join(map(str, sizes))
