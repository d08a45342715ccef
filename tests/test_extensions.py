"""extensions.yaml: who has more time, and the one line about each mistake in it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from grader import extensions
from grader.errors import CourseError
from grader.lateness import Extension
from grader.roster import Enrolled

SEOUL = ZoneInfo("Asia/Seoul")


def write(folder: Path, text: str) -> Path:
    path = folder / extensions.FILE
    path.write_text(text, encoding="utf-8")
    return path


def test_students_are_named_as_they_are_written(tmp_path: Path) -> None:
    text = "hw2:\n  0123: {days: 2, reason: illness}\n  ada@example.org: {due: 2026-10-05 23:59}\n"

    given = extensions.load(write(tmp_path, text), SEOUL)

    assert given == {
        "hw2": {
            "0123": Extension(days=2, reason="illness"),
            "ada@example.org": Extension(due=datetime(2026, 10, 5, 23, 59, tzinfo=SEOUL)),
        }
    }


def test_without_a_file_nobody_has_an_extension(tmp_path: Path) -> None:
    assert extensions.load(tmp_path / extensions.FILE) == {}


def test_whoever_is_meant_is_found_by_id_number_login_or_address() -> None:
    people = [
        Enrolled("ada", number="0123", email="Ada@example.org"),
        Enrolled("bo", login="bo1"),
        Enrolled("cy", number="7"),
        Enrolled("di", login="7"),
    ]
    more = Extension(days=1)

    found, unknown = extensions.of_students(dict.fromkeys(["ADA@example.org", "bo1", "7", "eve", ""], more), people)

    assert found == {"ada": more, "bo": more}
    assert unknown == ["7", "eve", ""]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hw2: {ada: {days: two}}", "hw2: ada: expected a date such as 2026-10-05 23:59, or a number of days"),
        ("hw2: {ada: {due: soon}}", "hw2: ada: expected a date"),
        ("hw2: {ada: {day: 2}}", "unknown key 'day'; known are due, days, reason"),
        ("hw2: {ada: {days: 2, due: 2026-10-05}}", "give either due or days"),
        ("hw2: {ada: {days: -1}}", "must be a number from 0 to 3650"),
        ("hw2: {ada: {days: inf}}", "must be a number from 0 to 3650"),
        ("hw2: {ada: {days: nan}}", "must be a number from 0 to 3650"),
        ("hw2: {ada: {days: 1e9}}", "must be a number from 0 to 3650"),
        ("hw-2: {ada: {days: 1}}", "no assignment is called 'hw-2'; did you mean 'hw2'?"),
        ("hw2: {ada: {days: [2]}}", "hw2: ada: expected a date"),
        ("hw2: {ada: 2}", "hw2: ada: expected keys with values, found '2'"),
        ("hw2: {ada: {days: 1}, ada: {days: 2}}", "the key 'ada' occurs twice"),
        ("hw2: {ada: {days: 1}", "not valid YAML"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(CourseError) as caught:
        extensions.load(write(tmp_path, text), known=["hw2", "lab"])

    assert told in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("days", [0, 0.5, 3650])
def test_days_may_be_few_or_many(tmp_path: Path, days: float) -> None:
    assert extensions.load(write(tmp_path, f"hw2: {{ada: {{days: {days}}}}}")) == {"hw2": {"ada": Extension(days=days)}}


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / extensions.FILE).mkdir()

    with pytest.raises(CourseError, match=r"extensions\.yaml cannot be read: Is a directory"):
        extensions.load(tmp_path / extensions.FILE)
