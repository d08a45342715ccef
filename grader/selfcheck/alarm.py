"""Stop a student's code that takes too long in the student's own process, and let the student stop it earlier."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

from grader.kernel.inside.answering import ProbeTimeout

_T = TypeVar("_T")

_AGAIN_S = 1.0  # between two stops of code that catches the first
_POLL_S = 0.001


def limited(seconds: float, ask: Callable[[], _T]) -> _T:
    """What this gives; `ProbeTimeout` is raised in it once it has run for so long.

    In the main thread, where Jupyter runs cells, by the alarm clock of the process; an alarm of the student's own goes
    on afterwards. In another thread, and where there is no such clock (Windows), by an exception that Python raises
    between two instructions. Neither ends a single call into C that never returns; nothing in the same process can.
    """
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        return _by_clock(seconds, ask)
    return _by_thread(seconds, ask)


def _within(ask: Callable[[], _T]) -> _T:
    """What is stopped: only while this is on the stack is anything raised, never in the code around it."""
    return ask()


def _is_within(frame: FrameType | None) -> bool:
    while frame is not None and frame.f_code is not _within.__code__:
        frame = frame.f_back
    return frame is not None


def _by_clock(seconds: float, ask: Callable[[], _T]) -> _T:
    def stop(_: int, frame: FrameType | None) -> None:
        if _is_within(frame):
            # Set anew only now: where alarms came faster than they are handled, nothing else would ever run.
            signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)
            raise ProbeTimeout(seconds)

    began = time.monotonic()
    before = signal.signal(signal.SIGALRM, stop)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return _within(ask)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if before is None else before)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(_POLL_S, left - (time.monotonic() - began)), interval)


def _by_thread(seconds: float, ask: Callable[[], _T]) -> _T:
    asked = threading.get_ident()
    over, turn = threading.Event(), threading.Lock()

    def watch() -> None:
        limit = seconds
        while not over.wait(limit):
            with turn:
                if not over.is_set() and _is_within(sys._current_frames().get(asked)):
                    _raise_in(asked, ctypes.py_object(_OutOfTime))
            limit = _AGAIN_S

    watching = threading.Thread(target=watch, name="grader-limit", daemon=True)
    watching.start()
    try:
        return _within(ask)
    except _OutOfTime:
        raise ProbeTimeout(seconds) from None
    finally:
        # What was raised may arrive a few instructions late; here it is taken in until no more can come.
        while not over.is_set():
            with contextlib.suppress(_OutOfTime), turn:
                over.set()
        with contextlib.suppress(_OutOfTime):
            _raise_in(asked, None)
        watching.join()


def _raise_in(thread: int, error: Any) -> None:
    """Let a thread raise this between two instructions; None takes back what has not arrived."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), error)


class _OutOfTime(ProbeTimeout):
    """Raised by Python itself, which gives no arguments."""

    def __init__(self) -> None:
        super().__init__(0.0)


class Interrupts:
    """Ctrl-C and Jupyter's stop button while a check runs: they stop it, even where the student's code catches them.

    Once it is closed, because what was changed is being put back, it only notes that somebody wants to stop.
    """

    def __init__(self) -> None:
        self.came = False
        self._closed = False
        self._before: Any = None

    def close(self) -> None:
        """Let nothing be interrupted from now on."""
        self._closed = True

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        if not self._closed:
            raise KeyboardInterrupt
