"""The records that travel through the grader; read this module first.

    Submission --kernel--> Session --check--> Finding --scoring--> Score --pipeline--> Grade

Every record is frozen and holds plain values only, so that it pickles between our own processes.
Nothing here knows torch, Jupyter or SQLite.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

# In which students can read their pages: by tag of BCP 47 what the language calls itself.
LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "ko": "한국어"}


class Outcome(StrEnum):
    """What became of one item."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    SKIPPED = "skipped"  # an item it needs did not pass, and nothing could stand in
    BROKEN = "broken"  # our fault: never a zero, goes to staff
    WAITING = "waiting"  # a person has to read it

    @property
    def decided(self) -> bool:
        """Whether a mark exists; undecided items are blank in every table."""
        return self not in (Outcome.BROKEN, Outcome.WAITING)


class Status(StrEnum):
    """What became of one submission."""

    GRADED = "graded"
    PROVISIONAL = "provisional"  # only written answers wait for a person
    NEEDS_STAFF = "needs_staff"  # something is broken or unreadable
    MISSING = "missing"  # on the roster, nothing handed in

    @classmethod
    def of(cls, problem: str, outcomes: Iterable[Outcome]) -> Status:
        """That of a submission with these outcomes, or that could not be graded because of a problem."""
        found = set(outcomes)
        if problem or Outcome.BROKEN in found:
            return cls.NEEDS_STAFF
        return cls.PROVISIONAL if Outcome.WAITING in found else cls.GRADED


class Profile(StrEnum):
    """How much training a run pays for."""

    QUICK = "quick"  # seconds on a CPU
    FULL = "full"  # the notebook's own recipe, on a GPU


@dataclass(frozen=True, slots=True)
class Student:
    """Who handed something in; `name` is empty where the folder does not tell."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a submission: its name as handed in (a relative POSIX path) and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Submission:
    """What one student handed in; nothing in it has been executed or parsed."""

    student: Student
    name: str  # the file or folder as handed in
    notebooks: tuple[SourceFile, ...]
    attachments: tuple[SourceFile, ...] = ()  # other files beside the notebooks: .py modules, small data
    unreadable: tuple[str, ...] = ()  # one sentence for each file that is no notebook
    sha256: str = ""
    handed_in: str = ""  # ISO 8601 when the source tells, else empty


@dataclass(frozen=True, slots=True)
class Limits:
    """What one session may use. Seconds are wall clock; a probe or cell that runs out is interrupted, then killed."""

    cell_s: float = 60.0
    probe_s: float = 10.0
    total_s: float = 300.0
    train_s: float = 600.0
    memory_mb: int = 4096
    processes: int = 128
    disk_mb: int = 512


@dataclass(frozen=True, slots=True)
class Item:
    """One row of the rubric: what is asked of which name, how it is checked and what it is worth."""

    id: str
    section: str
    title: str
    points: float
    check: str
    target: str
    options: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LatePolicy:
    """What handing in late costs; the usual values take nothing off.

    Args:
        grace_minutes: as long after the due date is still on time.
        percent_per_day: taken off for each day begun after the due date.
        cap_percent: the most that is taken off.
        cut_off_days: after so many days nothing counts; None for never.
        of_possible: whether the per cents are of the possible points, as Canvas has it, instead of those earned.
    """

    grace_minutes: float = 0.0
    percent_per_day: float = 0.0
    cap_percent: float = 100.0
    cut_off_days: float | None = None
    of_possible: bool = False


@dataclass(frozen=True, slots=True)
class Curve:
    """How the points of a whole class are lifted; it lowers nobody and lifts nobody above the possible points.

    Args:
        kind: `flat` adds points, `linear` multiplies by a factor and adds points, `sqrt` takes the root of the share.
        points: for flat and linear.
        factor: for linear.
    """

    kind: str
    points: Decimal = Decimal(0)
    factor: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a teacher decides about marks after grading; applied when tables and exports are written (marks.py).

    Args:
        void: items that count for nobody, neither as earned nor as possible.
        give: items that everybody who handed something in earns in full.
        bonus: items whose points are earned, but not possible.
        curve: for the class, or None.
        cap: per cent of the possible points that no mark exceeds, or None.
        out_of: the points of the gradebook's column, to which marks are scaled; None for the possible points.
        round_to: marks are multiples of this.
        round_rule: what becomes of a half: `half_up`, `half_even`; or always `up`, always `down`.
        missing: the mark of who handed in nothing; None leaves it blank.
        sections: by section of the course the people who look after it.
    """

    void: tuple[str, ...] = ()
    give: tuple[str, ...] = ()
    bonus: tuple[str, ...] = ()
    curve: Curve | None = None
    cap: Decimal | None = None
    out_of: Decimal | None = None
    round_to: Decimal = Decimal("0.01")
    round_rule: str = "half_up"
    missing: Decimal | None = None
    sections: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One homework: its items in rubric order, and how its notebooks are run."""

    name: str
    title: str
    notebooks: Path
    reference: str  # module name below the course's reference/ folder
    items: tuple[Item, ...]
    prelude: tuple[str, ...] = ()
    limits: Limits = Limits()
    due: datetime | None = None  # aware of its zone
    late: LatePolicy | None = None
    policy: Policy | None = None

    @property
    def possible(self) -> float:
        """Points of all items."""
        return sum(item.points for item in self.items)


@dataclass(frozen=True, slots=True)
class Intake:
    """How a course reads what was handed in.

    Args:
        student_number: a regular expression that finds a student number in a name; empty for the usual one.
        time_zone: an IANA name such as Asia/Seoul, for times without an offset; empty for this machine's.
        roster: who takes the course, or None.
    """

    student_number: str = ""
    time_zone: str = ""
    roster: Path | None = None


@dataclass(frozen=True, slots=True)
class Rubric:
    """A course's rubric.yaml."""

    course: Path
    assignments: Mapping[str, Assignment]
    intake: Intake = Intake()
    language: str = "en"  # of the students' pages; one of LANGUAGES


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Where and how far two values differ. `path` is like `[0]['weight']`; `kind` names what differs."""

    path: str
    kind: str  # value, shape, dtype, type, length, finite, missing
    message: str  # one sentence with both numbers
    greatest: float | None = None
    at: tuple[int, ...] = ()
    allowed: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found out about one item. `credit` is a share of the item's points in [0, 1]."""

    outcome: Outcome
    credit: float
    message: str
    hint: str = ""
    mismatch: Mismatch | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)  # JSON values only: cell, accuracy, table ...


@dataclass(frozen=True, slots=True)
class Score:
    """The rubric applied to one finding. Undecided scores earn 0 and count nothing as possible."""

    item: Item
    finding: Finding
    earned: float
    possible: float
    key: str = ""  # content hash of everything the score depends on


@dataclass(frozen=True, slots=True)
class Grade:
    """Everything known about one submission after grading."""

    submission: Submission
    scores: tuple[Score, ...]
    isolation: str  # how the student's code was confined: forked, bubblewrap, none
    device: str
    profile: Profile
    started: str  # ISO 8601, UTC
    seconds: float
    grader_version: str
    problem: str = ""  # why nothing could be graded, in one sentence
    observations: bytes = field(default=b"", repr=False)  # what was answered, for rescoring (recording.py)
    timed_out: int = 0  # cells and probes that ran out of time, or of a graphics card's memory

    @property
    def earned(self) -> float:
        """Points earned over decided items."""
        return sum(score.earned for score in self.scores)

    @property
    def possible(self) -> float:
        """Points possible over decided items."""
        return sum(score.possible for score in self.scores)

    @property
    def percent(self) -> float | None:
        """Share earned of the decided items in per cent; None when nothing is decided."""
        return 100 * self.earned / self.possible if self.possible else None

    @property
    def status(self) -> Status:
        """What the table says about this submission."""
        return Status.of(self.problem, (score.finding.outcome for score in self.scores))
