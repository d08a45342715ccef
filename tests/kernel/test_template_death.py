"""A template that dies takes its sessions with it: that is told, and told apart from what a notebook does to itself."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from grader.commands.isolation import bubblewrap_problem
from grader.errors import SandboxError
from grader.kernel.cells import Script
from grader.kernel.sandbox import Confinement
from grader.kernel.session import KernelSession
from grader.kernel.template import Launched, Sandboxes, Template
from grader.probes import Died, Observation, Probe, Returned
from grader.records import Limits
from tests.crash import processes

SOURCE = """
import os
def one():
  return 1
def exits():
  os._exit(3)
"""


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[Sandboxes]:
    if problem := bubblewrap_problem():
        pytest.skip(f"{problem}: bubblewrap would run this")
    with Sandboxes(Confinement("bubblewrap", None), warm=True) as opened:
        yield opened


def asked(session: KernelSession, target: str) -> Observation:
    (observation,) = session.ask([Probe("call", f"{target}@0")])
    return observation


def opened(sandboxes: Sandboxes) -> KernelSession:
    return KernelSession(Script("hw.ipynb", [(1, SOURCE)], ["one", "exits"]), sandboxes.open, Limits())


def kill_template(sandboxes: Sandboxes) -> None:
    """Kill it from outside and wait until it is gone with everything below it."""
    assert sandboxes._template is not None and sandboxes._template._launched is not None
    own = sandboxes._template._launched._process.pid  # others of this test run may be kept warm beside it
    bubblewrap = next(each for each in processes.below(os.getpid()) if each.pid == own)
    template, *sessions = processes.below(bubblewrap.pid)
    os.kill(template.pid, signal.SIGKILL)
    assert processes.left_of([bubblewrap, template, *sessions]) == []


def test_what_a_notebook_does_to_itself_is_its_own_fault(sandboxes: Sandboxes) -> None:
    with opened(sandboxes) as session:
        assert isinstance(asked(session, "exits"), Died)
        assert asked(session, "one") == Returned(1)

    if sandboxes.isolation != "forked":
        pytest.skip("sessions cannot be forked here; a system that lets users nest namespaces would run this")
    assert not sandboxes.lost()


@pytest.mark.parametrize("when", ["before the session's end", "between two sessions"])
def test_a_template_that_was_killed_is_told_once(sandboxes: Sandboxes, when: str) -> None:
    with opened(sandboxes) as session:
        assert asked(session, "one") == Returned(1)
        if when == "before the session's end":
            kill_template(sandboxes)
            assert isinstance(asked(session, "one"), Died)
    if when == "between two sessions":
        kill_template(sandboxes)
        with opened(sandboxes) as session:
            assert asked(session, "one") == Returned(1)

    assert sandboxes.lost()
    assert not sandboxes.lost()
    assert sandboxes.isolation == "forked"


def test_a_template_that_another_process_launched_is_taken_over_and_replaced_when_it_has_died() -> None:
    if problem := bubblewrap_problem():
        pytest.skip(f"{problem}: bubblewrap would run this")
    confinement = Confinement("bubblewrap", None)
    launched = Launched(confinement)
    with Sandboxes(confinement, warm=True, control=launched.control) as sandboxes:
        with opened(sandboxes) as session:
            assert asked(session, "one") == Returned(1)
        if sandboxes.isolation != "forked":
            pytest.skip("sessions cannot be forked here; a system that lets users nest namespaces would run this")
        assert [each.pid for each in processes.below(os.getpid()) if each.pid == launched._process.pid]
        launched._process.kill()
        launched._process.wait()
        with opened(sandboxes) as session:
            assert asked(session, "one") == Returned(1)
        assert sandboxes.isolation == "forked"


def test_a_launched_template_ends_with_the_socket_of_whoever_took_it_over() -> None:
    if problem := bubblewrap_problem():
        pytest.skip(f"{problem}: bubblewrap would run this")
    launched = Launched(Confinement("bubblewrap", None))
    assert launched._process.poll() is None
    launched.control.close()
    launched._process.wait(90)  # raises where it goes on
    assert launched._process.poll() is not None


def test_a_template_that_dies_as_soon_as_it_is_ready_is_a_fault_of_the_machine() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.sendall(b"R")
    theirs.close()
    with Template(Confinement("bubblewrap", None), ours) as template:
        with pytest.raises(SandboxError, match="did not start"):
            template._await_greeting()

    assert ours.fileno() == -1


@pytest.mark.parametrize(("ends", "told"), [(KeyboardInterrupt, KeyboardInterrupt), (FileNotFoundError, SandboxError)])
def test_a_template_that_cannot_be_started_leaves_no_socket_open(
    ends: type[BaseException], told: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[socket.socket] = []

    def pair(*arguments: Any) -> tuple[socket.socket, socket.socket]:
        made.extend(original(*arguments))
        return made[0], made[1]

    def start(*_: object, **__: object) -> None:
        raise ends

    original = socket.socketpair
    monkeypatch.setattr(socket, "socketpair", pair)
    monkeypatch.setattr(subprocess, "Popen", start)
    with pytest.raises(told):
        Launched(Confinement("bubblewrap", None))

    assert [each.fileno() for each in made] == [-1, -1]
