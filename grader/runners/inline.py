"""Grade in this very process, one after the other: for debugging, and for a single submission."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from grader import logs
from grader.errors import SandboxLost
from grader.records import Grade, Submission
from grader.runners.work import Work, refuse


def run(
    work: Work,
    submissions: Sequence[Submission],
    *,
    began: Callable[[Submission], None],
    lost: Callable[[Submission], None] = refuse,
    stopped: Callable[[], bool] = lambda: False,
) -> Generator[Grade, None, None]:
    """Yield the grade of each submission; the callbacks are those of `local.run`."""
    grading = work.grading()
    try:
        for submission in submissions:
            if stopped():
                break
            began(submission)
            try:
                with logs.about(submission.student.id):
                    grade = grading(submission)
            except SandboxLost:
                lost(submission)
            else:
                yield grade
    finally:
        grading.close()
