"""Grade in this very process, one after the other: for debugging, and for a single submission."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from grader.records import Grade, Submission
from grader.runners.work import Grading, Work


def run(
    work: Work, submissions: Sequence[Submission], *, began: Callable[[Submission], None]
) -> Generator[Grade, None, None]:
    """Yield the grade of each submission."""
    grading = Grading(work)
    try:
        for submission in submissions:
            began(submission)
            yield grading(submission)
    finally:
        grading.close()
