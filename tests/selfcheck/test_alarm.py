"""What takes too long is stopped, at whatever moment the stop comes, and nothing rings afterwards."""

from __future__ import annotations

import signal
import time

import pytest

from grader.kernel.inside.answering import ProbeTimeout
from grader.selfcheck import alarm
from grader.selfcheck.alarm import Interrupts, limited


def spun(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def test_stops_that_come_again_and_again_end_with_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarm, "_AGAIN_S", 0.02)
    handler = signal.getsignal(signal.SIGALRM)
    for _ in range(100):
        try:
            limited(0.001, lambda: spun(0.0015))
        except ProbeTimeout:
            pass

    spun(0.05)  # where one that is still on its way would be raised
    assert signal.getsignal(signal.SIGALRM) is handler


def test_code_that_catches_the_first_stop_meets_a_second_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarm, "_AGAIN_S", 0.05)
    caught = []

    def stubborn() -> None:
        while True:
            try:
                spun(30)
            except ProbeTimeout:
                caught.append(1)
                if len(caught) == 3:
                    raise

    with pytest.raises(ProbeTimeout):
        limited(0.02, stubborn)

    assert len(caught) == 3


def test_what_is_in_time_is_left_alone() -> None:
    assert limited(60, lambda: 7) == 7


def test_an_interrupt_is_noted_even_where_it_is_caught_and_later_ones_wait() -> None:
    handler = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert interrupts.came
        interrupts.close()
        signal.raise_signal(signal.SIGINT)

    assert signal.getsignal(signal.SIGINT) is handler
