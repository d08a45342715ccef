"""The table of a class: a row for each student it lists, with a cell for each item."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from grader.escaping import visible
from grader.lateness import Penalty, Timing
from grader.marks import written
from grader.records import Outcome, Status
from grader.reports.classroom.given import Class, by_hand
from grader.rows import ItemRow, number


@dataclass(frozen=True, slots=True)
class Cell:
    """What became of an item: points, or a sign where there are none; and of `Outcome`, for the style."""

    text: str
    outcome: str


# Ten thousand take a browser some seconds and 12 MB; whoever has more students looks them up in grades.csv.
MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """One student as the table shows them; `late` is days with the sentence about them."""

    position: int  # in the class
    name: str
    id: str
    page: str
    section: str
    status: str
    status_words: str
    total: str
    percent: str
    mark: str
    late: str
    told: str
    cells: Sequence[Cell]


def listed(given: Class, first: Iterable[int]) -> list[int]:
    """The positions of the students that the table lists, in order: everybody, or as many as it holds.

    Args:
        given: the class.
        first: who is listed in any case, as far as there is room; after them who needs staff, and who waits.
    """
    order = dict.fromkeys(first)
    for status in (Status.NEEDS_STAFF, Status.PROVISIONAL, Status.GRADED, Status.MISSING):
        order.update((position, None) for position, row in enumerate(given.rows) if row.status is status)
    return sorted(list(order)[:MOST])


def late(penalty: Penalty | None) -> bool:
    """Whether a submission is shown as late."""
    return penalty is not None and penalty.timing in (Timing.LATE, Timing.CUT_OFF)


def cell(item: ItemRow | None) -> Cell:
    """The cell of an item; nothing where the grade does not know it."""
    if item is None:
        return Cell("", "")
    match item.outcome:
        case Outcome.WAITING:
            text = "…"
        case Outcome.BROKEN:
            text = "!"
        case Outcome.SKIPPED:
            text = f"{number(item.earned)} ↷"
        case _:
            text = number(item.earned)
    return Cell(f"{text} *" if by_hand(item) else text, item.outcome.value)


def status_words(status: Status) -> str:
    """What the status means to an instructor."""
    match status:
        case Status.GRADED:
            return "final"
        case Status.PROVISIONAL:
            return "waits for a reader"
        case Status.NEEDS_STAFF:
            return "needs staff"
        case Status.MISSING:
            return "missing"


def row(given: Class, position: int) -> Row:
    """The row of a student."""
    row = given.rows[position]
    found = {item.item: item for item in row.items}
    mark = given.marks.get(row.student_id) if given.marks is not None else None
    penalty = given.penalties.get(row.student_id)
    return Row(
        position=position,
        name=visible(row.student_name or row.student_id),
        id=visible(row.student_id),
        page=given.pages.get(row.student_id, ""),
        section=visible(given.sections.get(row.student_id, "")),
        status=row.status.value,
        status_words=status_words(row.status),
        total=f"{number(row.earned)} / {number(row.possible)}" if row.possible else "",
        percent="" if row.percent is None else f"{row.percent:.1f}",
        mark="" if mark is None or mark.final is None else written(mark.final) + (" ?" if mark.reason else ""),
        late=f"{penalty.days} d" if penalty and late(penalty) else "",
        told=visible(penalty.sentence) if penalty else "",
        cells=[cell(found.get(item.id)) for item in given.assignment.items],
    )
