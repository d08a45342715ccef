"""Stop a student's code that takes too long in the student's own process, and let the student stop it earlier."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from grader.kernel.inside.answering import ProbeTimeout

_T = TypeVar("_T")

_AGAIN_S = 1.0  # between two stops of code that catches the first
_SOON_S = 0.001


def limited(seconds: float, ask: Callable[[], _T]) -> _T:
    """What this gives; `ProbeTimeout` is raised in it once it has run for so long.

    In the main thread, where Jupyter runs cells, by the alarm clock of the process; an alarm of the student's own goes
    on afterwards. In another thread, and where there is no such clock (Windows), nothing ends it but the stop button.
    A single call into C that never returns is not ended anywhere; nothing in the same process can.
    """
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        return _by_clock(seconds, ask)
    return ask()


def _by_clock(seconds: float, ask: Callable[[], _T]) -> _T:
    armed = True

    def stop(*_: object) -> None:
        if armed:
            signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)
            raise ProbeTimeout(seconds)

    began = time.monotonic()
    before = signal.getsignal(signal.SIGALRM)
    left, interval = signal.getitimer(signal.ITIMER_REAL)
    try:  # from before the clock is set, because it may ring at once
        signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        return ask()
    finally:
        armed = False  # first and without a call, because Python hears of an alarm only between calls
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if before is None else before)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(_SOON_S, left - (time.monotonic() - began)), interval)


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

    def _interrupted(self, number: int, frame: object) -> None:
        self.came = True
        if not self._closed:
            raise KeyboardInterrupt
