"""What runs out of time is counted, by the grader's own clock, whatever it looks like afterwards."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader import checks, rubric
from grader.commands.isolation import bubblewrap_problem
from grader.kernel.cells import Script
from grader.kernel.sandbox import Confinement
from grader.kernel.session import KernelSession
from grader.kernel.submitted import SubmittedSession
from grader.kernel.template import Sandboxes
from grader.probes import Died, Probe, Raised, Returned, TimedOut
from grader.records import Limits, Outcome, Profile, SourceFile, Student, Submission
from grader.runners.work import Grading, Work

ROOT = Path(__file__).parents[2]
DEFINITION = "def same(x):\n  while x == 0:\n    pass\n  return x\ndef raises(x):\n  raise ValueError"
HANGS = "while True:\n  pass"
LIMITS = Limits(cell_s=2, probe_s=1, total_s=60)
Opened = Callable[..., KernelSession]


@pytest.fixture(scope="module")
def opened(forked: Sandboxes) -> Opened:
    """Opens a notebook of these cells."""

    def opened(*cells: str, limits: Limits = LIMITS) -> KernelSession:
        script = Script("hw.ipynb", list(enumerate(cells, 1)), ["same", "raises"])
        return KernelSession(script, forked.open, limits)

    return opened


def same(*arguments: int) -> list[Probe]:
    return [Probe("call", "same@0", (argument,)) for argument in arguments]


def test_answers_in_time_count_nothing(opened: Opened) -> None:
    with opened(DEFINITION, "1 / 0", "pass") as session:
        observations = list(session.ask([*same(1), Probe("call", "raises@0", (1,))]))

        assert observations == [Returned(1), Raised("ValueError", "raise ValueError")]
        assert session.timed_out == 0


def test_a_probe_without_an_answer_is_counted(opened: Opened) -> None:
    with opened(DEFINITION) as session:
        assert list(session.ask(same(0, 1, 0))) == [TimedOut(1), Returned(1), TimedOut(1)]
        assert session.timed_out == 2


def test_an_interrupted_cell_is_counted(opened: Opened) -> None:
    with opened(DEFINITION, HANGS, "pass") as session:
        assert list(session.ask(same(1))) == [Returned(1)]
        assert session.timed_out == 1


def test_a_last_cell_that_is_interrupted_is_counted(opened: Opened) -> None:
    with opened(DEFINITION, HANGS) as session:
        assert list(session.ask(same(1))) == [Returned(1)]
        assert session.timed_out == 1


def test_a_cell_that_does_not_let_itself_be_interrupted_is_counted(opened: Opened) -> None:
    stubborn = "while True:\n  try:\n    while True:\n      pass\n  except KeyboardInterrupt:\n    pass"
    with opened(DEFINITION, stubborn) as session:
        assert list(session.ask(same(1))) == [Returned(1)]
        assert session.deadly.keys() == {2}
        assert session.timed_out == 1


def test_cells_that_are_not_run_because_the_total_is_used_up_are_counted(opened: Opened) -> None:
    with opened(HANGS, DEFINITION, limits=Limits(cell_s=2, probe_s=1, total_s=1)) as session:
        assert list(session.ask(same(1))) == [Returned(1)]
        assert session.timed_out == 2


def test_probes_that_are_not_asked_because_the_total_is_used_up_are_counted(opened: Opened) -> None:
    with opened(DEFINITION, limits=Limits(cell_s=10, probe_s=2, total_s=1)) as session:
        assert list(session.ask(same(0, 1))) == [TimedOut(2), Died("used up 1 s")]
        assert session.timed_out == 2


def test_a_submission_counts_all_its_notebooks(opened: Opened) -> None:
    with opened(DEFINITION) as one, opened(HANGS) as other:
        submitted = SubmittedSession([one, other], lambda section: "")

        list(submitted.ask([*same(0), Probe("call", "never@0")]))

        assert submitted.timed_out == 2


@pytest.fixture(scope="module")
def grading() -> Iterator[Grading]:
    if problem := bubblewrap_problem():
        pytest.skip(f"{problem}: bubblewrap would run this")
    assignment = replace(rubric.choose(rubric.load(ROOT, checks.bind), "hw2-cnn"), limits=LIMITS)
    confinement = Confinement("bubblewrap", None, limits=LIMITS)
    work = Work(ROOT, assignment, None, confinement, Profile.QUICK, only=("corr2d-values",))
    with contextlib.closing(Grading(work)) as grading:
        yield grading


# What hangs does so with the first example for pictures, and with the first case.
@pytest.mark.parametrize(("cell", "count"), [("while True: pass", 2), ("return torch.zeros(1)", 0)])
def test_a_grade_tells_how_much_ran_out_of_time(grading: Grading, cell: str, count: int) -> None:
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": f"def corr2d(X, K):\n    {cell}"}]
    content = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
    file = SourceFile("hw.ipynb", json.dumps(content).encode())

    grade = grading(Submission(Student("ada"), "hw.ipynb", (file,)))

    assert grade.timed_out == count
    assert grade.scores[0].finding.outcome is Outcome.FAILED
