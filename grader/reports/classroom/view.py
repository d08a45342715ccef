"""What a report shows, top to bottom, as plain values; every text that is not ours made visible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from grader.escaping import cell, visible
from grader.records import Status
from grader.reports.classroom import attention, drawn, listed, table
from grader.reports.classroom.attention import Reason
from grader.reports.classroom.drawn import Drawing, Trained
from grader.reports.classroom.given import Class
from grader.reports.classroom.groups import Count, Group, Groups
from grader.reports.classroom.listed import ItemLine, MistakeLine
from grader.reports.classroom.table import Row

_MOST_CASES: Final = 25  # of one reason; the number beside them leads to all
_WORDS: Final = {
    Reason.UNREADABLE: "Could not be read",
    Reason.BROKEN: "Broken while grading: our fault, blank, costs nothing",
    Reason.BANNED: "Calls that a section asks to do without",
    Reason.ODD: "Accuracies that look odd",
    Reason.RECIPE: "Trained by other numbers than asked for",
    Reason.INTAKE: "Who is who: from intake.csv",
}


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One thing to look at: whose, in which item, and why; `href` leads to the place in the feedback page."""

    name: str
    anchor: str  # of the row; empty where it is nobody's
    href: str
    item: str
    why: str


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """Everything to look at for one reason."""

    words: str
    count: Count  # of students
    cases: Sequence[CaseLine]
    more: int  # cases that are not shown


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on a page."""

    assignment: str
    graded: str  # when, by the day
    states: Mapping[str, Count]
    handed_in: Count
    late: Count
    totals: Sequence[Drawing]
    reasons: Sequence[ReasonLine]
    by_people: Sequence[tuple[int, str, Count]]  # marks, of what, and of how many students
    waiting: Sequence[tuple[str, str, Count]]  # written answers: anchor and title of the item
    items: Sequence[ItemLine]
    explained: Sequence[MistakeLine]
    others: Sequence[MistakeLine]
    trained: Sequence[Trained]
    due: str
    timings: Sequence[tuple[str, Count]]
    conditions: Sequence[tuple[str, Sequence[tuple[str, Count]]]]
    seconds: Drawing | None
    slowest: Sequence[tuple[Row, str]]
    missing: Count
    rows: Sequence[Row]
    unlisted: int  # how many students the table does not list
    groups: Sequence[Group]
    similar: str

    @property
    def names(self) -> Mapping[int, str]:
        """Of the students that the table lists, by position."""
        return {row.position: row.name for row in self.rows}

    @property
    def marked(self) -> bool:
        """Whether marks are more than sums."""
        return len(self.totals) > 1 or any(row.mark for row in self.rows)

    @property
    def sections(self) -> bool:
        """Whether the course has sections."""
        return any(row.section for row in self.rows)


def of(given: Class) -> Page:
    """The page of a class."""
    groups = Groups()
    states = listed.states(given, groups)
    lines = listed.items(given, groups)
    explained, others = listed.common(given, groups)
    timed = drawn.seconds(given, groups)
    timings = listed.timings(given, groups)
    late = [n for n, row in enumerate(given.rows) if table.late(given.penalties.get(row.student_id))]
    there = listed.handed_in(given)
    reasons, cases = _reasons(given, groups)
    slowest = timed[1] if timed else []
    positions = table.listed(given, [*(position for position, _ in slowest), *cases])
    return Page(
        assignment=visible(given.assignment.title or given.assignment.name),
        graded=visible(max((row.started[:10] for row in given.rows if row.started), default="")),
        states={status.value: count for status, count in states.items()},
        handed_in=groups.of("Handed in", there),
        late=groups.of("Late", late),
        totals=drawn.totals(given, groups),
        reasons=reasons,
        by_people=listed.by_people(given, groups),
        waiting=[
            (line.anchor, line.title, count)
            for line in lines
            for word, count in line.counts
            if word == "waiting" and count.number
        ],
        items=lines,
        explained=explained,
        others=others,
        trained=drawn.trained(given, groups),
        due="" if given.assignment.due is None else f"{given.assignment.due:%Y-%m-%d %H:%M}",
        timings=timings,
        conditions=listed.conditions(given, groups),
        seconds=timed[0] if timed else None,
        slowest=[(table.row(given, position), told) for position, told in slowest],
        missing=states[Status.MISSING],
        rows=[table.row(given, position) for position in positions],
        unlisted=len(given.rows) - len(positions),
        groups=groups.among(set(positions)),
        similar=given.similar,
    )


def _reasons(given: Class, groups: Groups) -> tuple[list[ReasonLine], list[int]]:
    """What to look at, and the positions of whom, those with a link to their row first."""
    # As intake.csv writes ids: with an apostrophe before what a spreadsheet would take for a formula.
    known = {cell(row.student_id): position for position, row in enumerate(given.rows)}
    found = attention.cases(given.rows, given.notes, known)
    lines: list[ReasonLine] = []
    shown, others = [], []
    for reason, words in _WORDS.items():
        cases = [case for case in found if case.reason is reason]
        if cases:
            count = groups.of(words, (case.student for case in cases if case.student is not None))
            shown += cases[:_MOST_CASES]
            others += cases[_MOST_CASES:]
            told = [_case(case, given) for case in cases[:_MOST_CASES]]
            lines.append(ReasonLine(words, count, told, len(cases) - len(told)))
    return lines, [case.student for case in (*shown, *others) if case.student is not None]


def _case(case: attention.Case, given: Class) -> CaseLine:
    if case.student is None:
        return CaseLine(visible(case.who), "", "", "", visible(case.why))
    row = table.row(given, case.student)
    item = given.rows[case.student].items[case.place - 1] if case.place else None
    href = f"{row.page}#item-{case.place}" if row.page and item else row.page
    return CaseLine(row.name, f"s{case.student}", href, visible(item.title) if item else "", visible(case.why))
