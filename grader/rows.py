"""What a stored grade looks like: the rows that tables and pages are made of, and how grades become rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from grader.lateness import Arrival
from grader.records import Grade, Outcome, Profile, Score, Status
from grader.roster import Enrolled

_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item of a stored grade. Undecided items have 0 of 0 points; tables leave them blank."""

    item: str
    section: str
    title: str
    target: str
    check: str
    outcome: Outcome
    credit: float
    earned: float
    possible: float
    message: str
    hint: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    below: ItemRow | None = None  # as the check left it, where a person decided about it since

    @property
    def checked(self) -> ItemRow:
        """The item as the check left it, whatever a person decided since."""
        return self.below or self


@dataclass(frozen=True, slots=True)
class GradeRow:
    """One stored grade, with what tables and pages tell about it."""

    assignment: str
    student_id: str
    student_name: str
    submission: str
    sha256: str
    status: Status
    isolation: str
    device: str
    profile: Profile
    started: str
    seconds: float
    grader_version: str
    problem: str
    key: str
    observations: str  # none, kept, or how far they were above the cap
    items: tuple[ItemRow, ...]

    @property
    def checked(self) -> GradeRow:
        """The grade as it was recorded, whatever people decided since."""
        items = tuple(item.checked for item in self.items)
        return replace(self, items=items, status=Status.of(self.problem, (item.outcome for item in items)))

    @property
    def sandboxed(self) -> bool:
        """Whether it was run in a sandbox, be its limits weak or not."""
        return self.isolation.partition(" ")[0] != "none"

    @property
    def earned(self) -> float:
        """Points earned over decided items."""
        return rounded(sum((exact(item.earned) for item in self.items), Decimal(0)))

    @property
    def possible(self) -> float:
        """Points possible over decided items."""
        return rounded(sum((exact(item.possible) for item in self.items), Decimal(0)))

    @property
    def percent(self) -> float | None:
        """Share earned of the decided items in per cent; None when nothing is decided."""
        return 100 * self.earned / self.possible if self.possible else None


def exact(value: float) -> Decimal:
    """The shortest decimal that is this float, which is how it was once written."""
    return Decimal(repr(float(value)))


def rounded(value: Decimal) -> float:
    """Points in two decimals; a half goes up, as on paper."""
    return float(value.quantize(_CENT, rounding=ROUND_HALF_UP))


def number(value: float) -> str:
    """Points as people read them, with two decimals at most and no trailing zeros: 4, 2.5, 0.25."""
    return f"{rounded(exact(value)):.2f}".rstrip("0").rstrip(".")


def of_grade(assignment: str, grade: Grade, *, key: str, observations: str) -> dict[str, Any]:
    """The columns of a grade."""
    submission = grade.submission
    return {
        "assignment": assignment,
        "student_id": submission.student.id,
        "student_name": submission.student.name,
        "submission": submission.name,
        "sha256": submission.sha256,
        "status": grade.status,
        "isolation": grade.isolation,
        "device": grade.device,
        "profile": grade.profile,
        "started": grade.started,
        "seconds": grade.seconds,
        "grader_version": grade.grader_version,
        "problem": grade.problem,
        "key": key,
        "observations": observations,
    }


def of_score(score: Score) -> dict[str, Any]:
    """The columns of an item."""
    item, finding = score.item, score.finding
    return {
        "item": item.id,
        "section": item.section,
        "title": item.title,
        "target": item.target,
        "check": item.check,
        "outcome": finding.outcome,
        "credit": finding.credit if finding.outcome.decided else 0.0,
        "earned": score.earned,
        "possible": score.possible,
        "message": finding.message,
        "hint": finding.hint,
        # A check that leaves more than JSON values here has a bug, but a grade is not lost over it.
        "evidence": json.dumps(dict(finding.evidence), default=repr, skipkeys=True),
        "key": score.key,
    }


def row_of(assignment: str, grade: Grade) -> GradeRow:
    """The row that a grade becomes once it is recorded, but for its key and what became of its observations."""
    columns = {"id": 0, **of_grade(assignment, grade, key="", observations="none")}
    return grade_row(columns, tuple(item_row((0, 0, *of_score(score).values())) for score in grade.scores))


class _Kept(Mapping[str, Any]):
    """Evidence as it was stored, parsed when it is first looked at: a class has tens of thousands, and few are."""

    __slots__ = ("_found", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: dict[str, Any] | None = None

    def __getitem__(self, name: str) -> Any:
        return self._parsed()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parsed())

    def __len__(self) -> int:
        return len(self._parsed())

    def __repr__(self) -> str:
        return repr(self._parsed())

    def _parsed(self) -> dict[str, Any]:
        if self._found is None:
            self._found = json.loads(self._text)
        return self._found


def grade_row(columns: Mapping[str, Any], items: tuple[ItemRow, ...]) -> GradeRow:
    """The row with these columns and items."""
    values = dict(columns) | {"status": Status(columns["status"]), "profile": Profile(columns["profile"])}
    del values["id"]
    return GradeRow(**values, items=items)


def item_row(columns: Iterable[Any]) -> ItemRow:
    """The row with these columns, in the order of the table."""
    _, _, item, section, title, target, check, outcome, credit, earned, possible, message, hint, evidence, key = columns
    found = _Kept(evidence) if evidence != "{}" else {}
    outcome = Outcome(outcome)
    return ItemRow(item, section, title, target, check, outcome, credit, earned, possible, message, hint, found, key)


def of_enrolled(assignment: str, each: Enrolled) -> dict[str, Any]:
    """The columns of a student in the roster."""
    columns = {field.name: getattr(each, field.name) for field in fields(each)}
    lms = json.dumps(dict(each.lms), sort_keys=True)
    return {"assignment": assignment, **columns, "lms": lms, "listed": int(each.listed)}


def enrolled(columns: Mapping[str, Any]) -> Enrolled:
    """The student with these columns."""
    values = {field.name: columns[field.name] for field in fields(Enrolled)}
    return Enrolled(**values | {"lms": json.loads(values["lms"]), "listed": bool(values["listed"])})


def of_arrival(assignment: str, student_id: str, each: Arrival) -> dict[str, Any]:
    """The columns of an arrival."""
    fact = {"handed_in": each.handed_in, "marked_late": int(each.marked_late), "source": each.source}
    return {"assignment": assignment, "student_id": student_id, **fact}


def arrival(columns: Mapping[str, Any]) -> Arrival:
    """The arrival with these columns."""
    return Arrival(columns["handed_in"], bool(columns["marked_late"]), columns["source"])
