"""The class as the gradebook has it now, kept in memory: loading 60,000 items takes longer than anybody waits.

What a grader or another teacher adds meanwhile is read whenever a page is asked for, and only that.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import decisions, listing, packing
from grader.decisions import Decision, Footing, Kind
from grader.gradebook import Gradebook
from grader.kernel.channel import ProtocolError
from grader.listing import CodeCell
from grader.records import Assignment, Item, Outcome
from grader.roster import Enrolled
from grader.rows import GradeRow, ItemRow


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of one student, as the check left it and as people decided."""

    row: GradeRow
    item: ItemRow
    mark: Decision | None  # a person's, that stands
    comment: Decision | None
    footing: Footing
    newest: int  # id of the newest decision about it; 0 for none

    @property
    def student(self) -> str:
        """Whose it is."""
        return self.row.student_id

    @property
    def unmarked(self) -> bool:
        """Whether it waits for a person."""
        return not self.item.outcome.decided


class Classroom:
    """The current grades of one assignment with what people decided about them.

    Args:
        path: of the gradebook.
        assignment: as the rubric has it now.
    """

    def __init__(self, path: Path, assignment: Assignment) -> None:
        self.book = Gradebook.beside(path)
        self.assignment = assignment
        self.items: Mapping[str, Item] = {item.id: item for item in assignment.items}
        self.enrolled: dict[str, Enrolled] = {}
        self.rows: dict[str, GradeRow] = {}  # as people decided, by student id
        self._recorded: dict[str, GradeRow] = {}
        self._decisions: dict[str, list[Decision]] = {}
        self._seen = (0, 0, 0)
        self._key = self.book.pseudonym_key
        self._aliases: dict[str, dict[str, str]] = {}

    def refresh(self) -> None:
        """Read what is new."""
        now = self.book.newest()
        if now == self._seen:
            return
        count, grade, decision = self._seen
        if now[0] < count or not self._seen[1]:  # somebody was forgotten, or nothing is known yet
            self._recorded, self._decisions, self.rows, self.enrolled, grade, decision = {}, {}, {}, {}, 0, 0
        name = self.assignment.name
        grades = {row.student_id: row for row in self.book.recorded_since(name, grade)}
        added = self.book.decisions(name, since=decision)
        self._recorded |= grades
        for each in added:
            self._decisions.setdefault(each.student_id, []).append(each)
        for student in {*grades, *(each.student_id for each in added)} & self._recorded.keys():
            self.rows[student] = decisions.decided(self._recorded[student], self.decisions(student))
        if grades or not self.enrolled:
            self.enrolled = {person.student_id: person for person in self.book.roster(name)}
            self._aliases = {}
        self._seen = now

    def decisions(self, student: str) -> Sequence[Decision]:
        """What people decided about a student, oldest first."""
        return self._decisions.get(student, ())

    def everything(self) -> Iterator[Decision]:
        """All decisions, student by student."""
        for each in self._decisions.values():
            yield from each

    def name(self, student: str) -> str:
        """A student's name, as far as it is known."""
        person = self.enrolled.get(student)
        return (person.name if person else "") or self.rows[student].student_name

    def entries(self, student: str) -> list[Entry]:
        """All items of a student."""
        row, known = self.rows[student], self.decisions(student)
        marks, comments = decisions.marks(known), decisions.comments(known)
        newest = {each.item: each.id for each in known}
        return [
            Entry(row, item, mark, comments.get(item.item), _footing(row, item, mark), newest.get(item.item, 0))
            for item in row.items
            for mark in (marks.get(item.item),)
        ]

    def entry(self, student: str, item: str) -> Entry | None:
        """One item of a student; None where the grade has none of this name."""
        return next((each for each in self.entries(student) if each.item.item == item), None)

    def written(self) -> list[Item]:
        """The items that a person marks."""
        waiting = {item.item for row in self.rows.values() for item in row.items if _read_by_people(item)}
        return [item for item in self.assignment.items if item.id in waiting]

    def queue(self, item: str) -> dict[str, bool]:
        """By student, in an order that tells nothing: whether their answer is still unmarked."""
        found = {}
        for student in self.aliases(item).values():
            here = next((each for each in self.rows[student].items if each.item == item), None)
            if here is not None and _read_by_people(here):
                found[student] = not here.outcome.decided
        return found

    def aliases(self, item: str) -> dict[str, str]:
        """Students by a name that hides who they are, another one for each item."""
        if item not in self._aliases:
            known = {self.alias(item, student): student for student in self.rows}
            self._aliases[item] = dict(sorted(known.items()))
        return self._aliases[item]

    def alias(self, item: str, student: str) -> str:
        """What a student is called while this item is marked."""
        return hmac.digest(self._key, f"{item}\0{student}".encode("utf-8", "replace"), hashlib.sha256).hex()[:10]

    def code(self, student: str) -> Sequence[CodeCell]:
        """The code cells that were graded, in order; none where an earlier grader did not keep them."""
        newest = next(self.book.recorded(self.assignment.name, student), None)
        if newest is None:
            return ()
        try:
            return listing.load(packing.split(newest[1])[listing.ITEM])
        except (KeyError, ProtocolError):
            return ()

    def bank(self, item: str) -> list[str]:
        """Comments that were given for this item before, the most frequent first."""
        given: Counter[str] = Counter()
        for student in self._decisions:
            comment = decisions.comments(each for each in self.decisions(student) if each.item == item).get(item)
            if comment:
                given[comment.text.strip()] += 1
        return [text for text, _ in given.most_common()]

    def left_open(self, kind: Kind) -> list[Decision]:
        """Requests without an answer, or wishes that no grader has carried out; oldest first."""
        known = (self.decisions(student) for student in self._decisions)
        found = [each for mine in known for each in decisions.left_open(mine, kind)]
        return sorted(found, key=lambda each: each.id)

    def unsettled(self) -> list[Entry]:
        """Marks of people below which something has changed since."""
        marked = {each.student_id for each in self.everything() if each.kind is Kind.POINTS} & self.rows.keys()
        entries = (each for student in sorted(marked) for each in self.entries(student))
        return [each for each in entries if each.mark and each.footing is not Footing.SAME]

    def broken(self) -> dict[str, list[str]]:
        """By item the students for whom it is broken; under an empty name those of whom nothing could be read."""
        found: dict[str, list[str]] = {}
        for student, row in self.rows.items():
            for item in row.items:
                if item.outcome is Outcome.BROKEN:
                    found.setdefault(item.item, []).append(student)
            if row.problem:
                found.setdefault("", []).append(student)
        return found


def _footing(row: GradeRow, item: ItemRow, mark: Decision | None) -> Footing:
    return decisions.footing(row, item, mark) if mark else Footing.SAME


def _read_by_people(item: ItemRow) -> bool:
    return item.checked.outcome is Outcome.WAITING
