"""Every hostile notebook gets what it deserves, and nobody else notices that it was there."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from grader.records import Grade
from tests.hostile import cases, standing
from tests.hostile.cases import HONEST, Case
from tests.hostile.conftest import Desks, Ground

_MACHINE_S = 40.0  # what starting, answering and a busy machine may take beyond the limits
_GRACE_S = 11.0  # what the grader and the sandbox wait beyond a limit before they kill

_TOO_MUCH = {  # too long to stand in a notebook that people read
    "DEEP": "x = " + "(" * 20_000 + "1" + ")" * 20_000,
    "MINUS": "x = " + "-" * 100_000 + "1",
    "LONG": "x = '" + "a" * 1_000_000 + "'",
    "BRACKETS": "[" * 50_000,
    "MARKDOWN": "# " * 50_000 + "*" * 100_000 + "\n" + "Discussion " * 20_000,
}


def _marked(case: Case, isolation: str) -> object:
    marks = [pytest.mark.slow] if isolation in case.slow else []
    if case.finding and isolation in case.finding_in:
        marks.append(pytest.mark.xfail(strict=True, reason=case.finding))
    return pytest.param(case, isolation, id=f"{case.id}-{isolation}", marks=marks)


@pytest.fixture
def ears() -> Iterator[list[socket.socket]]:
    """Two listeners on this machine that no sandbox may reach: on the loopback, and under an abstract name."""
    with ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind(f"\0grader-hostile-{os.getpid()}-{id(tcp)}")
        abstract.listen()
        for each in (tcp, abstract):
            each.setblocking(False)
        yield [tcp, abstract]


@pytest.mark.parametrize(
    ("case", "isolation"), [_marked(case, each) for case in cases.every() for each in case.isolations]
)
def test_a_hostile_notebook_gets_what_it_deserves_and_nobody_else_notices(
    case: Case, isolation: str, desks: Desks, ground: Ground, ears: list[socket.socket], tmp_path: Path
) -> None:
    desk = desks[isolation]
    neighbour = cases.submission(HONEST)
    tcp, abstract = ears
    touched = tmp_path / "touched"  # by what a notebook hands in to be run outside
    names = {"PORT": str(tcp.getsockname()[1]), "NAME": abstract.getsockname()[1:].decode(), "MARK": str(touched)}
    places = {"COURSE": str(ground.course), "RESULTS": str(ground.results)}
    hostile = cases.submission(case.id, filled_in={**names, **places, **_TOO_MUCH})
    folders, processes = standing.fingerprint(ground.course, ground.results), standing.descendants()
    groups = standing.control_groups()

    began = time.monotonic()
    grade = desk.grade(hostile, **case.limits)
    seconds = time.monotonic() - began

    assert grade.isolation.split()[0] == isolation
    _deserved(grade, case)
    for item, pattern in case.messages.items():
        (score,) = (each for each in grade.scores if each.item.id == item)
        assert re.search(pattern, score.finding.message), score.finding.message
    said = standing.said(grade)
    for pattern in case.said:
        assert re.search(pattern, said), f"it never said {pattern!r}, but: {said[:2000]}"
    assert ground.secrets.leaked(grade) == []
    assert standing.survivors(processes) == set()
    assert standing.control_groups() <= groups
    assert standing.fingerprint(ground.course, ground.results) == folders
    assert not touched.exists()
    for ear in ears:
        with pytest.raises(BlockingIOError):
            ear.accept()
    limits = {"cell_s": ground.assignment.limits.cell_s, "probe_s": ground.assignment.limits.probe_s, **case.limits}
    hanging = sum(case.hangs.get(kind, 0) * (limits[f"{kind}_s"] + _GRACE_S) for kind in ("cell", "probe"))
    assert seconds < hanging + _MACHINE_S

    after = desks["forked"].grade(neighbour)

    _deserved(after, cases.read(HONEST))
    assert after.earned == after.possible == sum(i.points for i in ground.assignment.items if i.check != "answered")
    assert after.isolation.split()[0] == "forked"


def _deserved(grade: Grade, case: Case) -> None:
    outcomes = {score.item.id: score.finding.outcome.value for score in grade.scores}
    assert outcomes.keys() == case.outcomes.keys()
    for item, outcome in case.outcomes.items():
        assert outcomes[item] in (outcome if isinstance(outcome, list) else [outcome]), _told(grade)


def _told(grade: Grade) -> str:
    return "\n".join(f"{each.item.id}: {each.finding.outcome}: {each.finding.message}" for each in grade.scores)
