"""A session's process that was started before there was anything to run in it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader.kernel import bounds
from grader.kernel.cells import Script
from grader.kernel.sandbox import Confinement
from grader.kernel.session import KernelSession
from grader.kernel.template import Sandboxes
from grader.kernel.watching import Watch, below
from grader.probes import Probe, Returned
from grader.records import Limits

LIMITS = Limits(cell_s=20, total_s=60)
SOURCE = "import os\nx = globals().get('x', 0) + 1\ndef f():\n  return (os.getpid(), x)"


@pytest.fixture
def sandboxes() -> Iterator[Sandboxes]:
    with Sandboxes(Confinement("none", None, limits=LIMITS), warm=False, ahead=True) as opened:
        yield opened


def ours() -> set[int]:
    """The processes that run for this one, but for the shells that start them."""
    return {pid for pid, _ in below(os.getpid())[1:]}


def ran(sandboxes: Sandboxes) -> tuple[int, int]:
    """The process in which a notebook ran, and how often its cell has run there."""
    with KernelSession(Script("hw.ipynb", [(1, SOURCE)], ["f"]), sandboxes.open, LIMITS) as session:
        (answer,) = session.ask([Probe("call", "f@0")])
    assert isinstance(answer, Returned), answer
    assert isinstance(answer.value, tuple)
    return int(answer.value[0]), int(answer.value[1])


def opened(sandboxes: Sandboxes, limits: Limits) -> set[int]:
    """The processes of a session, which is closed again."""
    before = ours()
    sandbox = sandboxes.open(limits)
    started = ours() - before
    sandbox.close()
    return started


def test_each_session_has_a_process_of_its_own_the_one_that_waited(sandboxes: Sandboxes) -> None:
    runs = []
    for _ in range(2):
        before = ours()
        sandboxes.launch()
        sandboxes.launch()  # one is enough
        (waiting,) = ours() - before
        runs.append((waiting, *ran(sandboxes)))
        assert not ours() - before

    assert [ran_in == waiting for waiting, ran_in, _ in runs] == [True, True]
    assert [times for *_, times in runs] == [1, 1]
    assert runs[0][0] != runs[1][0]


def test_one_that_died_while_it_waited_costs_nothing(sandboxes: Sandboxes) -> None:
    before = ours()
    sandboxes.launch()
    (waiting,) = ours() - before
    os.kill(waiting, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{waiting}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.01)

    assert len(opened(sandboxes, LIMITS) - {waiting}) == 1


def test_it_serves_no_session_of_other_limits(sandboxes: Sandboxes) -> None:
    before = ours()
    sandboxes.launch()
    (waiting,) = ours() - before

    assert len(opened(sandboxes, replace(LIMITS, memory_mb=3000)) - {waiting}) == 1
    assert not ours() - before


def test_it_is_watched_from_the_moment_on_when_it_serves(sandboxes: Sandboxes, monkeypatch: pytest.MonkeyPatch) -> None:
    admitted: list[int] = []
    monkeypatch.setattr(bounds, "strong", lambda: False)
    monkeypatch.setattr(Watch, "admit", lambda watch, pid: admitted.append(pid))
    sandboxes.launch()
    waited = list(admitted)

    sandbox = sandboxes.open(LIMITS)

    sandbox.close()
    assert not waited
    assert len(admitted) == 1


def test_what_waits_ends_with_the_sandboxes() -> None:
    before = ours()
    with Sandboxes(Confinement("none", None, limits=LIMITS), warm=False, ahead=True) as sandboxes:
        sandboxes.launch()
        assert len(ours() - before) == 1

    assert not ours() - before
