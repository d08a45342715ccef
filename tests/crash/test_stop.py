"""Ctrl-C once finishes what runs, twice stops at once, SIGTERM too; nothing is left behind and the next run goes on."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from grader.commands.isolation import bubblewrap_problem
from tests.crash import graders, processes
from tests.crash.graders import Ended

ROOT = Path(__file__).parents[2]
TWO = ("--workers", "2", "--format", "json")
FINISHING = "Finishing what runs; Ctrl-C again stops at once."


def graded(out: Path) -> list[str]:
    text = (out / "grades.csv").read_text(encoding="utf-8-sig")
    return [row["student_id"] for row in csv.DictReader(io.StringIO(text))]


def running(out: Path) -> set[str]:
    """The students whose submissions were begun and not brought to an end."""
    with contextlib.closing(sqlite3.connect(out / "gradebook.db")) as connection:
        return {student for (student,) in connection.execute("SELECT student_id FROM attempts")}


def signalled(process: BaseProcess, log: Path, *signals: int) -> Ended:
    """Send signals to the process group, as a terminal does, each when the one before has been heard."""
    assert process.pid is not None
    processes.until(lambda: '"graded"' in (log / "out").read_text() or "[1/" in (log / "err").read_text())
    for number in signals:
        os.killpg(process.pid, number)
        if number == signal.SIGINT:
            processes.until(lambda: FINISHING in (log / "err").read_text())
    return graders.ended(process, log)


def test_once_finishes_what_runs_and_says_how_to_go_on(tmp_path: Path) -> None:
    handed_in = graders.hand_in(tmp_path / "course" / "in", 9)
    out = tmp_path / "results"

    stopped = signalled(*graders.begin(handed_in, out, "--workers", "2", seconds=1.0), signal.SIGINT)

    assert stopped.code == 130
    assert FINISHING in stopped.told
    assert 2 <= len(graded(out)) <= 4  # one was done, one or two more ran, or three when the second was done as well
    assert running(out) == set()
    left = 9 - len(graded(out))
    assert f"Stopped with {left} left to grade; the same command goes on from here." in stopped.printed


@pytest.mark.parametrize(
    "signals",
    [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM,), (signal.SIGHUP,), (signal.SIGINT,) + (signal.SIGTERM,) * 3],
    ids=["ctrl-c-twice", "sigterm", "sighup", "impatient"],
)
def test_at_once_kills_what_runs_and_keeps_what_is_done(tmp_path: Path, signals: tuple[int, ...]) -> None:
    handed_in = graders.hand_in(tmp_path / "course" / "in", 6)
    out = tmp_path / "results"
    process, log = graders.begin(handed_in, out, *TWO, hook=slow)

    processes.until(lambda: (out / "gradebook.db").exists() and running(out) & {"s002", "s003"})
    stopped = signalled(process, log, *signals)
    kept = graded(out)
    again = graders.grade(handed_in, out, *TWO)

    assert stopped.code == 130
    assert kept in (["s000"], ["s001"], ["s000", "s001"])
    assert again.code == 0
    assert "died" not in stopped.told + again.told and "killed" not in again.told
    graders.grade(handed_in, tmp_path / "undisturbed", *TWO)
    assert graders.tables(out) == graders.tables(tmp_path / "undisturbed")


def test_a_folder_of_which_all_is_done_was_not_stopped(tmp_path: Path) -> None:
    handed_in = graders.hand_in(tmp_path / "course" / "in", 2)

    stopped = signalled(*graders.begin(handed_in, tmp_path / "results", *TWO, hook=rather_slow), signal.SIGINT)

    assert FINISHING in stopped.told
    assert (stopped.code, graded(tmp_path / "results")) == (0, ["s000", "s001"])


def slow() -> None:
    graders.SLOW.update({"s002": 100.0, "s003": 100.0})


def rather_slow() -> None:
    graders.SLOW.update({"s000": 1.0, "s001": 3.0})  # both are begun before the first is done


# ---- the real command, with real notebooks in real sandboxes ---------------------------------------------------------


@pytest.mark.skipif(bool(bubblewrap_problem()), reason="no sandbox here; bubblewrap would run this")
@pytest.mark.parametrize("end", ["ctrl-c-twice", pytest.param("sigkill", marks=pytest.mark.slow)])
def test_nothing_is_left_running(tmp_path: Path, end: str) -> None:
    for student in ("ada", "bo"):
        content: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        endless = {**content, "source": "import time\nwhile True: time.sleep(1)"}
        notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [endless]}
        (tmp_path / f"{student}.ipynb").write_text(json.dumps(notebook))
    options = ["grade", str(tmp_path), "--out", str(tmp_path / "r"), "--course", str(ROOT), "--assignment", "hw2-cnn"]
    command = [sys.executable, "-m", "grader", *options, "--item", "corr2d-values", "--workers", "1"]

    with (tmp_path / "told").open("w") as told:
        process = subprocess.Popen(command, stdout=told, stderr=told, start_new_session=True)
    try:
        processes.until(lambda: in_session(processes.below(process.pid)))
        started = processes.below(process.pid)
        if end == "sigkill":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGINT)
            processes.until(lambda: FINISHING in (tmp_path / "told").read_text())
            os.killpg(process.pid, signal.SIGINT)
        code = process.wait(30)
    finally:
        process.kill()
        process.wait()

    assert code == (-signal.SIGKILL if end == "sigkill" else 130)
    assert len(started) > 5  # a worker, bubblewrap, its template, a session with its kernel
    assert processes.left_of(started) == []
    assert (end == "sigkill") != (tmp_path / "r" / "grades.csv").exists()


def in_session(seen: list[processes.Seen]) -> bool:
    """Whether a template has forked: it is called like bubblewrap's argument and like its copy."""
    return len(seen) > 5 and sum("template" in each.command for each in seen) >= 3


def importing(process: processes.Seen) -> bool:
    """Whether it is what workers are forked from and has begun to load torch, which takes it a second."""
    try:
        return "forkserver" in process.command and "libtorch" in Path(f"/proc/{process.pid}/maps").read_text()
    except OSError:
        return False


@pytest.mark.slow
def test_while_workers_start_is_heard_by_the_grader_alone(tmp_path: Path) -> None:
    handed_in = graders.hand_in(tmp_path / "course" / "in", 2)
    options = ["grade", str(handed_in), "--out", str(tmp_path / "r"), "--course", str(handed_in.parent)]
    command = [sys.executable, "-m", "grader", *options, "--sandbox", "none", "--device", "cpu", "--workers", "2"]

    with (tmp_path / "told").open("w") as told:
        process = subprocess.Popen(command, stdout=told, stderr=told, start_new_session=True)
    processes.until(lambda: any(importing(each) for each in processes.below(process.pid)))
    os.killpg(process.pid, signal.SIGINT)
    code = process.wait(60)

    printed = (tmp_path / "told").read_text()
    assert (code, running(tmp_path / "r")) == (130, set())
    assert FINISHING in printed and "Stopped with 2 left to grade" in printed
    assert "Traceback" not in printed
