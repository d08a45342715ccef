"""Probes are sent ahead, so that the kernel need not wait; whoever stops listening costs nobody else anything."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest
import torch

from grader.kernel.cells import Script
from grader.kernel.sandbox import Sandbox
from grader.kernel.session import KernelSession
from grader.kernel.template import Sandboxes
from grader.probes import Died, Probe, Returned, TimedOut
from grader.records import Limits

LIMITS = Limits(cell_s=5, probe_s=1, total_s=100)
SOURCE = """
import os, time
def same(x):
    return x
def large(x):
    import torch
    return torch.ones(300_000)
def hang(x):
    while True: pass
def kill(x):
    os._exit(3)
def odd(n):
    if n == 2: time.sleep(100)
    return n
"""


@pytest.fixture
def opened() -> list[Sandbox]:
    """The sandboxes that the session has opened."""
    return []


@pytest.fixture
def session(forked: Sandboxes, opened: list[Sandbox]) -> Iterator[KernelSession]:
    def noted(limits: Limits) -> Sandbox:
        opened.append(forked.open(limits))
        return opened[-1]

    script = Script("hw.ipynb", [(1, SOURCE)], ["same", "large", "hang", "kill", "odd"])
    with KernelSession(script, noted, LIMITS) as session:
        yield session


def probes(name: str, *arguments: object) -> list[Probe]:
    return [Probe("call", f"{name}@0", (argument,)) for argument in arguments]


def test_probes_larger_than_the_pipe_travel_both_ways(session: KernelSession) -> None:
    sizes = [1, 300_000, 10, 200_000, 1, 1, 300_000, 100]

    observations = list(session.ask(probes("same", *(torch.ones(size) for size in sizes))))

    assert [len(each.value) for each in observations if isinstance(each, Returned)] == sizes


def test_a_large_probe_waits_for_a_large_answer_that_nobody_waited_for(
    session: KernelSession, opened: list[Sandbox]
) -> None:
    (first,) = islice(session.ask([*probes("same", 1), *probes("large", 1)]), 1)
    (after,) = session.ask(probes("same", torch.ones(300_000)))

    assert first == Returned(1)
    assert isinstance(after, Returned) and len(after.value) == 300_000
    assert len(opened) == 1  # sent into a full pipe, it would run into the limit and its grace, and be asked again


def test_those_behind_a_hang_are_not_waited_for(session: KernelSession) -> None:
    (first,) = islice(session.ask(probes("hang", *range(20))), 1)
    after = list(session.ask(probes("same", 1, 2)))

    assert (first, after) == (TimedOut(1), [Returned(1), Returned(2)])
    assert session.timed_out == 1  # not seven


def test_those_behind_a_hang_are_answered_where_somebody_wants_to_know(session: KernelSession) -> None:
    assert list(session.ask(probes("odd", 1, 2, 3, 2, 4))) == [Returned(1), TimedOut(1), Returned(3), TimedOut(1), Returned(4)]  # fmt: skip


def test_a_death_that_nobody_waited_for_is_blamed_on_nobody_else(session: KernelSession) -> None:
    (first,) = islice(session.ask([*probes("same", 1), *probes("kill", 1)]), 1)
    after = list(session.ask(probes("same", 2)))

    assert (first, after) == (Returned(1), [Returned(2)])
    assert list(session.ask(probes("kill", 1))) == [Died("it exited")]


def test_an_answer_to_another_probe_is_no_answer(forked: Sandboxes) -> None:
    source = (
        "import sys\n"
        "def early(x):\n"
        "  frame = sys._getframe()\n"
        "  while 'number' not in frame.f_locals: frame = frame.f_back\n"
        "  from grader.kernel.channel import Frame\n"
        "  right = {'returned': {'int': '7'}, 'number': frame.f_locals['number'] + 1}\n"
        "  frame.f_locals['self']._channel.send(Frame('observation', right))\n"
        "  return x\n"
    )
    with KernelSession(Script("hw.ipynb", [(1, source)], ["early"]), forked.open, LIMITS) as session:
        assert list(session.ask(probes("early", 1))) == [Died("wrote into the grader's pipe")]
