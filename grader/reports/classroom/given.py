"""What a class report is made of: grades and what is known beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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


def by_hand(item: ItemRow) -> bool:
    """Whether a person gave the points that count."""
    return item.below is not None and item.message == MESSAGE
