"""What notebooks must not do to the grader's own process, and what is not their fault."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from grader.records import Outcome
from tests.hostile import cases
from tests.hostile.conftest import Desks, Ground

_MACHINE_S = 10.0  # opening and a busy machine


@contextmanager
def _peak_mb() -> Iterator[list[float]]:
    """How far the memory of this process grew at most, once the block has ended."""
    Path("/proc/self/clear_refs").write_text("5")  # sets the peak back
    before = _status_mb("VmRSS")
    grown: list[float] = []
    yield grown
    grown.append(_status_mb("VmHWM") - before)


def _status_mb(name: str) -> float:
    rows = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(rows[name].split()[0]) / 1024


def test_large_answers_do_not_fill_the_graders_memory(desks: Desks) -> None:
    desk = desks["forked"]

    with _peak_mb() as grown:
        grade = desk.grade(cases.submission("polite/large"), probe_s=10, memory_mb=2048)

    assert {score.finding.outcome for score in grade.scores} == {Outcome.FAILED}
    assert grown[0] < 250  # thirty answers of 8 megabytes, of seventy


@pytest.mark.parametrize("many", [8, 100])
def test_answers_of_many_versions_do_not_fill_it_either(desks: Desks, many: int) -> None:
    desk = desks["forked"]

    with _peak_mb() as grown:
        grade = desk.grade(cases.submission("polite/many-versions", filled_in={"MANY": str(many)}), probe_s=10)

    assert {score.finding.outcome for score in grade.scores} == {Outcome.FAILED}
    assert len(grade.observations) < 33 << 20  # of a hundred million bytes, or of a thousand
    assert grown[0] < 250


@pytest.mark.slow
def test_a_submission_ends_soon_after_its_total_limit(desks: Desks, ground: Ground) -> None:
    desk = desks["forked"]
    limits = {"total_s": 3.0, "probe_s": 3.0}

    began = time.monotonic()
    desk.grade(cases.submission("polite/slow"), **limits)
    seconds = time.monotonic() - began

    assert seconds < sum(limits.values()) + _MACHINE_S


def test_a_long_cell_is_run_like_any_other(desks: Desks) -> None:
    grade = desks["forked"].grade(cases.submission("polite/wide", filled_in={"WIDE": "x" * (5 << 20)}))

    assert {score.finding.outcome for score in grade.scores} == {Outcome.PASSED, Outcome.WAITING}
