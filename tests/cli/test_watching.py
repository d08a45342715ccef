"""What a person sees while submissions are graded: on a pseudo terminal, and as plain lines."""

from __future__ import annotations

import io
import json
import re
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pexpect
import pytest
from rich.console import Console

from grader.cli.watching import Shown
from grader.commands.isolation import bubblewrap_problem
from grader.commands.watch import Idle
from grader.records import Student, Submission
from grader.reports.terminal import rendered
from grader.usage import Card, Usage
from tests.cli.test_events import GRADE
from tests.cli.test_tally import Clock

ROOT = Path(__file__).parents[2]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def handed_in(count: int) -> list[Submission]:
    return [Submission(Student(f"s{number:03}"), f"s{number:03}.ipynb", ()) for number in range(count)]


def plain(clock: Clock) -> tuple[Shown, io.StringIO]:
    written = io.StringIO()
    return Shown(Console(file=written, width=120), with_cards=False, clock=clock), written


def test_a_small_class_has_a_plain_line_for_each_with_the_time_left() -> None:
    clock = Clock()
    shown, written = plain(clock)
    ada, bo = handed_in(2)

    shown.planned([ada, bo], Idle(0, 0))
    shown.began(ada)
    clock.now += 7
    shown.finished(replace(GRADE, submission=ada, scores=()))

    assert written.getvalue().splitlines() == [
        "2 to run, 0 to rescore, 0 unchanged.",
        "[1/2] s000 graded in 2 s, about 7 s left",
    ]


def test_a_large_class_has_a_plain_line_now_and_then() -> None:
    clock = Clock()
    shown, written = plain(clock)
    many = handed_in(1000)

    shown.planned(many, Idle(0, 0))
    for each in many:
        shown.began(each)
        clock.now += 1
        shown.finished(replace(GRADE, submission=each, scores=()))

    lines = written.getvalue().splitlines()
    assert 50 < len(lines) < 120
    assert lines[1].startswith("[1/1000]") and lines[-1] == "[1000/1000]"


@pytest.mark.parametrize("count", [2, 1000])
def test_who_needs_staff_is_told_at_once_and_why(count: int) -> None:
    clock = Clock()
    shown, written = plain(clock)
    some = handed_in(count)

    shown.planned(some, Idle(0, 0))
    shown.began(some[0])
    shown.finished(replace(GRADE, submission=some[0]))

    assert "s000 needs staff: one: The grader failed." in written.getvalue().splitlines()


def test_the_changing_lines_tell_who_runs_at_which_stage_and_what_the_machine_does() -> None:
    clock = Clock()
    usage = Usage(2150.0, 9, (Card("0", 87.0, 11469.0, 143771.0), Card("1", None, None, None)))
    shown = Shown(Console(file=io.StringIO()), with_cards=True, look=lambda **_: usage, clock=clock)
    some = handed_in(40)

    shown.planned(some, Idle(0, 0))
    for each in some[:11]:
        shown.began(each)
    shown.stage("s001", "training [VGG]\x1b[2J")
    clock.now += 12
    shown.finished(replace(GRADE, submission=some[0]))
    shown._usage = usage

    lines = rendered(shown.view(), width=100).splitlines()
    assert lines[0].startswith("1/40") and lines[0].rstrip().endswith("12 s so far, about 32 s left")
    assert re.search(r"s001 +12 s +training \[VGG\]\\x1b\[2J", lines[1])
    assert "  and 2 more" in lines[-2]
    told = "2.1 GB in 9 processes · GPU 0: 87 %, 11.2 of 140.4 GB · GPU 1: ? of ? GB · 1 needs staff"
    assert lines[-1].strip() == told


def test_before_the_first_is_done_the_time_left_is_not_known() -> None:
    shown = Shown(Console(file=io.StringIO()), with_cards=False, clock=Clock())

    reading = rendered(shown.view())
    shown.planned(handed_in(3), Idle(0, 0))

    assert "reading" in reading
    assert "time left is not known yet" in rendered(shown.view(), width=120)


@pytest.mark.skipif(bool(bubblewrap_problem()), reason="no sandbox here; bubblewrap would run this")
def test_a_person_at_a_terminal_sees_it(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for student, seconds in (("ada", 3), ("bo", 8), ("cy", 3)):
        source = f"import time; time.sleep({seconds})"
        cells: list[dict[str, Any]] = [
            {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        ]
        notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
        (tmp_path / "in" / f"{student}.ipynb").write_text(json.dumps(notebook))
    (tmp_path / "in" / "kofi.ipynb").write_bytes(b"%PDF-1.4")
    arguments = ["-m", "grader", "grade", str(tmp_path / "in"), "--out", str(tmp_path / "r"), "--course", str(ROOT)]
    arguments += ["--assignment", "hw2-cnn", "--item", "corr2d-values", "--device", "cpu", "--workers", "2"]

    person = pexpect.spawn(sys.executable, arguments, dimensions=(24, 100), encoding="utf-8", timeout=100)
    seen = io.StringIO()
    person.logfile_read = seen
    try:
        person.expect(pexpect.EOF)
    finally:
        person.close()

    screen = ESCAPES.sub("", seen.getvalue())
    assert person.exitstatus == 1
    assert "4 to run, 0 to rescore, 0 unchanged." in screen
    assert "0/4" in screen and "3/4" in screen
    assert re.search(r"about [0-9]+ s left", screen) and "time left is not known yet" in screen
    assert re.search(r"ada +[0-9]+ s +running ada.ipynb", screen)
    assert re.search(r"[0-9.]+ GB in [0-9]+ processes", screen)
    assert "kofi needs staff: kofi.ipynb is a PDF, not a notebook." in screen
    assert "grades.csv" in screen.replace("\r\n", "")  # a long path goes on in the next line


def test_a_plain_run_that_is_long_silent_says_that_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.cli.watching._LOOK_S", 0.01)
    clock = Clock()
    written = io.StringIO()
    usage = Usage(1024.0, 2)
    shown = Shown(Console(file=written, width=120), with_cards=False, look=lambda **_: usage, clock=clock)
    (ada,) = handed_in(1)

    with shown.showing():
        shown.planned([ada], Idle(0, 0))
        shown.began(ada)
        shown.stage("s000", "training VGG")
        clock.now += 61
        deadline = time.monotonic() + 20
        while "longest" not in written.getvalue() and time.monotonic() < deadline:
            time.sleep(0.01)

    assert "[0/1] 1 run, longest s000 61 s (training VGG); 1.0 GB in 2 processes" in written.getvalue()
