"""What Ctrl-C means while submissions are graded: once, finish what runs; twice, stop at once."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Final, Self

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """Hears SIGINT, SIGTERM and SIGHUP while it is entered; the last two mean at once, as a second Ctrl-C does.

    Args:
        told: takes the sentence that says what a first Ctrl-C does.
    """

    def __init__(self, told: Callable[[str], None]) -> None:
        self._told = told
        self._asked = False
        self._may_raise = False
        self._before: dict[signal.Signals, Any] = {}
        self._heard: queue.SimpleQueue[bool] = queue.SimpleQueue()  # may be filled by a signal handler
        self._teller = threading.Thread(target=self._tell, daemon=True)

    def asked(self) -> bool:
        """Whether nothing more is to be begun."""
        return self._asked

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """In here, and nowhere else, to stop at once raises KeyboardInterrupt."""
        self._may_raise = True
        try:
            yield
        finally:
            self._may_raise = False

    def __enter__(self) -> Self:
        self._teller.start()
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # such as SIGHUP under nohup
                self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._heard.put(False)
        self._teller.join()

    def _hear(self, number: int, frame: FrameType | None) -> None:
        at_once = self._asked or number != signal.SIGINT
        self._asked = True
        self._heard.put(not at_once)
        if at_once and self._may_raise:
            self._may_raise = False  # what cleans up afterwards is left in peace
            raise KeyboardInterrupt

    def _tell(self) -> None:
        # In a thread of its own: a handler must not print, because it may have interrupted a print.
        if self._heard.get():
            self._told("Finishing what runs; Ctrl-C again stops at once.")
