"""Drawings of a class as inline SVG: bars that are links to the students in them, and all curves in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from grader.records import Outcome
from grader.reports.classroom.groups import Count
from grader.reports.web.axes import Axis, axis

_WIDTH, _HEIGHT = 380, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 14, 30, 34  # margins around what is drawn
_GAP: Final = 0.12  # of a bar's width stays free between it and the next
_MOST_POINTS: Final = 24  # of one curve


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a histogram: from where to where, what a reader hears of it, and who is in it."""

    low: float
    high: float
    words: str
    count: Count


@dataclass(frozen=True, slots=True)
class Mark:
    """A dashed line at a value, with its name."""

    at: float
    name: str


@dataclass(frozen=True, slots=True)
class Line:
    """One student's curve: its points, what became of the item, and whose it is."""

    points: Sequence[tuple[float, float]]
    outcome: Outcome
    name: str


def histogram(
    bars: Sequence[Bar], *, x: str, label: str, ticks: Sequence[tuple[float, str]], marks: Sequence[Mark] = ()
) -> Markup:
    """A histogram whose bars link to the lists of their students.

    Args:
        bars: side by side, from left to right.
        x: name of the horizontal axis.
        label: what a reader who does not see it is told.
        ticks: values along the horizontal axis, and how they are written.
        marks: values that are shown among the bars.
    """
    across = Axis(bars[0].low, bars[-1].high, ())
    up = axis(0.0, float(max(bar.count.number for bar in bars)), whole=True)
    parts = [_heights(up, "")]
    for place, mark in enumerate(marks):
        at = _x(min(max(mark.at, across.low), across.high), across)
        end = at > _WIDTH / 2
        parts.append(
            Markup('<line class="goal" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>').format(
                at, 8 + 11 * place, _HEIGHT - _BOTTOM
            )
            + Markup('<text class="name" x="{:.1f}" y="{}" text-anchor="{}">{}</text>').format(
                at + (-4 if end else 4), 15 + 11 * place, "end" if end else "start", mark.name
            )
        )
    parts += [_bar(bar, across, up) for bar in bars if bar.count.number]
    parts += [_tick(_x(at, across), text) for at, text in ticks]
    parts.append(_axis_name(x))
    return _drawn(parts, label, "group")


def curves(lines: Sequence[Line], *, x: str, label: str, share: bool, goal: float | None = None) -> Markup:
    """All curves in one picture, each of which tells its name when pointed at.

    Args:
        lines: at least one, with two points or more.
        x: name of the horizontal axis.
        label: what a reader who does not see it is told.
        share: whether y is a share that is written in per cent.
        goal: a value of y to reach, drawn as a dashed line.
    """
    last = max(point[0] for line in lines for point in line.points)
    highest = max(point[1] for line in lines for point in line.points)
    across = Axis(0.0, last or 1.0, axis(0.0, last).ticks)
    up = Axis(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0)) if share else axis(0.0, highest)
    parts = [_heights(up, "%" if share else "")]
    many = " many" if len(lines) > 40 else ""
    parts.append(Markup('<g class="curves{}">').format(many))
    for line in lines:
        path = "L".join(f"{_x(px, across):.0f} {_y(py, up):.0f}" for px, py in _thinned(line.points))
        parts.append(
            Markup('<path class="{}" d="M{}"><title>{}</title></path>').format(line.outcome.value, path, line.name)
        )
    parts.append(Markup("</g>"))
    if goal is not None:
        height = _y(goal, up)
        parts.append(
            Markup('<line class="goal" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(
                _LEFT, _WIDTH - _RIGHT, height, height
            )
        )
    parts += [_tick(_x(tick, across), f"{tick:g}") for tick in across.ticks if tick <= across.high]
    parts.append(_axis_name(x))
    return _drawn(parts, label, "img")


def stack(shares: Sequence[tuple[str, int]]) -> Markup:
    """A bar of coloured pieces, such as how many passed and failed; the numbers stand beside it."""
    whole = sum(count for _, count in shares) or 1
    pieces, left = [], 0.0
    for name, count in shares:
        width = 100 * count / whole
        if count:
            pieces.append(Markup('<rect class="{}" x="{:.2f}" width="{:.2f}" height="4"/>').format(name, left, width))
        left += width
    drawn = Markup('<svg class="bar stack" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">{}</svg>')
    return drawn.format(Markup().join(pieces))


def _bar(bar: Bar, across: Axis, up: Axis) -> Markup:
    left, right = _x(bar.low, across), _x(bar.high, across)
    free = _GAP * (right - left) / 2
    top = _y(bar.count.number, up)
    drawn = Markup(
        '<a href="#{}" aria-label="{}"><rect class="hit" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>'
        '<rect class="piece" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2"/>'
        '<text class="count" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text></a>'
    )
    return drawn.format(
        bar.count.anchor, bar.words, left, _TOP - 12, right - left, _HEIGHT - _BOTTOM - _TOP + 12, left + free, top,
        right - left - 2 * free, _HEIGHT - _BOTTOM - top, (left + right) / 2, top - 4, bar.count.number,
    )  # fmt: skip


def _heights(up: Axis, unit: str) -> Markup:
    line = Markup(
        '<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
        '<text x="{}" y="{:.1f}" text-anchor="end">{}</text>'
    )
    return Markup().join(
        line.format(_LEFT, _WIDTH - _RIGHT, _y(tick, up), _y(tick, up), _LEFT - 6, _y(tick, up) + 4,
                    f"{100 * tick:.0f} %" if unit else f"{tick:g}")
        for tick in up.ticks
    )  # fmt: skip


def _tick(at: float, text: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(at, _HEIGHT - _BOTTOM + 14, text)


def _axis_name(text: str) -> Markup:
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    return Markup('<text class="name" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
        middle, _HEIGHT - 5, text
    )


def _drawn(parts: Sequence[Markup], label: str, role: str) -> Markup:
    svg = Markup('<svg viewBox="0 0 {} {}" role="{}" aria-label="{}" class="chart">{}</svg>')
    return svg.format(_WIDTH, _HEIGHT, role, label, Markup().join(parts))


def _x(value: float, across: Axis) -> float:
    return _LEFT + (value - across.low) / ((across.high - across.low) or 1.0) * (_WIDTH - _LEFT - _RIGHT)


def _y(value: float, up: Axis) -> float:
    return _HEIGHT - _BOTTOM - (value - up.low) / (up.high - up.low) * (_HEIGHT - _TOP - _BOTTOM)


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    step = -(-len(points) // _MOST_POINTS)
    return points if step <= 1 else [*points[:-1:step], points[-1]]
