"""One worker process, which grades a submission at a time in sandboxes of its own.

    whoever holds it                  the worker
      submission  ------ pipe ------>   grades it
                  <-----------------    its grade, or an error of ours; before that what is logged

Its death costs and blames one submission alone. It ends with whoever holds it, however that ends, and takes its
sandboxes with it. Runners hold workers: `local` one a core, `posts` one in each of Ray's actors.
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
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Final

from grader import logs
from grader.errors import GraderError, SandboxError, SandboxLost
from grader.kernel.template import Launched
from grader.records import Grade, Submission
from grader.runners.children import importing_nothing_from_here
from grader.runners.work import Part, Work

# Forked from a process that has imported torch and done nothing with it: its threads would not survive a fork.
FORK = multiprocessing.get_context("forkserver")
READY: Final = "ready"
_PRELOADED = ["torch", "IPython.core.inputtransformer2"]
_GRACE_S: Final = 5.0  # for sandboxes to be closed
_SIGNALS: Final = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)


class Worker:
    """A worker process as its holder sees it, and what it grades at the moment.

    Args:
        work: what is needed for grading; what is run of each submission comes with the submission.
        launch: whether the holder starts its template, which then imports while the worker does. The template ends with
            the thread that started it, so only who holds workers in a thread that outlives them may do so.
        level: what it logs from this level on is told; None: as here.
    """

    def __init__(self, work: Work, *, launch: bool = True, level: int | None = None) -> None:
        self.submission: Submission | None = None
        self.ended = False  # was told that nothing more comes, or has died
        self._ready = False
        self._template = _launched(work) if launch else None
        level = logging.getLogger().getEffectiveLevel() if level is None else level
        try:
            self._start(replace(work, parts={}), level)
        except BaseException:  # such as no room for another process: nobody has this worker, who could end its template
            if self._template is not None:
                self._template.end()
            raise

    def _start(self, work: Work, level: int) -> None:
        control = self._template.control if self._template is not None else None
        self._connection, theirs = FORK.Pipe()
        self._process = FORK.Process(target=_serve, args=(theirs, control, work, level), daemon=True)
        FORK.set_forkserver_preload(_PRELOADED)
        with importing_nothing_from_here(), _signals_held_back():
            self._process.start()
        theirs.close()
        if control is not None:
            control.close()

    @property
    def connection(self) -> Connection:
        """Readable when it has something to say, or has died."""
        return self._connection

    def answer(self) -> Grade | GraderError | logging.LogRecord | str | None:
        """What it has to say, first that it is ready; None when it has died. It goes on after log records alone."""
        answer: Grade | GraderError | logging.LogRecord | str | None = None
        with contextlib.suppress(EOFError, OSError):
            answer = self._connection.recv()
        if not isinstance(answer, logging.LogRecord):
            self._ready |= answer is not None
            self.submission = None
        return answer

    def begin(self, submission: Submission, part: Part) -> None:
        """Have it grade this part of a submission."""
        self.submission = submission
        self._send((submission, part))

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

    def _send(self, message: tuple[Submission, Part] | None) -> None:
        with contextlib.suppress(OSError):  # it has died, which will show when its answer is read
            self._connection.send(message)


def _launched(work: Work) -> Launched | None:
    """The worker's template; None where it forks none, or where that fails, which the worker tells."""
    if not work.forks:
        return None
    try:
        return Launched(work.confinement)
    except SandboxError:
        return None


@contextlib.contextmanager
def _signals_held_back() -> Iterator[None]:
    """A process that is started in here hears of Ctrl-C only when it is ready to be deaf to it."""
    resource_tracker.ensure_running()  # now, because it would let signals through when it is started
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# ---- in the worker ---------------------------------------------------------------------------------------------------


def _serve(holder: Connection, control: socket.socket | None, work: Work, level: int) -> None:
    """Grade what comes, until nothing more comes. A bug of ours ends this worker and costs one submission."""
    listen_to_the_holder_alone()
    sending = threading.RLock()  # what other threads log comes between two messages; again where a signal interrupts

    def send(message: object) -> None:
        with sending:
            holder.send(message)

    logs.relay(send, level)
    try:
        with contextlib.closing(work.grading(control)) as grading:
            send(READY)
            while (message := holder.recv()) is not None:
                submission, part = message
                try:
                    with logs.about(submission.student.id):
                        graded = grading(submission, part)
                    send(graded)
                    grading.get_ready()
                except SandboxLost as error:
                    send(error)
    except GraderError as error:
        send(error)
    except (EOFError, BrokenPipeError, SystemExit):
        pass  # the holder has gone, or wants no more
    os._exit(0)  # taking torch to pieces would take a second and help nobody


def listen_to_the_holder_alone() -> None:
    """In a process that was forked for a holder: end with it, and leave to it what signals mean."""
    # Ctrl-C and a closed terminal reach every process of the terminal; the holder decides what they mean. Handlers that
    # do nothing, because signals that are ignored would be ignored in sandboxes too.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGHUP, lambda *_: None)
    signal.signal(signal.SIGTERM, _leave)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    threading.Thread(target=_follow_the_holder, daemon=True).start()


def _leave(number: int, _: object) -> None:
    logging.disable()  # half a message may have been sent, which nothing may follow
    raise SystemExit(128 + number)  # through every `finally`, so that sandboxes are closed


def _follow_the_holder() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # they have to wake the main thread, not this one
    holder = multiprocessing.parent_process()
    if holder is not None:
        holder.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_GRACE_S)
        os._exit(1)
