"""Put marks into an instructor's file: who is in which row, what goes where, and what the LMS would refuse."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from grader import roster
from grader.errors import CourseError, UsageError
from grader.exports import feedback
from grader.exports.outgoing import Change, Kind, Outgoing, Request, Trouble, number
from grader.exports.sheets import Sheet, written
from grader.joining import Person, join
from grader.marks import written as plain
from grader.records import Status

_EMPTY: Final = ("", "-")


@dataclass(frozen=True, slots=True)
class Slot:
    """One student's row in the file.

    Args:
        row: its position.
        person: what the file tells of the student.
        section: of the course, where the file tells it.
        maximum: the greatest mark that the LMS takes for this student, where the file tells it.
        locked: why the LMS would not take a mark; empty where it would.
        newer: why a mark graded at a time (ISO 8601) is not of what lies in the LMS; empty where it is.
    """

    row: int
    person: Person
    section: str = ""
    maximum: Decimal | None = None
    locked: str = ""
    newer: Callable[[str], str] = lambda graded: ""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is in one kind of file.

    Args:
        lms: as `Enrolled.lms` calls it.
        slots: a row for each student.
        column: of the marks.
        title: of that column.
        above: what the LMS does with a mark above the maximum, in a sentence.
        drops_above: whether it drops such a row in silence, so that none is written.
        feedback: the column of comments as HTML, or None.
        beside: what goes into further columns of a row with feedback.
    """

    lms: str
    slots: Sequence[Slot]
    column: int
    title: str
    above: str
    drops_above: bool = False
    feedback: int | None = None
    beside: Mapping[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Filling:
    """What is gathered while one file is filled in."""

    changes: dict[tuple[int, int], str] = field(default_factory=dict)
    told: list[Change] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    unchanged: int = 0

    def trouble(self, kind: Kind, student: str, sentence: str) -> None:
        self.troubles.append(Trouble(kind, student, sentence))


@dataclass(frozen=True, slots=True)
class Filled:
    """The file with marks, and what is to be said about them."""

    content: bytes
    changes: Sequence[Change]
    troubles: Sequence[Trouble]
    unchanged: int


def fill(sheet: Sheet, layout: Layout, request: Request) -> Filled:
    """Put the marks into their rows; whoever cannot have one is told of and keeps what stands there.

    Raises:
        CourseError: the column has other points than the marks are out of.
    """
    _same_points(layout, request)
    slots = [slot for slot in layout.slots if _asked_for(slot.section, request)]
    ours = [each for each in request.outgoing if _asked_for(each.enrolled.section, request)]
    joined = join([each.person(layout.lms) for each in ours], [slot.person for slot in slots])
    filling = _Filling()
    comma = _decimal_comma(sheet, layout)
    for match in joined.matches:
        _one(ours[match.ours], slots[match.theirs], sheet, layout, request, filling, comma)
    for apart in joined.apart:
        each = ours[apart.ours]
        if apart.candidates:
            names = "; ".join(_called(slots[one]) for one in apart.candidates)
            filling.trouble(Kind.AMBIGUOUS, each.id, f"{apart.reason}: {names}")
        else:
            filling.trouble(Kind.UNMATCHED, each.id, "no row of the file is this student's")
    for position in joined.unclaimed:
        filling.trouble(Kind.NO_MARK, _called(slots[position]), "in the file, not in our gradebook; left as it is")
    return Filled(written(sheet, filling.changes), filling.told, filling.troubles, filling.unchanged)


def _one(
    each: Outgoing, slot: Slot, sheet: Sheet, layout: Layout, request: Request, filling: _Filling, comma: bool
) -> None:
    if not request.ready(each):
        filling.trouble(Kind.LEFT_OUT, each.id, each.mark.reason)
        return
    old = sheet.value(slot.row, layout.column)
    if old.strip() not in _EMPTY and number(old) is None:
        filling.trouble(Kind.KEPT, each.id, f"the file says {old.strip()!r}, which stays")
        return
    assert each.mark.final is not None  # ready
    final = each.mark.final
    if stale := each.stale or slot.newer(each.row.started):
        filling.trouble(Kind.STALE, each.id, stale)
    if slot.maximum is not None and final > slot.maximum:
        filling.trouble(Kind.ABOVE, each.id, f"{plain(final)} of {plain(slot.maximum)}: {layout.above}")
        if layout.drops_above:
            return
    if slot.locked:
        filling.trouble(Kind.LOCKED, each.id, slot.locked)
        return
    if number(old) == final:
        filling.unchanged += 1
    else:
        new = plain(final).replace(".", ",") if comma else plain(final)
        filling.changes[slot.row, layout.column] = new
        filling.told.append(Change(each.id, each.name, old.strip(), new))
    if layout.feedback is not None and each.row.status is not Status.MISSING:
        _comment(each, slot, sheet, layout, layout.feedback, filling)


def _comment(each: Outgoing, slot: Slot, sheet: Sheet, layout: Layout, column: int, filling: _Filling) -> None:
    stands = sheet.value(slot.row, column)
    if stands.strip() not in _EMPTY and not feedback.ours(stands):
        filling.trouble(Kind.KEPT, each.id, "feedback that people wrote stays; ours is not added")
        return
    new = feedback.html(each)
    if new != stands:
        filling.changes[slot.row, column] = new
        filling.changes |= {(slot.row, other): text for other, text in layout.beside.items()}


def _same_points(layout: Layout, request: Request) -> None:
    """Refuse to put 8 of 100 points into a column of 10."""
    maxima = {slot.maximum for slot in layout.slots if slot.maximum is not None}
    ours = Counter(each.mark.out_of for each in request.outgoing if each.mark.final is not None)
    if len(maxima) == 1 and ours and maxima.isdisjoint(ours):
        theirs, marks = plain(maxima.pop()), plain(ours.most_common(1)[0][0])
        raise CourseError(
            f"the column {layout.title!r} has {theirs} points, our marks are out of {marks}: write"
            f" `policy: {{out_of: {theirs}}}` into rubric.yaml to scale them, or change the points in the LMS and"
            " download the file again"
        )


def _asked_for(section: str, request: Request) -> bool:
    """Whether a section is wanted. Who is in none that is known is wanted."""
    return not request.sections or not section or roster.within(section, request.sections)


def _decimal_comma(sheet: Sheet, layout: Layout) -> bool:
    return any(re.fullmatch(r"\s*\d+,\d+\s*", sheet.value(row, layout.column)) for row in range(1, len(sheet.rows)))


def _called(slot: Slot) -> str:
    person = slot.person
    known = person.number or person.login or person.email or person.lms_id
    return f"{person.name} ({known})" if person.name and known else person.name or known


def choose(columns: Mapping[int, Sequence[str]], wanted: str, what: str) -> int:
    """The column that the user means.

    Args:
        columns: by position everything that the column is called, its whole header first.
        wanted: the user's word; empty where there is nothing to choose.
        what: the kind of file, for messages.

    Raises:
        UsageError: none, or several.
    """
    fitting = [place for place, names in columns.items() if wanted in names or not wanted]
    if len(fitting) == 1:
        return fitting[0]
    headers = [names[0] for names in columns.values()]
    if not headers:
        raise UsageError(f"the {what} file has no column of marks; download it again with the assignment in it")
    if wanted and not fitting:
        # HW2 is like HW3 and another homework: only a name that holds the word is suggested, else all are told.
        holding = [header for header in headers if wanted.casefold() in header.casefold()]
        told = f"did you mean {holding[0]!r}?" if len(holding) == 1 else f"there are {', '.join(map(repr, headers))}"
        raise UsageError(f"the {what} file has no column {wanted!r}; {told}")
    raise UsageError(f"the {what} file has several columns of marks; give --column with one of {', '.join(headers)}")
