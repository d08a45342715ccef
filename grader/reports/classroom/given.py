"""What a class report is made of: grades and what is known beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grader import __version__
from grader.decisions import MESSAGE
from grader.lateness import Penalty
from grader.marks import Mark
from grader.records import Assignment
from grader.rows import GradeRow, ItemRow


@dataclass(frozen=True, slots=True)
class Note:
    """A line of intake.csv that a person should look at: a doubt about a student, or a file that is nobody's."""

    student: str
    file: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Class:
    """Everything a report is made of.

    Args:
        assignment: as the rubric has it.
        rows: the current grades, and one without anything for everybody who handed in nothing.
        marks: by student id, where a policy or lateness makes them more than sums; else None.
        penalties: what lateness costs, by student id.
        sections: of the course, by student id.
        pages: links to feedback pages, by student id.
        notes: what the intake wants a person to look at.
        similar: link to the report on similar submissions; empty where there is none.
    """

    assignment: Assignment
    rows: Sequence[GradeRow]
    marks: Mapping[str, Mark] | None = None
    penalties: Mapping[str, Penalty] = field(default_factory=dict)
    sections: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[Note] = ()
    similar: str = ""

    @property
    def stamp(self) -> str:
        """A hash of all that the report depends on, but for our code; evidence is told by when a grade was made."""
        grades = [
            (row.student_id, row.started, row.key, row.status, row.problem, [_told(item) for item in row.items])
            for row in self.rows
        ]
        beside = (self.marks, self.penalties, self.sections, self.pages, self.notes, self.similar)
        return hashlib.sha256(
            repr((__version__, self.assignment, grades, beside)).encode("utf-8", "replace")
        ).hexdigest()


def by_hand(item: ItemRow) -> bool:
    """Whether a person gave the points that count."""
    return item.below is not None and item.message == MESSAGE


def _told(item: ItemRow) -> tuple[object, ...]:
    return item.item, item.outcome, item.earned, item.possible, item.message
