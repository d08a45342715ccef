"""Grading files of odd names: whatever is printed or written means only what it says."""

from __future__ import annotations

import csv
import json
import logging
import os
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import cli, submissions
from grader.escaping import LogFormatter
from grader.exports.tables import items_csv
from grader.records import Outcome
from tests.hostile import cases
from tests.hostile.test_files import NAMES
from tests.reports.test_terminal import item
from tests.stored import row

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    course = tmp_path_factory.mktemp("course")
    shutil.copy(cases.HERE / "course" / "rubric.yaml", course)
    shutil.copytree(cases.HERE.parent.parent / "reference", course / "reference")
    return course


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    """A folder of PDFs under every odd name; nothing in them runs, so that no sandbox is needed."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in NAMES:
        (folder / os.fsencode(f"{name}.ipynb").decode(errors="surrogateescape")).write_bytes(
            b"%PDF" + os.fsencode(name)
        )
    return folder


def controls(text: str) -> Iterator[str]:
    """What would move a cursor, break a line or turn one around."""
    return (each for each in text if each != "\n" and unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp"))


def graded(folder: Path, course: Path, *options: str) -> int:
    places = [
        "--course",
        str(course),
        "--out",
        str(folder.parent / "results"),
        "--runner",
        "inline",
        "--sandbox",
        "none",
    ]
    return cli.main(["grade", str(folder), *places, *options])


def test_grading_files_of_odd_names_gives_tables_that_anybody_can_open(
    handed_in: Path, course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = graded(handed_in, course)

    printed = "".join(capsys.readouterr())
    with (handed_in.parent / "results" / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    assert code == 1
    assert {line["status"] for line in table} == {"needs_staff"}
    assert len(table) == len(submissions.read([handed_in])) > 30
    for line in table:
        for text in (line["student_id"], line["student_name"], line["submission"]):
            assert not text.lstrip().startswith(FORMULAS)
            assert not list(controls(text))
    assert not list(controls(printed))


def test_an_event_is_one_line_of_json(handed_in: Path, course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graded(handed_in, course, "--format", "json")

    printed = capsys.readouterr().out
    events = [json.loads(line) for line in printed.splitlines()]
    taken_in = next(event for event in events if event["event"] == "intake")
    assert taken_in["look_at"]  # some names differ only in case
    assert (events[0]["event"], events[-1]["event"]) == ("started", "done")
    planned = next(event for event in events if event["event"] == "planned")
    graded_ids = {event["student_id"] for event in events if event["event"] == "graded"}
    assert len(graded_ids) == planned["run"] > 30
    assert not list(controls(printed))


def test_nothing_that_is_printed_moves_a_cursor(
    handed_in: Path, course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = tmp_path / "\x1b[2J\u202e[red]\x9b.ipynb"
    odd.write_bytes(b"%PDF")
    paths = [odd, tmp_path / "no\x1b]0;title\x07such.ipynb", tmp_path / "\udcff"]

    codes = [
        cli.main([command, str(path), "--course", str(course)]) for command in ("grade", "check") for path in paths[1:]
    ]
    codes.append(cli.main(["check", str(odd), "--course", str(course)]))
    codes.append(cli.main(["check", str(odd), "\x1b[2Jcorr2d", "--course", str(course)]))
    codes.append(graded(handed_in, course, "--student", "\x1b[2J"))
    codes.append(graded(handed_in, course, "--item", "\u202e"))

    printed = "".join(capsys.readouterr())
    assert codes == [2] * len(codes)
    assert len(printed.splitlines()) == len(codes)
    assert not list(controls(printed))


def test_a_check_shows_a_problem_as_text(tmp_path: Path, course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "[bold]\x1b[2J.ipynb"
    cells = [{"cell_type": "code", "source": "1"}] * 5_001
    path.write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 4, "metadata": {}}))

    code = cli.main(["check", str(path), "--course", str(course)])

    printed = capsys.readouterr().out
    assert code == 1
    assert printed.split("has 5001")[0].strip() == "[bold]_[2J.ipynb"
    assert not list(controls(printed))


def test_text_in_a_log_cannot_pass_for_a_line_of_it() -> None:
    record = logging.LogRecord(
        "grader", logging.ERROR, "x.py", 1, "%s failed", ("a\ngrader: all passed\x1b[2J\u2028",), None
    )

    first, *more = LogFormatter("%(name)s: %(message)s").format(record).splitlines()

    assert first == "grader: a"
    assert more == [r"    grader: all passed\x1b[2J\u2028 failed"]


@pytest.mark.parametrize("text", NAMES)
def test_a_message_of_any_kind_is_one_harmless_cell(text: str) -> None:
    hostile = row(item("pool2d-max", Outcome.FAILED, 0.0, text, text))

    ((*_, message),) = list(csv.reader(items_csv([hostile]).splitlines()))[1:]

    assert not message.lstrip().startswith(FORMULAS)
    assert not list(controls(message))
