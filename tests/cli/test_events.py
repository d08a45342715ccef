"""The events of `--format json`: each is documented, with exactly these fields; a run writes them and nothing else."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader import cli, logs
from grader.cli.events import VERSION, Events, stages_to
from grader.commands.grade import Result
from grader.commands.identifying import Doubt
from grader.commands.intake import Intake
from grader.commands.watch import Idle
from grader.errors import UsageError
from grader.records import Assignment, Finding, Grade, Item, Outcome, Profile, Score, Student, Submission
from grader.reports.moves import Move

ROOT = Path(__file__).parents[2]
DOCUMENTED = re.findall(r"^\| `(\w+)` \| (.*?) \|", (ROOT / "docs" / "events.md").read_text(), re.MULTILINE)
RIGHT = "def corr2d(X, K):\n  u = X.unfold(0, K.shape[0], 1).unfold(1, K.shape[1], 1)\n  return (u * K).sum((2, 3))"

ADA = Submission(Student("ada"), "ada.ipynb", ())
BROKEN = Finding(Outcome.BROKEN, 0.0, "The grader failed.")
GRADE = Grade(
    ADA,
    (Score(Item("one", "7.1", "One", 4, "answered", "7.1"), BROKEN, 0.0, 0.0),),
    isolation="none",
    device="cpu",
    profile=Profile.QUICK,
    started="2026-11-22T12:00:00+00:00",
    seconds=1.5,
    grader_version="0.1",
)
RESULT = Result(Assignment("hw", "HW", Path(), "hw", ()), (), Path("results"), left=2)
TAKEN = Intake((ADA,), (), {}, ["a line"], [Doubt("ada", "ambiguous", "fits two")], (), ())

TOLD: dict[str, Callable[[Events], None]] = {
    "started": lambda events: events.started(),
    "wrote": lambda events: events.wrote(Path("results/grades.csv")),
    "told": lambda events: events.told("a sentence"),
    "intake": lambda events: events.took_in(TAKEN),
    "planned": lambda events: events.planned([ADA], Idle(1, 2)),
    "rescored": lambda events: events.rescored(GRADE),
    "stale": lambda events: events.stale([ADA]),
    "began": lambda events: events.began(ADA),
    "stage": lambda events: events.stage("ada", "checking"),
    "graded": lambda events: events.graded(replace(GRADE, scores=())),
    "needs_staff": lambda events: events.graded(GRADE),
    "postponed": lambda events: events.postponed(GRADE),
    "retrying": lambda events: events.retrying([ADA]),
    "moved": lambda events: events.moved([Move("ada", "one", "2/4", "4/4", "run again")]),
    "failed": lambda events: events.failed(UsageError("no such course")),
    "done": lambda events: events.done(RESULT),
}


def read(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def documented() -> dict[str, set[str]]:
    fields = {name: set(re.findall(r"`(\w+)`", told)) for name, told in DOCUMENTED}
    fields["rescored"] = fields["graded"]
    return fields


@pytest.mark.parametrize("name", documented())
def test_an_event_has_the_documented_fields(name: str) -> None:
    out = io.StringIO()

    TOLD[name](Events(out))

    last = read(out.getvalue())[-1]
    assert last.pop("event") == name
    assert set(last) == documented()[name]


def test_every_event_is_documented() -> None:
    assert set(documented()) == set(TOLD)


def test_what_needs_staff_comes_after_its_grade_and_says_why() -> None:
    out = io.StringIO()

    Events(out).graded(GRADE)

    first, second = read(out.getvalue())
    assert (first["event"], first["status"]) == ("graded", "needs_staff")
    assert second["items"] == {"one": "The grader failed."}


def test_a_stage_is_heard_of_with_its_student_and_no_longer_than_wanted() -> None:
    heard: list[tuple[str, str]] = []

    with stages_to(lambda student, stage: heard.append((student, stage))), logs.about("ada"):
        logs.STAGES.setLevel("INFO")
        logs.stage("checking")
        with logs.during("running ada.ipynb"):
            pass
    logs.stage("too late")

    assert heard == [("ada", "checking"), ("ada", "running ada.ipynb"), ("ada", "checking")]


def test_a_run_writes_events_and_nothing_else(tmp_path: Path) -> None:
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": RIGHT}
    ]
    (tmp_path / "in").mkdir()
    notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
    (tmp_path / "in" / "ada.ipynb").write_text(json.dumps(notebook))
    (tmp_path / "in" / "kofi.ipynb").write_bytes(b"%PDF-1.4")
    command = [sys.executable, "-m", "grader", "grade", str(tmp_path / "in"), "--out", str(tmp_path / "r")]
    command += ["--course", str(ROOT), "--assignment", "hw2-cnn", "--item", "corr2d-values", "--sandbox", "none"]
    command += ["--device", "cpu", "--format", "json", "--workers", "1", "--log", str(tmp_path / "log")]

    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    events = read(ran.stdout)
    names = [each["event"] for each in events]
    assert names[0] == "started" and events[0]["version"] == VERSION == 1
    assert names[-1] == "done" and events[-1]["exit_code"] == ran.returncode == 1
    of = {student: [e["event"] for e in events if e.get("student_id") == student] for student in ("ada", "kofi")}
    assert of["ada"] == ["began", "stage", "stage", "stage", "graded"]
    assert of["kofi"] == ["began", "graded", "needs_staff"]
    stages = [each["stage"] for each in events if each["event"] == "stage"]
    assert stages == ["checking", "running ada.ipynb", "checking"]
    assert [Path(e["path"]).name for e in events if e["event"] == "wrote"] == ["intake.csv", "grades.csv", "items.csv"]
    graded = next(each for each in events if each["event"] == "graded" and each["student_id"] == "ada")
    assert graded["earned"] == graded["possible"] > 0

    log = read((tmp_path / "log").read_text())
    assert all({"time", "level", "logger", "message"} <= set(each) for each in log)
    assert {each["logger"] for each in log if each.get("student") == "ada"} >= {
        "grader.commands.running",  # this process
        "grader.stages",  # the worker's
    }


def test_a_run_that_cannot_start_ends_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["grade", str(tmp_path / "nosuch"), "--course", str(ROOT), "--format", "json"])

    printed = capsys.readouterr()
    assert [each["event"] for each in read(printed.out)] == ["started", "failed"]
    assert read(printed.out)[-1]["exit_code"] == code == 2
    assert "does not exist" in printed.err
