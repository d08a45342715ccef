"""Small line charts as inline SVG, coloured by the page's style and readable without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from markupsafe import Markup

from grader.reports.web.axes import Axis, axis

_WIDTH, _HEIGHT = 340, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 10, 12, 30  # margins around the lines
_MOST_POINTS: Final = 200

Point = tuple[float, float]


def line_chart(
    points: Sequence[Point], *, x: str, label: str, share: bool = False, goal: float | None = None
) -> Markup:
    """A chart of one line.

    Args:
        points: at least one (x, y), in order.
        x: name of the horizontal axis.
        label: what a reader who does not see it is told.
        share: whether y is a share that is written in per cent, from 0 to 1.
        goal: a value of y to reach, drawn as a dashed line.
    """
    points = _thinned(points)
    last = max(point[0] for point in points)
    across = replace(axis(0.0, last), high=last or 1.0)
    values = [point[1] for point in points]
    up = Axis(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0)) if share else axis(min(0.0, *values), max(values))

    def place(point: Point) -> str:
        return f"{_x(point[0], across):.1f},{_y(point[1], up):.1f}"

    parts = [_grid(across, up, share)]
    if goal is not None and up.low <= goal <= up.high:
        height = f"{_y(goal, up):.1f}"
        parts.append(
            Markup('<line class="goal" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
                _LEFT, _WIDTH - _RIGHT, height, height
            )
        )
    parts.append(Markup('<polyline class="line" points="{}"/>').format(" ".join(map(place, points))))
    end = points[-1]
    parts.append(
        Markup('<circle class="end" cx="{:.1f}" cy="{:.1f}" r="3.5"/>').format(_x(end[0], across), _y(end[1], up))
    )
    parts.append(
        Markup('<text class="axis" x="{}" y="{}" text-anchor="end">{} {:g}</text>').format(
            _WIDTH - _RIGHT, _HEIGHT - _BOTTOM + 15, x, across.high
        )
    )
    drawn = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}" class="chart">{}</svg>')
    return drawn.format(_WIDTH, _HEIGHT, label, Markup().join(parts))


def _grid(across: Axis, up: Axis, share: bool) -> Markup:
    lines = [
        Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(
            _LEFT, _WIDTH - _RIGHT, _y(tick, up), _y(tick, up)
        )
        + Markup('<text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
            _LEFT - 6, _y(tick, up) + 4, f"{100 * tick:.0f} %" if share else f"{tick:g}"
        )
        for tick in up.ticks
    ]
    lines += [
        Markup('<text x="{:.1f}" y="{}" text-anchor="{}">{}</text>').format(
            _x(tick, across), _HEIGHT - _BOTTOM + 15, "start" if tick == across.low else "middle", f"{tick:g}"
        )
        for tick in across.ticks
        if tick < 0.7 * across.high  # the name of the axis stands at its end
    ]
    return Markup().join(lines)


def _x(value: float, across: Axis) -> float:
    return _LEFT + (value - across.low) / (across.high - across.low) * (_WIDTH - _LEFT - _RIGHT)


def _y(value: float, up: Axis) -> float:
    return _HEIGHT - _BOTTOM - (value - up.low) / (up.high - up.low) * (_HEIGHT - _TOP - _BOTTOM)


def _thinned(points: Sequence[Point]) -> Sequence[Point]:
    step = -(-len(points) // _MOST_POINTS)
    return points if step <= 1 else [*points[::step], points[-1]]
