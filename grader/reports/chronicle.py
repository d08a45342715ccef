"""What happened to one student's grade, in time order, and why: a pure function of grades and decisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from grader.decisions import Decision, Kind
from grader.escaping import visible
from grader.reports import reasons
from grader.rows import GradeRow, ItemRow, number

_SHOWN: Final = 8  # moved items in one line

_KINDS: Final = {
    Kind.POINTS: "marked",
    Kind.COMMENT: "commented on",
    Kind.REQUEST: "request about",
    Kind.ANSWER: "answered the request about",
    Kind.REGRADE: "asked to grade again",
    Kind.RAN: "graded again as asked",
    Kind.UNDO: "undid a decision about",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One grade or one decision.

    Args:
        at: ISO 8601, UTC.
        who: a person, or `grader` with its version.
        what: what was done.
        why: what made it necessary.
        changed: the marks that are others than before, each as `item old -> new`.
        decision: its id; 0 for a grade.
    """

    at: str
    who: str
    what: str
    why: str = ""
    changed: tuple[str, ...] = ()
    decision: int = 0


def events(history: Sequence[GradeRow], decided: Sequence[Decision]) -> list[Event]:
    """Everything that happened, oldest first.

    Args:
        history: the student's grades as recorded, newest first.
        decided: what people decided about the student, oldest first.
    """
    found = [*_grades(history[::-1]), *map(_decision, decided)]
    return sorted(found, key=lambda each: each.at)  # stable: of one second the grade comes first


def history_table(told: Sequence[Event]) -> Table:
    """The events as a table of a terminal."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("when (UTC)", no_wrap=True)
    table.add_column("who")
    for name in ("what", "why"):
        table.add_column(name, overflow="fold")
    for each in told:
        what = "\n".join([each.what, *each.changed[:_SHOWN]])
        more = len(each.changed) - _SHOWN
        if more > 0:
            what += f"\n... and {more} more"
        table.add_row(*(Text(part) for part in (each.at[:16].replace("T", " "), visible(each.who), what, each.why)))
    return table


def _grades(oldest_first: Sequence[GradeRow]) -> Iterator[Event]:
    before: GradeRow | None = None
    for row in oldest_first:
        changed = tuple(_changed(before, row)) if before else ()
        points = f"{number(row.earned)} of {number(row.possible)}" if row.items else visible(row.problem)
        ran = row.seconds > 0 or before is None
        what = f"{'graded' if ran else 'rescored'}: {points}"
        yield Event(row.started, f"grader {row.grader_version}", what, _why(before, row), changed)
        before = row


def _why(before: GradeRow | None, row: GradeRow) -> str:
    """What of the things a grade depends on is another than before."""
    if before is None:
        return f"first grade of {visible(row.submission)}"
    told = []
    if before.sha256 != row.sha256:
        told.append(f"another submission ({visible(row.submission)})")
    if (before.profile, before.device) != (row.profile, row.device):
        told.append(f"profile {row.profile} on {row.device}")
    if before.sha256 == row.sha256:
        was = {item.item: item for item in before.items}
        found: dict[str, list[str]] = {}
        for item in row.items:
            why = reasons.reason(before, row, was.get(item.item), item)
            found.setdefault(why, []).append(item.item)
        told += [f"{why}: {_listed(items)}" for why, items in found.items() if why != reasons.AGAIN]
    if before.grader_version != row.grader_version:
        told.append(f"version {before.grader_version} of the grader before")
    return "; ".join(told) or "graded again"


def _decision(each: Decision) -> Event:
    about = visible(each.item) or "the whole"
    what = f"{_KINDS[each.kind]} {about}"
    changed: tuple[str, ...] = ()
    if each.kind is Kind.POINTS:
        below = each.beneath
        old = f"{number(below.earned)}/{number(below.possible)}" if below and below.outcome.decided else "?"
        mark = f"{number(each.points or 0.0)}/{number(each.possible or 0.0)}"
        changed = (f"{about} {old} -> {mark}",)
    elif each.text:
        what += f": {visible(each.text)}"
    return Event(each.at, each.who, what, visible(each.why), changed, each.id)


def _changed(before: GradeRow, row: GradeRow) -> Iterator[str]:
    was = {item.item: item for item in before.items}
    for item in row.items:
        old, new = _mark(was.get(item.item)), _mark(item)
        if old != new:
            yield f"{visible(item.item)} {old} -> {new}"


def _mark(item: ItemRow | None) -> str:
    if item is None:
        return "nothing"
    return f"{number(item.earned)}/{number(item.possible)}" if item.outcome.decided else item.outcome.value


def _listed(items: Sequence[str]) -> str:
    named = ", ".join(map(visible, items[:_SHOWN]))
    return named + (f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else "")
