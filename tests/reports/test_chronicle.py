"""What happened to one student's grade, when, by whom and why; and requests from the command line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grader import cli
from grader.commands.history import Options, history, request
from grader.commands.rescore import Options as RescoreOptions
from grader.commands.rescore import rescore
from grader.decisions import Beneath, Decision, Kind
from grader.errors import UsageError
from grader.gradebook import Gradebook
from tests.reviewing.rooms import build, decided, grade, rows


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return build(tmp_path / "course", 2)


def told(course: Path) -> list[tuple[str, str, str, tuple[str, ...]]]:
    found = history(Options("s01", course / "results", course))
    return [(each.who.partition(" ")[0], each.what, each.why, each.changed) for each in found]


def test_a_first_grade_says_of_which_submission(course: Path) -> None:
    assert told(course) == [("grader", "graded: 3 of 6", "first grade of 1.ipynb", ())]


def test_another_submission_a_rescore_and_people_stand_in_the_order_of_time(course: Path) -> None:
    grade(course, 1, "Longer.", code=4.0, sha256="another")
    (course / "rubric.yaml").write_text((course / "rubric.yaml").read_text().replace("points: 6", "points: 12"))
    rescore(RescoreOptions(course / "results", course))
    row = rows(course)["s01"]
    with Gradebook.beside(course / "results/gradebook.db") as book:
        mark = Decision("hw2", "s01", "corr2d", Kind.POINTS, "lee", 12.0, 12.0, why="Right.")
        number = book.decide(replace(mark, beneath=Beneath.of(row, row.items[0])))
        book.decide(Decision("hw2", "s01", "corr2d", Kind.UNDO, "kim", about=number))

    assert told(course) == [
        ("grader", "graded: 3 of 6", "first grade of 1.ipynb", ()),
        ("grader", "graded: 4 of 6", "another submission (1.ipynb)", ("corr2d 3/6 -> 4/6",)),
        ("grader", "rescored: 8 of 12", "worth other points: corr2d", ("corr2d 4/6 -> 8/12",)),
        ("lee", "marked corr2d", "Right.", ("corr2d 8/12 -> 12/12",)),
        ("kim", "undid a decision about corr2d", "", ()),
    ]


def test_the_command_prints_a_table(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["history", "s01", "--out", str(course / "results"), "--course", str(course)])

    printed = capsys.readouterr().out
    assert code == 0
    assert "2026-11-20 12:00" in printed and "graded: 3 of 6" in printed and "first grade of 1.ipynb" in printed


def test_somebody_unknown_is_one_line_with_a_guess(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["history", "s011", "--out", str(course / "results"), "--course", str(course)])

    assert code == 2
    assert "holds no grade of a student 's011'; did you mean 's01'?" in capsys.readouterr().err


def test_a_request_is_recorded_from_the_command_line(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--out", str(course / "results"), "--course", str(course)]

    code = cli.main(["request", "s01", "corr2d", "--text", "My padding is right.", "--who", "lee", *where])

    (made,) = decided(course)
    assert (code, made.kind, made.item, made.text, made.who) == (
        0,
        Kind.REQUEST,
        "corr2d",
        "My padding is right.",
        "lee",
    )
    assert "Request 1 is recorded" in capsys.readouterr().out


def test_a_request_about_no_item_is_refused_with_a_guess(course: Path) -> None:
    with pytest.raises(UsageError, match="hw2 has no item 'corr2'; did you mean 'corr2d'"):
        request(Options("s01", course / "results", course), "corr2", "Why?")

    assert decided(course) == []
