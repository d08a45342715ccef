"""What Linux gives an account once, a session cannot take from its neighbours: room in pipes, descriptors on their way, epoll.

Where an ordinary user runs the grader, all sessions are that user's.
"""

from __future__ import annotations

import fcntl
import os
import resource
from collections.abc import Iterator

import pytest
import torch

from grader.kernel.cells import Script
from grader.kernel.sandbox import Confinement
from grader.kernel.session import KernelSession
from grader.kernel.template import Sandboxes
from grader.probes import Probe, Returned
from grader.records import Limits
from tests.hostile.conftest import Ground

LIMITS = Limits(cell_s=20, probe_s=1)
HONEST = "import torch\ndef large(X): return torch.zeros(200_000) + X.sum()\ndef small(X): return 2 * X"
HOARD = """
import array, os, socket

kept, null, on_their_way = [], os.open("/dev/null", os.O_RDONLY), 0
while on_their_way < 1300:
    left, right = socket.socketpair()
    kept.append((left, right))
    try:
        left.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [null] * 250))])
    except OSError:
        break
    on_their_way += 250

def how_many():
    return on_their_way
"""


@pytest.fixture
def sandboxes(ground: Ground) -> Iterator[Sandboxes]:
    with Sandboxes(Confinement("bubblewrap", None, limits=LIMITS), warm=True) as opened:
        yield opened


def test_where_pipes_hold_little_every_answer_is_right(sandboxes: Sandboxes, monkeypatch: pytest.MonkeyPatch) -> None:
    # As Linux makes them for an account whose processes hold 64 MiB of pipes: a session can see to that.
    whole = os.pipe2

    def small(flags: int) -> tuple[int, int]:
        read_fd, write_fd = whole(flags)
        assert fcntl.fcntl(write_fd, fcntl.F_SETPIPE_SZ, 4096) == 4096
        return read_fd, write_fd

    monkeypatch.setattr(os, "pipe2", small)
    given = [torch.full((2_000,), float(number)) for number in range(8)]
    probes = [Probe("call", f"{'large' if number % 4 == 0 else 'small'}@0", (X,)) for number, X in enumerate(given)]

    with KernelSession(Script("hw.ipynb", [(1, HONEST)], ["large", "small"]), sandboxes.open, LIMITS) as session:
        answers = list(session.ask(probes))

    for number, (answer, X) in enumerate(zip(answers, given, strict=True)):
        assert isinstance(answer, Returned), answer
        assert torch.equal(answer.value, torch.zeros(200_000) + X.sum() if number % 4 == 0 else 2 * X)


def test_descriptors_on_their_way_keep_no_session_from_being_forked(sandboxes: Sandboxes) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))  # as most systems start a process
    try:
        with (
            KernelSession(Script("bad.ipynb", [(1, HOARD)], ["how_many"]), sandboxes.open, LIMITS) as hoarding,
            KernelSession(Script("hw.ipynb", [(1, HONEST)], ["small"]), sandboxes.open, LIMITS) as honest,
        ):
            (hoarded,) = hoarding.ask([Probe("call", "how_many@0")])
            (answer,) = honest.ask([Probe("call", "small@0", (torch.ones(2),))])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert isinstance(hoarded, Returned) and hoarded.value >= 1250  # of one account: its template's
    assert isinstance(answer, Returned)
    assert sandboxes.isolation.split()[0] == "forked"
