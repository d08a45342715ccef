"""Many notebooks, or one that is run again and again, hold a worker only so long."""

from __future__ import annotations

import json

from grader.kernel.allowance import Allowance
from grader.kernel.cells import Script
from grader.kernel.session import KernelSession
from grader.probes import Died, Observation, Probe, Returned
from grader.records import Grade, Limits, SourceFile, Student, Submission
from tests.hostile.conftest import Desks

SLOW = "import time\ntime.sleep(1.5)\ndef pool2d(X, p, mode='max'): return X"
DEADLY = "import os, time\ntime.sleep(0.4)\nos._exit(1)"
QUICK = "def corr2d(X, K): return X"


def notebook(name: str, *sources: str) -> SourceFile:
    cells = [{"cell_type": "code", "source": each, "metadata": {}, "outputs": []} for each in sources]
    return SourceFile(name, json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}).encode())


def graded(desks: Desks, *notebooks: SourceFile, total_s: float) -> Grade:
    handed_in = Submission(Student("long"), notebooks[0].name, notebooks)
    return desks["forked"].grade(handed_in, total_s=total_s, cell_s=5)


def messages(grade: Grade) -> dict[str, str]:
    return {score.item.id: score.finding.message for score in grade.scores}


def test_notebooks_are_run_until_they_have_taken_too_long_together(desks: Desks) -> None:
    both = messages(graded(desks, notebook("a.ipynb", SLOW), notebook("b.ipynb", QUICK), total_s=5))
    one = messages(graded(desks, notebook("a.ipynb", SLOW), notebook("b.ipynb", QUICK), total_s=0.1))

    assert "cases are wrong" in both["corr2d-values"]
    assert "the notebooks of this submission ran for more than 0.8 s together" in one["corr2d-values"]
    assert "could not be run" not in one["pool2d-max"]


def test_a_notebook_is_not_run_anew_for_hours(desks: Desks) -> None:
    found = messages(graded(desks, notebook("a.ipynb", *[DEADLY] * 8, QUICK), total_s=0.2))

    assert "the notebooks of this submission ran for more than 1.6 s together" in found["corr2d-values"]


def test_answers_are_waited_for_until_all_notebooks_have_taken_too_long_together(desks: Desks) -> None:
    sandboxes, allowance, probe = desks["forked"].course.sandboxes, Allowance(2.0), Probe("call", "f@0")
    scripts = [Script("a.ipynb", [(1, "import time\ndef f(): return time.sleep(2)")], ["f"])]
    scripts += [Script("b.ipynb", [(1, "def f(): return 1")], ["f"])]

    found: list[Observation] = []
    for script in scripts:
        with KernelSession(script, sandboxes.open, Limits(), allowance) as session:
            session.versions("f")  # runs before anything is asked
            found += session.ask([probe, probe])

    assert found[0] == Returned(None)
    assert found[1:] == [Died(str(allowance))] * 3
