"""Grade in several processes of this machine: workers (worker.py) take one submission after the other."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Generator, Sequence
from multiprocessing.connection import wait
from typing import Final

from grader import logs
from grader.errors import GraderError, MachineryError, SandboxLost
from grader.records import Grade, Submission
from grader.runners.work import Work, refuse
from grader.runners.worker import READY, Worker

_FALSE_STARTS: Final = 3
_LOOK_S: Final = 1.0


def run(
    work: Work,
    submissions: Sequence[Submission],
    *,
    workers: int,
    began: Callable[[Submission], None],
    lost: Callable[[Submission], None] = refuse,
    stopped: Callable[[], bool] = lambda: False,
) -> Generator[Grade, None, None]:
    """Yield grades as they are finished. Closing the iterator kills what is under way.

    Args:
        work: what is needed for grading.
        submissions: what to grade.
        workers: how many at a time.
        began: told of each submission that a worker takes up.
        lost: told of each submission whose worker or sandbox died with it; it is not tried again here.
        stopped: whether no further submission is to be begun.

    Raises:
        GraderError: no submission can be graded.
    """
    waiting = deque(submissions)
    crew: list[Worker] = []
    false_starts = 0
    try:
        crew += [Worker(work) for _ in range(min(workers, len(waiting)))]
        while at_work := [each for each in crew if not each.ended]:
            for worker in _heard_of(at_work):
                submission, answer = worker.submission, worker.answer()
                if isinstance(answer, logging.LogRecord):
                    logs.relayed(answer)
                    continue
                if isinstance(answer, GraderError) and not isinstance(answer, SandboxLost):
                    raise answer
                if isinstance(answer, Grade):
                    yield answer
                elif answer != READY and submission is not None:
                    lost(submission)
                elif answer != READY and (false_starts := false_starts + 1) == _FALSE_STARTS:
                    raise MachineryError("the grader's workers die while they start; `grader doctor` may say why")
                more = bool(waiting) and not stopped()
                if answer is None:
                    worker.ended = True
                    crew += [Worker(work)] if more else []
                elif more:
                    began(waiting[0])
                    worker.begin(waiting[0], work.part(waiting.popleft()))
                else:
                    worker.end()
    finally:
        for worker in crew:
            worker.stop()
        for worker in crew:
            worker.bury()


def default_workers() -> int:
    """One worker a core."""
    return max(1, len(os.sched_getaffinity(0)))


def _heard_of(workers: Sequence[Worker]) -> list[Worker]:
    """Wait for the next of them that answer or die."""
    connections = [each.connection for each in workers]
    while not (ready := wait(connections, timeout=_LOOK_S)):
        pass  # so that a signal which another thread has caught is handled in this one
    return [each for each in workers if each.connection in ready]
