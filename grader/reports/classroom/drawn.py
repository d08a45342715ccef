"""The parts of a report that are pictures: how totals, accuracies and times spread, and how networks learned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from grader.escaping import visible
from grader.records import Status
from grader.reports.classroom import charts, figures
from grader.reports.classroom.charts import Bar
from grader.reports.classroom.figures import Spread
from grader.reports.classroom.given import Class
from grader.reports.classroom.groups import Groups
from grader.reports.classroom.learning import Learning, learning
from grader.reports.web.axes import axis
from grader.rows import GradeRow

_MOST_CURVES = 2_000
_SLOWEST = 5


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture, what it shows, and the numbers that go with it."""

    caption: str
    drawn: Markup
    facts: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Trained:
    """The trainings of one accuracy item."""

    title: str
    anchor: str
    drawings: Sequence[Drawing]


# ---- totals ----------------------------------------------------------------------------------------------------------


def totals(given: Class, groups: Groups) -> list[Drawing]:
    """How the totals spread, and the marks where they are more than sums."""
    percents = [row.percent for row in given.rows]
    found = [_percents("Total", "per cent of the points decided so far", percents, groups)]
    if given.marks is not None:
        finals = [_final(given, row) for row in given.rows]
        found.append(_percents("Mark", "final marks in per cent of the full mark", finals, groups))
    return [each for each in found if each is not None]


def _final(given: Class, row: GradeRow) -> float | None:
    mark = (given.marks or {}).get(row.student_id)
    if mark is None or mark.final is None or mark.reason or not mark.out_of or row.status is Status.MISSING:
        return None
    return float(100 * mark.final / mark.out_of)


def _percents(what: str, x: str, values: Sequence[float | None], groups: Groups) -> Drawing | None:
    known = [value for value in values if value is not None]
    found = figures.spread(known)
    if found is None:
        return None
    highest = max(100.0, 10.0 * -(-max(known) // 10))
    edges = [10.0 * step for step in range(int(highest) // 10 + 1)]
    bars = [
        _bar(low, high, f"{what} {_between(low, high, edges)} %", members, groups)
        for low, high, members in zip(edges, edges[1:], figures.bins(values, edges), strict=False)
    ]
    caption = f"{what}s of {_students(found.count)}"
    label = f"{caption}: {'; '.join(bar.words for bar in bars if bar.count.number)}"
    ticks = [(edge, f"{edge:g}") for edge in edges[::2]]
    drawn = charts.histogram(bars, x=x, label=label, ticks=ticks, marks=[charts.Mark(found.median, "median")])
    return Drawing(caption, drawn, list(_spread_facts(found, "%")))


def _between(low: float, high: float, edges: Sequence[float]) -> str:
    return f"{low:g} to {high:g}" if high == edges[-1] else f"{low:g} to below {high:g}"


def _bar(low: float, high: float, title: str, members: Sequence[int], groups: Groups) -> Bar:
    return Bar(low, high, f"{title}: {_students(len(members))}", groups.of(title, members))


def _students(count: int) -> str:
    return "1 student" if count == 1 else f"{count} students"


def _spread_facts(found: Spread, unit: str, digits: int = 1) -> Iterator[tuple[str, str]]:
    def told(value: float) -> str:
        return f"{value:.{digits}f} {unit}"

    yield "Median", told(found.median)
    yield "Mean", told(found.mean)
    if found.count > 1:
        yield "Middle half", f"{found.lower:.{digits}f} to {told(found.upper)}"
        yield "Standard deviation", told(found.deviation or 0.0)


# ---- training --------------------------------------------------------------------------------------------------------


def trained(given: Class, groups: Groups) -> list[Trained]:
    """Accuracies and curves, an accuracy item each."""
    order = [item.id for item in given.assignment.items]
    titles = {item.id: visible(item.title) for item in given.assignment.items}
    names = [visible(row.student_name or row.student_id) for row in given.rows]
    return [
        Trained(
            titles[each.item],
            f"item-{order.index(each.item) + 1}",
            [_accuracies(each, titles[each.item], groups), *_curves(each, names)],
        )
        for each in learning(given.rows, order)
    ]


def _accuracies(found: Learning, title: str, groups: Groups) -> Drawing:
    values = [None if value is None else 100 * value for value in found.accuracies]
    edges = [5.0 * step for step in range(21)]
    bars = [
        _bar(low, high, f"{title}, accuracy {_between(low, high, edges)} %", members, groups)
        for low, high, members in zip(edges, edges[1:], figures.bins(values, edges), strict=False)
    ]
    known = [value for value in values if value is not None]
    told = figures.spread(known)
    assert told is not None
    floors = [("no credit", found.none), ("full credit", found.full)]
    marks = [charts.Mark(100 * at, name) for name, at in floors if at is not None]
    caption = f"Accuracy of {_students(told.count)} on unseen images"
    ticks = [(edge, f"{edge:g}") for edge in edges[::4]]
    label = f"{caption}: {'; '.join(bar.words for bar in bars if bar.count.number)}"
    drawn = charts.histogram(bars, x="test accuracy in per cent", label=label, ticks=ticks, marks=marks)
    return Drawing(caption, drawn, list(_spread_facts(told, "%")))


def _curves(found: Learning, names: Sequence[str]) -> Iterator[Drawing]:
    reached = [charts.Line(e.reached, e.outcome, names[e.student]) for e in found.curves if len(e.reached) > 1]
    losses = [charts.Line(e.losses, e.outcome, names[e.student]) for e in found.curves if len(e.losses) > 1]
    if reached:
        caption = f"Accuracy on held-out images while training, {_curved(reached)}"
        yield Drawing(caption, charts.curves(_some(reached), x="step", label=caption, share=True, goal=found.full))
    if losses:
        caption = f"Loss while training, {_curved(losses)}"
        yield Drawing(caption, charts.curves(_some(losses), x="step", label=caption, share=False))


def _some(lines: Sequence[charts.Line]) -> Sequence[charts.Line]:
    """As many as an eye can make anything of, from all over the class."""
    return lines[:: -(-len(lines) // _MOST_CURVES)]


def _curved(lines: Sequence[charts.Line]) -> str:
    shown = len(_some(lines))
    return _students(shown) if shown == len(lines) else f"{shown} of {_students(len(lines))}"


# ---- time ------------------------------------------------------------------------------------------------------------


def seconds(given: Class, groups: Groups) -> tuple[Drawing, list[tuple[int, str]]] | None:
    """How long each took, and the slowest by position; None where nothing was run."""
    values = [row.seconds if row.seconds > 0 else None for row in given.rows]
    known = [value for value in values if value is not None]
    found = figures.spread(known)
    if found is None:
        return None
    reach = axis(0.0, max(known))
    step = (reach.ticks[1] - reach.ticks[0]) / 4
    edges = [step * place for place in range(round(reach.high / step) + 1)]
    bars = [
        _bar(low, high, f"Graded in {_between(low, high, edges)} s", members, groups)
        for low, high, members in zip(edges, edges[1:], figures.bins(values, edges), strict=False)
    ]
    label = f"Seconds a submission took: {'; '.join(bar.words for bar in bars if bar.count.number)}"
    ticks = [(tick, f"{tick:g}") for tick in reach.ticks]
    drawn = charts.histogram(bars, x="seconds", label=label, ticks=ticks, marks=[charts.Mark(found.median, "median")])
    facts = [*_spread_facts(found, "s"), ("Altogether", _duration(sum(known)))]
    slowest = sorted(((value, -n) for n, value in enumerate(values) if value is not None), reverse=True)[:_SLOWEST]
    return Drawing(f"Time of {_students(found.count)}", drawn, facts), [(-n, f"{value:.0f} s") for value, n in slowest]


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
