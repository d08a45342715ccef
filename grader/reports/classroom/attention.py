"""Who needs a person, and why: what could not be graded, and what is for people to decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from grader.records import Outcome
from grader.reports.classroom.given import Note, by_hand
from grader.rows import GradeRow, ItemRow


class Reason(StrEnum):
    """Why a person has to look, the most urgent first."""

    UNREADABLE = "unreadable"
    BROKEN = "broken"
    BANNED = "banned"  # calls that a section asks to do without, left to staff
    ODD = "odd"  # something speaks against an accuracy
    RECIPE = "recipe"  # the notebook trains by other hyper-parameters
    INTAKE = "intake"  # whose file it is, or who a student is


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to look at.

    Args:
        reason: why.
        student: position of the grade; None where it is nobody's.
        who: for a case without a student, what is known instead.
        place: number of the item in the grade, from 1; 0 for the whole submission.
        why: in a sentence.
    """

    reason: Reason
    student: int | None
    who: str
    place: int
    why: str


def cases(rows: Sequence[GradeRow], notes: Sequence[Note], known: Mapping[str, int]) -> list[Case]:
    """Everything to look at, by reason and then by student.

    Args:
        rows: the grades.
        notes: of the intake.
        known: positions of the grades by the id that a note gives.
    """
    found = [case for position, row in enumerate(rows) for case in _of_row(position, row)]
    for note in notes:
        who = note.student or note.file
        why = ": ".join(filter(None, (note.what, note.why)))
        found.append(Case(Reason.INTAKE, known.get(note.student), who, 0, why))
    order = list(Reason)
    return sorted(found, key=lambda case: order.index(case.reason))


def _of_row(position: int, row: GradeRow) -> Iterator[Case]:
    if row.problem:
        yield Case(Reason.UNREADABLE, position, "", 0, row.problem)
    for place, item in enumerate(row.items, 1):
        if item.outcome is Outcome.BROKEN:
            yield Case(Reason.BROKEN, position, "", place, item.message)
        elif item.outcome in (Outcome.PASSED, Outcome.PARTIAL) and not by_hand(item):
            # Who earned nothing anyway loses nothing to doubts, and what a person marked has been looked at.
            for reason, why in _doubtful(item):
                yield Case(reason, position, "", place, why)


def _doubtful(item: ItemRow) -> Iterator[tuple[Reason, str]]:
    evidence = item.evidence
    if evidence.get("banned"):
        yield Reason.BANNED, item.hint or f"uses {_listed(evidence['banned'])}"
    if doubts := evidence.get("doubts"):
        yield Reason.ODD, _listed(doubts, " ")
    if evidence.get("recipes"):
        yield Reason.RECIPE, item.hint


def _listed(found: Any, between: str = ", ") -> str:
    return between.join(map(str, found)) if isinstance(found, list) else str(found)
