"""`grader verify`: the rubric of this project is sound, and one with holes is told so."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from grader.commands.isolation import bubblewrap_problem
from tests.crash import processes
from tests.verifying.conftest import Make

ROOT = Path(__file__).parents[2]
ALONE = ("--workers", "1")  # each of several would import torch and start a template for a few functions


def verify(*arguments: str, course: Path = ROOT) -> subprocess.CompletedProcess[str]:
    if problem := bubblewrap_problem():
        pytest.skip(f"{problem}: bubblewrap would run this")
    command = [sys.executable, "-m", "grader", "verify", *arguments, "--course", str(course)]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("assignment", ["hw2-cnn", "lab-cnn", "softmax-regression"])
def test_our_rubric_has_no_hole(assignment: str, tmp_path: Path) -> None:
    ran = verify(assignment, "--report", str(tmp_path / "validity.md"))

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "No hole" in ran.stdout
    assert "survivor:" not in ran.stdout, ran.stdout  # each one has its reason in equivalents.py
    assert "note:" not in ran.stdout, ran.stdout
    told = re.search(
        r"told by their own sentence where they are refused: (\d+)/(\d+)", (tmp_path / "validity.md").read_text()
    )
    assert told and told[1] == told[2] and int(told[1]) > 20, told  # by every item, and not by one of them alone


@pytest.mark.timeout(300)
def test_a_sound_course_gets_its_page(make_course: Make, tmp_path: Path) -> None:
    course = make_course()
    known = {"helper": {"X + 0 → X - 0": "zero", "X + 0 → X": "zero"}, "double": {"helper(X) → X": "zero"}}
    (course / "reference" / "tiny" / "equivalents.py").write_text(f"EQUIVALENTS = {known}\n")

    ran = verify("--report", str(tmp_path / "validity.md"), *ALONE, course=course)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    page = (tmp_path / "validity.md").read_text()
    assert "## Tiny (`tiny`)" in page
    assert "| double-values | earns all | – | 1/1 | 1/1 | 1/1 | 6/6 |" in page


@pytest.mark.timeout(300)
def test_a_course_with_holes_is_told_of_each_and_ends_with_2(make_course: Make) -> None:
    course = make_course("torch.zeros(3)")
    (course / "reference" / "tiny" / "styles" / "wrong.py").write_text(
        "# style: is no right solution at all\n# %%\ndef double(X):\n    return X + 1\n"
    )

    ran = verify(*ALONE, course=course)

    assert ran.returncode == 2, ran.stdout + ran.stderr
    told = " ".join(ran.stdout.split())
    assert "hole: double-values: zeros in place of an answer pass" in told
    assert "hole: double: no item refuses the misconception tripled" in told
    assert "hole: double-values: the right solution wrong does not earn it" in told
    assert "survivor: double" in told
    assert "of the mutants that make a difference are caught; 97% should be" in told


def test_an_assignment_that_is_not_there_is_one_line() -> None:
    ran = verify("hw3")

    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1 and "'hw3'" in ran.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["stopped", "killed"])
def test_workers_end_with_the_command_however_it_ends(
    number: signal.Signals, make_course: Make, tmp_path: Path
) -> None:
    course, at_work = make_course(), tmp_path / "at-work"
    at_work.mkdir()
    solutions = course / "reference" / "tiny" / "solutions.py"
    waits = f"""
import multiprocessing, os, pathlib, time
if multiprocessing.parent_process():
    pathlib.Path({str(at_work)!r}, str(os.getpid())).touch()
    time.sleep(600)
"""
    solutions.write_text(waits + solutions.read_text())
    command = [sys.executable, "-m", "grader", "verify", "--workers", "2", "--course", str(course)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True) as verifying:
        processes.until(lambda: len(list(at_work.iterdir())) == 2)
        started = processes.below(verifying.pid)
        if number is signal.SIGINT:
            os.killpg(verifying.pid, number)  # as a terminal does
        else:
            verifying.kill()
        told = verifying.communicate(timeout=60)[1]

    assert {int(path.name) for path in at_work.iterdir()} <= {each.pid for each in started}
    assert len(list(at_work.iterdir())) == 2
    assert processes.left_of(started) == []
    if number is signal.SIGINT:
        assert verifying.returncode == 130
        assert told.splitlines()[1:] == ["grader: stopped; what was finished is kept"]
