"""What goes out for each student, and what an export says about it: the records that every format works with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from grader.exports.sheets import Sheet
from grader.joining import Person
from grader.lateness import Penalty
from grader.marks import Mark
from grader.records import Assignment
from grader.roster import Enrolled
from grader.rows import GradeRow


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One student with a mark.

    Args:
        enrolled: who it is, as far as known.
        mark: under the policy.
        row: the stored grade.
        penalty: what lateness costs, and the sentence about it.
        handed_in: ISO 8601 where it is known, else empty.
        stale: why the mark may not be today's, in a sentence; empty where it stands.
    """

    enrolled: Enrolled
    mark: Mark
    row: GradeRow
    penalty: Penalty | None = None
    handed_in: str = ""
    stale: str = ""

    @property
    def id(self) -> str:
        """The student's id in our gradebook."""
        return self.row.student_id

    @property
    def name(self) -> str:
        """The name of the student, or nothing."""
        return self.enrolled.name or self.row.student_name

    def person(self, lms: str) -> Person:
        """What is known of the student, for joining with the rows of that LMS."""
        known = self.enrolled
        lms_id = known.lms.get(lms, "")
        identified = lms_id or known.number or known.login or known.email
        return Person("" if identified else self.id, lms_id, known.number, known.login, known.email, self.name)


class Kind(StrEnum):
    """What may be wrong with one student's mark, as the report calls it."""

    LEFT_OUT = "left out"  # broken, waiting or missing: the cell stays as it is
    UNMATCHED = "not in the file"
    AMBIGUOUS = "ambiguous"
    NO_MARK = "no mark of ours"  # in the file and not in our gradebook
    ABOVE = "above the maximum"
    LOCKED = "locked"  # the LMS would not take it
    STALE = "stale"  # graded before something changed
    NO_PAGE = "no page"  # of feedback
    KEPT = "kept"  # something that people wrote into the file stays


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing to know before the upload; `student` is our id, or the name in the file where we have none."""

    kind: Kind
    student: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Change:
    """One mark, as the file had it and as it has it now."""

    student: str
    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Request:
    """What an export is made of.

    Args:
        outgoing: everybody with a stored grade, and who is known to be missing.
        assignment: with its policy.
        template: the instructor's own file, where there is one.
        column: which of its columns, as the user names it; empty where there is only one to choose.
        provisional: whether marks that are not final go out as well.
        sections: only these, as the file names them; empty for all.
        pages: feedback pages by student id.
        pseudonyms: the key of the gradebook under which students are anonymous.
    """

    outgoing: Sequence[Outgoing]
    assignment: Assignment
    template: Sheet | None = None
    column: str = ""
    provisional: bool = False
    sections: Collection[str] = ()
    pages: Mapping[str, bytes] = field(default_factory=dict)
    pseudonyms: bytes = field(default=b"", repr=False)

    def ready(self, each: Outgoing) -> bool:
        """Whether this mark goes out."""
        return each.mark.final is not None and (self.provisional or not each.mark.reason)


@dataclass(frozen=True, slots=True)
class Result:
    """The files of an export by name, and what is to be said about them."""

    files: Mapping[str, bytes]
    changes: Sequence[Change] = ()
    troubles: Sequence[Trouble] = ()
    unchanged: int = 0


def number(text: str) -> Decimal | None:
    """A number as an LMS writes it, also with a decimal comma; None for anything else."""
    try:
        value = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
