"""`grader check --watch`: the same check again and again, in a worker that stays warm.

this process                     the worker                      a session
  looks at the file (saves.py)     has torch and what is right      the student's code
  light, hears Ctrl-C              one for the whole watch          new for each run; the next one is importing already
"""

from __future__ import annotations

import contextlib
import logging
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from grader import logs
from grader.commands import check
from grader.errors import GraderError, MachineryError
from grader.records import Grade, Submission
from grader.runners.work import Work
from grader.runners.worker import READY, Worker

_TRIES: Final = 2


class Rechecking:
    """Checks what a notebook says, as often as it is asked to. The arguments are those of `check.check`.

    Leaving it ends the worker and whatever runs, and hears no Ctrl-C meanwhile.
    """

    def __init__(
        self,
        notebook: Path,
        wanted: Sequence[str],
        *,
        course: Path | None,
        assignment: str | None,
        told: Callable[[str], None],
    ) -> None:
        self._notebook = notebook
        self._wanted = wanted
        self._course = course
        self._assignment = assignment
        self._told = told
        self._work: Work | None = None
        self._worker: Worker | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _deaf():
            self._end()

    def check(self, submission: Submission) -> Grade:
        """Run and judge it.

        Raises:
            GraderError: with one clear line.
        """
        if self._work is None:  # the assignment is the one that fits what the notebook said first
            found = check.work(
                self._notebook,
                submission,
                self._wanted,
                course=self._course,
                assignment=self._assignment,
                told=self._told,
            )
            self._work = replace(found, ahead=True)
        for _ in range(_TRIES):
            if (grade := self._tried(self._work, submission)) is not None:
                return grade
            self._end()
        raise MachineryError(
            f"the grader's worker died on {submission.name} {_TRIES} times; `grader doctor` may say why"
        )

    def _tried(self, work: Work, submission: Submission) -> Grade | None:
        """Its grade; None where the worker has died of something else."""
        if self._worker is None:
            self._worker = Worker(work)
        self._worker.begin(submission, work.part(submission))
        while True:
            match self._worker.answer():
                case logging.LogRecord() as record:
                    logs.relayed(record)
                case Grade() as grade:
                    return grade
                case GraderError() as error:
                    raise error
                case None:
                    return None
                case word:
                    assert word == READY

    def _end(self) -> None:
        if self._worker is not None:
            self._worker.stop()
            self._worker.bury()
            self._worker = None


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
