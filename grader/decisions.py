"""What people decide about stored grades, and the grade that comes of it: pure functions of rows.

A decision is never changed. It is undone by another one, and that by a third; what no standing decision undoes stands.

    points    a mark, for a written answer or in place of an automatic one; the newest that stands counts
    comment   what the student reads beside the item; the newest that stands counts, an empty one is none
    request   a student asks for another look
    answer    what became of a request, which it closes
    regrade   somebody asks for an item to be run anew
    ran       the next grader has done so
    undo      of any of them
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from grader import scoring
from grader.records import Outcome, Status
from grader.rows import GradeRow, ItemRow

MESSAGE: Final = "Marked by a person."


class Kind(StrEnum):
    """What somebody did."""

    POINTS = "points"
    COMMENT = "comment"
    REQUEST = "request"
    ANSWER = "answer"
    REGRADE = "regrade"
    RAN = "ran"
    UNDO = "undo"


class Footing(StrEnum):
    """What a person's mark rests on, now that the grade below it may be another one."""

    SAME = "same"  # what the person saw is what is there
    MOVED = "moved"  # the automatic mark is another one; the person's stands
    REPLACED = "replaced"  # the answer is another one, so that the person's mark counts no longer


@dataclass(frozen=True, slots=True)
class Beneath:
    """What a person saw when marking: the automatic result, and of which submission and answer."""

    outcome: Outcome
    earned: float
    possible: float
    sha256: str
    answer: str  # digest of a written answer; empty where there is none

    @classmethod
    def of(cls, row: GradeRow, item: ItemRow) -> Beneath:
        """What is beneath a mark that is given now."""
        below = item.checked
        return cls(below.outcome, below.earned, below.possible, row.sha256, _digest(below))


@dataclass(frozen=True, slots=True)
class Decision:
    """One row: who decided what about which item of whose grade, when and why.

    Args:
        assignment: name of the assignment.
        student_id: whose grade.
        item: id of the item; empty for a request about the whole.
        kind: what was done.
        who: the person.
        points: of a mark.
        possible: points that it is out of.
        text: of a comment, a request or an answer.
        why: the reason for overruling an automatic mark; for staff.
        about: id of the decision that is undone, of the request that is answered, of the wish that was carried out.
        beneath: what a mark overrules.
        at: ISO 8601, UTC; given by the gradebook.
        id: grows with time; given by the gradebook.
    """

    assignment: str
    student_id: str
    item: str
    kind: Kind
    who: str
    points: float | None = None
    possible: float | None = None
    text: str = ""
    why: str = ""
    about: int | None = None
    beneath: Beneath | None = None
    at: str = ""
    id: int = 0


def standing(decisions: Iterable[Decision]) -> list[Decision]:
    """Those that are not undone, oldest first; undoing ones are left out."""
    undone: set[int | None] = set()
    found = []
    for each in sorted(decisions, key=lambda each: -each.id):
        if each.id in undone:
            continue
        if each.kind is Kind.UNDO:
            undone.add(each.about)
        else:
            found.append(each)
    return found[::-1]


def marks(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """The mark that stands, by item of one student."""
    return {each.item: each for each in standing(decisions) if each.kind is Kind.POINTS}


def comments(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """The comment that stands, by item of one student."""
    found = {each.item: each for each in standing(decisions) if each.kind is Kind.COMMENT}
    return {item: each for item, each in found.items() if each.text.strip()}


def left_open(decisions: Iterable[Decision], kind: Kind) -> list[Decision]:
    """The requests that nobody has answered, or the wishes for another run that no grader has carried out."""
    stand = standing(decisions)
    closed = {each.about for each in stand if each.kind in (Kind.ANSWER, Kind.RAN)}
    return [each for each in stand if each.kind is kind and each.id not in closed]


def wishes(decisions: Iterable[Decision]) -> dict[str, set[str]]:
    """The items that are to be run anew, by student id."""
    found: dict[str, set[str]] = {}
    for each in left_open(decisions, Kind.REGRADE):
        found.setdefault(each.student_id, set()).add(each.item)
    return found


def forsaken(decisions: Iterable[Decision], items: Collection[str]) -> dict[str, int]:
    """How many marks and comments stand for items that are not among these, by item: they count for nothing now."""
    kinds = Kind.POINTS, Kind.COMMENT
    about = {(each.student_id, each.item, each.kind) for each in standing(decisions) if each.kind in kinds}
    return dict(Counter(item for _, item, _ in about if item not in items))


def decided(row: GradeRow, decisions: Sequence[Decision]) -> GradeRow:
    """A stored grade as people decided about it; what they overruled stays beneath, as `checked`.

    Args:
        row: the grade as it was recorded.
        decisions: about this student.
    """
    given, written = marks(decisions), comments(decisions)
    if not given and not written:
        return row
    items = tuple(_item(row, each, given.get(each.item), written.get(each.item)) for each in row.items)
    status = Status.of(row.problem, (each.outcome for each in items))
    return replace(row, items=items, status=status)


def footing(row: GradeRow, item: ItemRow, mark: Decision) -> Footing:
    """What a mark rests on now.

    Args:
        row: the student's current grade.
        item: one of its items.
        mark: what a person gave for it.
    """
    seen, now = mark.beneath, item.checked
    if seen is None:
        return Footing.SAME
    if row.sha256 != seen.sha256 and _digest(now) != seen.answer:
        return Footing.REPLACED
    if (now.outcome, now.earned, now.possible) != (seen.outcome, seen.earned, seen.possible):
        return Footing.MOVED
    return Footing.SAME


def _item(row: GradeRow, item: ItemRow, mark: Decision | None, comment: Decision | None) -> ItemRow:
    """The item as a person decided about it."""
    evidence: Mapping[str, object] = {**item.evidence, "comments": [comment.text]} if comment else item.evidence
    if mark is None or mark.points is None or mark.possible is None or footing(row, item, mark) is Footing.REPLACED:
        return replace(item, evidence=evidence, below=item) if comment else item
    earned, possible = mark.points, mark.possible
    credit = earned / possible if possible else 1.0  # nothing is lost of an item that is worth nothing
    if item.outcome.decided and item.possible and item.possible != possible:  # the rubric's points have changed since
        earned, possible = scoring.earned(item.possible, credit), item.possible
    outcome = Outcome.PASSED if credit >= 1 else Outcome.PARTIAL if credit else Outcome.FAILED
    return replace(
        item,
        outcome=outcome,
        credit=credit,
        earned=earned,
        possible=possible,
        message=MESSAGE,
        hint="",
        evidence=evidence,
        below=item,
    )


def _digest(item: ItemRow) -> str:
    text = item.evidence.get("text")
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16] if isinstance(text, str) else ""
