"""Grade in several processes of this machine.

    driver                            worker, one a core
      submission  ------ pipe ------>   grades it in sandboxes of its own
                  <-----------------    its grade, or an error of ours; before that what is logged

A worker has one submission at a time, so that its death costs and blames that one alone; another worker takes its
place. Workers end with the driver, however that ends, and take their sandboxes with them.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Final

from grader import logs
from grader.errors import GraderError, MachineryError, SandboxError, SandboxLost
from grader.kernel.template import Launched
from grader.records import Grade, Submission
from grader.runners.work import Work, refuse

# Forked from a process that has imported torch and done nothing with it: its threads would not survive a fork.
_FORK = multiprocessing.get_context("forkserver")
_PRELOADED = ["torch", "IPython.core.inputtransformer2"]
_FALSE_STARTS: Final = 3
_GRACE_S: Final = 5.0  # for sandboxes to be closed
_LOOK_S: Final = 1.0
_READY: Final = "ready"
_SIGNALS: Final = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)


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
    crew: list[_Worker] = []
    false_starts = 0
    try:
        crew += [_Worker(work) for _ in range(min(workers, len(waiting)))]
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
                elif answer != _READY and submission is not None:
                    lost(submission)
                elif answer != _READY and (false_starts := false_starts + 1) == _FALSE_STARTS:
                    raise MachineryError("the grader's workers die while they start; `grader doctor` may say why")
                more = bool(waiting) and not stopped()
                if answer is None:
                    worker.ended = True
                    crew += [_Worker(work)] if more else []
                elif more:
                    began(waiting[0])
                    worker.begin(waiting.popleft())
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


# ---- the driver's side -----------------------------------------------------------------------------------------------


class _Worker:
    """A worker process as the driver sees it, and what it grades at the moment."""

    def __init__(self, work: Work) -> None:
        self.submission: Submission | None = None
        self.ended = False  # was told that nothing more comes, or has died
        self._ready = False
        self._template = _launched(work)  # it imports while the worker does
        control = self._template.control if self._template is not None else None
        self._connection, theirs = _FORK.Pipe()
        level = logging.getLogger().getEffectiveLevel()
        self._process = _FORK.Process(target=_serve, args=(theirs, control, work, level), daemon=True)
        _FORK.set_forkserver_preload(_PRELOADED)
        with _signals_held_back():
            self._process.start()
        theirs.close()
        if control is not None:
            control.close()

    @property
    def connection(self) -> Connection:
        return self._connection

    def answer(self) -> Grade | GraderError | logging.LogRecord | str | None:
        """What it has to say; None when it has died. It goes on after a log record, and after nothing else."""
        answer: Grade | GraderError | logging.LogRecord | str | None = None
        with contextlib.suppress(EOFError, OSError):
            answer = self._connection.recv()
        if not isinstance(answer, logging.LogRecord):
            self._ready |= answer is not None
            self.submission = None
        return answer

    def begin(self, submission: Submission) -> None:
        self.submission = submission
        self._send(submission)

    def end(self) -> None:
        """Let it close its sandboxes and end by itself."""
        self.ended = True
        self._send(None)

    def stop(self) -> None:
        """Have it end now; one that still starts has nothing to close."""
        if self.ended:
            return
        if self._ready:
            self._process.terminate()
        else:
            self._process.kill()

    def bury(self) -> None:
        """Wait until it is gone."""
        self._process.join(_GRACE_S)
        self._process.kill()
        self._process.join()
        self._process.close()
        with contextlib.suppress(EOFError, OSError):
            while self._connection.poll():  # what it logged while it ended
                if isinstance(last := self._connection.recv(), logging.LogRecord):
                    logs.relayed(last)
        self._connection.close()
        if self._template is not None:
            self._template.end()

    def _send(self, submission: Submission | None) -> None:
        with contextlib.suppress(OSError):  # it has died, which will show when its answer is read
            self._connection.send(submission)


def _launched(work: Work) -> Launched | None:
    """The worker's template; None where it forks none, or where that fails, which the worker tells."""
    if not work.forks:
        return None
    try:
        return Launched(work.confinement)
    except SandboxError:
        return None


def _heard_of(workers: Sequence[_Worker]) -> list[_Worker]:
    """Wait for the next of them that answer or die."""
    connections = [each.connection for each in workers]
    while not (ready := wait(connections, timeout=_LOOK_S)):
        pass  # so that a signal which another thread has caught is handled in this one
    return [each for each in workers if each.connection in ready]


@contextlib.contextmanager
def _signals_held_back() -> Iterator[None]:
    """A process that is started in here hears of Ctrl-C only when it is ready to be deaf to it."""
    resource_tracker.ensure_running()  # now, because it would let signals through when it is started
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# ---- the worker's side -----------------------------------------------------------------------------------------------


def _serve(driver: Connection, control: socket.socket | None, work: Work, level: int) -> None:
    """Grade what comes, until nothing more comes. A bug of ours ends this worker and costs one submission."""
    _listen_to_the_driver_alone()
    sending = threading.RLock()  # what other threads log comes between two messages; again where a signal interrupts

    def send(message: object) -> None:
        with sending:
            driver.send(message)

    logs.relay(send, level)
    try:
        with contextlib.closing(work.grading(control)) as grading:
            send(_READY)
            while (submission := driver.recv()) is not None:
                try:
                    with logs.about(submission.student.id):
                        graded = grading(submission)
                    send(graded)
                except SandboxLost as error:
                    send(error)
    except GraderError as error:
        send(error)
    except (EOFError, BrokenPipeError, SystemExit):
        pass  # the driver has gone, or wants no more
    os._exit(0)  # taking torch to pieces would take a second and help nobody


def _listen_to_the_driver_alone() -> None:
    # Ctrl-C and a closed terminal reach every process of the terminal; the driver decides what they mean. Handlers that
    # do nothing, because signals that are ignored would be ignored in sandboxes too.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGHUP, lambda *_: None)
    signal.signal(signal.SIGTERM, _leave)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    threading.Thread(target=_follow_the_driver, daemon=True).start()


def _leave(number: int, _: object) -> None:
    logging.disable()  # half a message may have been sent, which nothing may follow
    raise SystemExit(128 + number)  # through every `finally`, so that sandboxes are closed


def _follow_the_driver() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # they have to wake the main thread, not this one
    driver = multiprocessing.parent_process()
    if driver is not None:
        driver.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_GRACE_S)
        os._exit(1)
