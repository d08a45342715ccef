"""`grader grade --format json`: what happens, an object in one line of standard output each; docs/events.md.

A method for each thing that a run tells; what people should know as well is written to standard error, too.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from grader import __version__, logs
from grader.escaping import json_line, visible
from grader.records import Outcome, Status

if TYPE_CHECKING:
    from grader.commands.grade import Result
    from grader.commands.intake import Intake
    from grader.commands.watch import Idle, Watch
    from grader.errors import GraderError
    from grader.records import Grade, Submission
    from grader.reports.moves import Move

VERSION: Final = 1  # of the events; raised when one of them changes its meaning or loses a field


class Events:
    """Writes events; from any thread.

    Args:
        out: where they go.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._writing = threading.Lock()  # logs come from where they will

    def watch(self) -> Watch:
        """What a run is given, to tell these events."""
        from grader.commands.watch import Watch

        return Watch(
            self.planned,
            self.began,
            self.graded,
            postponed=self.postponed,
            retrying=self.retrying,
            told=self.told,
            took_in=self.took_in,
            rescored=self.rescored,
            stale=self.stale,
            wrote=self.wrote,
        )

    def started(self) -> None:
        """The first event of all."""
        self._write("started", version=VERSION, grader=__version__)

    def told(self, sentence: str) -> None:
        """Something that a person should know."""
        print(visible(sentence), file=sys.stderr)
        self._write("told", message=sentence)

    def took_in(self, taken: Intake) -> None:
        """What was handed in, and what of it a person should look at."""
        for line in taken.lines:
            self.told(line)
        rows = [{"who": who, "what": what, "why": why} for who, what, why in to_look_at(taken)]
        if rows:
            self._write("intake", submissions=len(taken.submissions), look_at=rows)

    def planned(self, todo: Sequence[Submission], idle: Idle) -> None:
        """How much is to be done."""
        self._write("planned", run=len(todo), rescore=idle.rescored, unchanged=idle.unchanged)

    def stale(self, todo: Sequence[Submission]) -> None:
        """What was to be rescored and has to be run after all."""
        self._write("stale", run=len(todo))

    def began(self, submission: Submission) -> None:
        """A worker takes up a submission."""
        self._write("began", student_id=submission.student.id, submission=submission.name)

    def stage(self, student: str, stage: str) -> None:
        """How far it has come."""
        self._write("stage", student_id=student, stage=stage)

    def graded(self, grade: Grade) -> None:
        """A grade that is final and on disk."""
        self._write("graded", **_grade(grade))
        if grade.status is Status.NEEDS_STAFF:
            self._write(
                "needs_staff", student_id=grade.submission.student.id, problem=grade.problem, items=broken(grade)
            )

    def rescored(self, grade: Grade) -> None:
        """A grade that was found without running anything."""
        self._write("rescored", **_grade(grade))

    def postponed(self, grade: Grade) -> None:
        """It ran out of time beside others; what it has until it was run alone."""
        sums = {"status": grade.status.value, "earned": grade.earned, "possible": grade.possible}
        self._write("postponed", student_id=grade.submission.student.id, **sums, seconds=grade.seconds)

    def retrying(self, todo: Sequence[Submission]) -> None:
        """Those are run again, one at a time."""
        self._write("retrying", student_ids=[each.student.id for each in todo])

    def wrote(self, path: Path) -> None:
        """A table is whole on disk."""
        self._write("wrote", path=str(path))

    def failed(self, error: GraderError) -> None:
        """No submission can be graded, or no more; the last event."""
        self._write("failed", message=str(error), exit_code=error.exit_code)

    def moved(self, moves: Sequence[Move]) -> None:
        """Marks that are others than before."""
        for move in moves:
            self._write("moved", **dataclasses.asdict(move))

    def done(self, result: Result) -> None:
        """The last event."""
        sums = {"out": str(result.out), "left": result.left, "interrupted": result.left > 0}
        self._write("done", **sums, exit_code=result.exit_code)

    def _write(self, event: str, **fields: Any) -> None:
        with self._writing:
            print(json_line({"event": event, **fields}), file=self._out, flush=True)


@contextlib.contextmanager
def stages_to(take: Callable[[str, str], None]) -> Iterator[None]:
    """In here `take(student, stage)` hears of every stage that a submission comes to."""

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            take(logs.student_of(record), record.getMessage())

    listening = Listening()
    logs.STAGES.addHandler(listening)
    try:
        yield
    finally:
        logs.STAGES.removeHandler(listening)


def to_look_at(taken: Intake) -> list[tuple[str, str, str]]:
    """Who or what, what is the matter, and why: students in doubt or missing, and files that are nobody's."""
    rows = [(each.student, each.what, each.why) for each in taken.doubts]
    rows += [(each.file, each.use, each.why) for each in taken.placed if each.use == "not placed"]
    return rows + [(each.student_id, "missing", each.name) for each in taken.missing]


def broken(grade: Grade) -> dict[str, str]:
    """Of each item that we failed on, why."""
    found = [each for each in grade.scores if each.finding.outcome is Outcome.BROKEN]
    return {each.item.id: each.finding.message for each in found}


def _grade(grade: Grade) -> dict[str, Any]:
    return {
        "student_id": grade.submission.student.id,
        "submission": grade.submission.name,
        "status": grade.status.value,
        "earned": grade.earned,
        "possible": grade.possible,
        "seconds": grade.seconds,
        "problem": grade.problem,
        "items": {
            score.item.id: {
                "outcome": score.finding.outcome.value,
                "earned": score.earned if score.finding.outcome.decided else None,
                "message": score.finding.message,
            }
            for score in grade.scores
        },
    }
