"""What a runner's worker needs to grade submissions, in a form that travels between processes."""

from __future__ import annotations

import datetime
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from grader import __version__
from grader.errors import MachineryError, SandboxLost
from grader.kernel import template
from grader.kernel.sandbox import Confinement
from grader.kernel.template import Sandboxes
from grader.leases import Cards
from grader.records import Assignment, Finding, Grade, Profile, Submission
from grader.runners.lending import Lending

if TYPE_CHECKING:
    from grader.pipeline import Course, Lend


@dataclass(frozen=True, slots=True)
class Part:
    """What is run of one submission, the rest of which stands."""

    items: tuple[str, ...]
    known: Mapping[str, Finding]  # what was found out before about items that these need


@dataclass(frozen=True, slots=True)
class Work:
    """One run of the grader over submissions."""

    course: Path  # its home: the course, or a released folder
    assignment: Assignment
    secret: bytes | None = field(repr=False)  # None: the public cases
    confinement: Confinement
    profile: Profile
    warm: bool = True  # fork sessions from a template where the system allows it
    ahead: bool = False  # where none is forked, start the process of the next session before there is anything to run
    answers: Path | None = None  # where the reference's answers are kept
    only: tuple[str, ...] = ()  # item ids; all when empty
    parts: Mapping[str, Part] = field(default_factory=dict)  # by student id, where it is not `only`
    cards: Cards | None = None  # to train on; None: networks are trained on the processor
    handed_out: frozenset[str] = frozenset()  # lines of text in the notebooks that students received
    alone: bool = False  # whether nothing else is to be on a card, because beside others it ran out of memory

    @property
    def device(self) -> str:
        """cpu, or cuda whichever card it will be."""
        return "cuda" if self.cards is not None else "cpu"

    @property
    def forks(self) -> bool:
        """Whether sessions are forked from a template."""
        return template.forks(self.confinement, warm=self.warm)

    def part(self, submission: Submission) -> Part:
        """What is run of a submission."""
        return self.parts.get(submission.student.id) or Part(self.only, {})

    def grading(self, control: socket.socket | None = None) -> Grading:
        """What grades one submission after the other in this process; slow to make.

        Args:
            control: of a template that was launched for it.
        """
        return Grading(self, control)


class Grading:
    """Grades submissions one after the other; made once per process, because torch and the reference load slowly.

    Raises:
        CourseError: the rubric or the reference is wrong.
    """

    def __init__(self, work: Work, control: socket.socket | None = None) -> None:
        self._work = work
        self._sandboxes = Sandboxes(work.confinement, warm=work.warm, ahead=work.ahead, control=control)
        self._lending = None
        if work.cards is not None:
            self._lending = Lending(work.cards, work.confinement, warm=work.warm, alone=work.alone)
        self._sandboxes.launch()  # it imports what it needs while we do
        try:
            lend = self._lending.lend if self._lending else None
            self._course = _course(work, self._sandboxes, lend)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End what is kept warm between submissions."""
        self._sandboxes.__exit__()
        if self._lending is not None:
            self._lending.close()

    def get_ready(self) -> None:
        """Start the process of the next session ahead, where that is wanted; it was done before the first one."""
        if self._work.ahead:
            self._sandboxes.launch()

    def __call__(self, submission: Submission, part: Part | None = None) -> Grade:
        """Grade one submission, or this part of it.

        Raises:
            SandboxLost: the sandbox died meanwhile of something outside it.
            GraderError: no submission can be graded.
        """
        from grader.pipeline import grade

        part = part or self._work.part(submission)
        graded = grade(submission, self._course, part.items, part.known)
        lost = [self._sandboxes.lost(), self._lending is not None and self._lending.lost()]
        if any(lost):
            raise SandboxLost(f"the sandbox of {submission.name} was killed from outside; run the same command again")
        return graded


def _course(work: Work, sandboxes: Sandboxes, lend: Lend | None) -> Course:
    """What every submission is graded with; imports what takes long."""
    import torch

    from grader import checks, homes, keys
    from grader.kept_answers import KeptAnswers
    from grader.pipeline import Course

    checks.prove(work.assignment)
    torch.set_num_threads(work.confinement.threads)
    os.environ.setdefault("OMP_NUM_THREADS", str(work.confinement.threads))
    assignment = work.assignment
    kept = None
    if work.answers is not None:
        kept = KeptAnswers(work.answers, assignment.name, keys.answers_hash(work.course, assignment.reference))
    key = homes.key(work.course, assignment, secret=work.secret, kept=kept)
    return Course(assignment, key, sandboxes, work.device, work.profile, lend, work.handed_out)


def sees_a_card() -> bool:
    """Whether torch finds a graphics card here."""
    import torch

    return torch.cuda.is_available()


def set_aside(submission: Submission, work: Work, problem: str) -> Grade:
    """The grade of a submission that could not be graded through no fault of the student's."""
    return Grade(
        submission=submission,
        scores=(),
        isolation=work.confinement.backend,
        device=work.device,
        profile=work.profile,
        started=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        seconds=0.0,
        grader_version=__version__,
        problem=problem,
    )


def refuse(submission: Submission) -> NoReturn:
    """What a runner does by default with a submission whose worker has died: it is not gone on without.

    Raises:
        MachineryError: always.
    """
    raise MachineryError(f"the grader's worker died on {submission.name}; run the same command again")
