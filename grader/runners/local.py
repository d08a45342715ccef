"""Grade in several processes of this machine.

At most one submission per worker is under way, so that stopping early loses no more than that. A worker that dies
takes the pool with it (concurrent.futures): the pool is made anew, what was under way is tried again, and a
submission that was under way three times when a worker died is set aside.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from grader.records import Grade, Submission
from grader.runners.work import Grading, Work, set_aside

_ATTEMPTS = 3
_grading: Grading | None = None  # of this worker process


def run(
    work: Work, submissions: Sequence[Submission], *, workers: int, began: Callable[[Submission], None]
) -> Generator[Grade, None, None]:
    """Yield grades as they are finished. Closing the iterator lets what is under way finish unseen."""
    waiting = deque(submissions)
    deaths: Counter[str] = Counter()
    pool = _pool(work, workers)
    running: dict[Future[Grade], Submission] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                submission = waiting.popleft()
                running[pool.submit(_grade, submission)] = submission
                began(submission)
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            lost = [running.pop(future) for future in finished if isinstance(future.exception(), BrokenProcessPool)]
            for future in finished - {each for each in finished if isinstance(each.exception(), BrokenProcessPool)}:
                del running[future]
                yield future.result()
            if lost:
                lost += running.values()
                running.clear()
                pool.shutdown(wait=False, cancel_futures=True)
                pool = _pool(work, workers)
                for submission in lost:
                    deaths[submission.student.id] += 1
                    if deaths[submission.student.id] < _ATTEMPTS:
                        waiting.append(submission)
                    else:
                        yield set_aside(submission, work, f"The grader's worker died {_ATTEMPTS} times on it.")
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def default_workers() -> int:
    """One worker a core."""
    return max(1, len(os.sched_getaffinity(0)))


def _pool(work: Work, workers: int) -> ProcessPoolExecutor:
    # Spawned, not forked: torch's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(work,))


def _begin(work: Work) -> None:
    global _grading
    # Ctrl-C reaches every process of the terminal; the command alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _grading = Grading(work)


def _grade(submission: Submission) -> Grade:
    if _grading is None:
        raise RuntimeError("the worker was not initialised")
    return _grading(submission)
