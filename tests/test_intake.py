"""From an LMS's download to a table: recognised, joined, dated, and told file by file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from grader.commands import intake
from grader.commands.identifying import Doubt
from grader.commands.intake import Intake
from grader.commands.stored import Facts
from grader.commands.tables import intake_csv
from grader.errors import CourseError
from grader.gradebook import Gradebook
from grader.lateness import Arrival, Timing
from grader.records import Assignment, LatePolicy, Rubric, Status
from grader.records import Intake as Reading
from tests.submissions_intake import downloads
from tests.submissions_intake.downloads import archive, hand_in, notebook

SEOUL = ZoneInfo("Asia/Seoul")
DUE = datetime(2026, 10, 3, 23, 59, 30, tzinfo=SEOUL)
HOMEWORK = Assignment("hw2", "Homework", Path(), "hw2", (), due=DUE, late=LatePolicy(percent_per_day=10))

CANVAS_ROSTER = """Student,ID,SIS User ID,SIS Login ID,Section,HW2 (9)
    Points Possible,,,,,10
"Invented, Ada",340934,0019170361,ada,DL-01,
김하늘,55,2019170362,haneul,DL-02,
"Nothing, Nora",77,2019170363,nora,DL-02,
"""
WORKSHEET = """Identifier,Full name,ID number,Grade,"Last modified (submission)"
Participant 12,Ada Invented,0019170361,,"Saturday, 3 October 2026, 11:59 PM"
Participant 13,김하늘,2019170362,,"Sunday, 4 October 2026, 1:00 PM"
Participant 15,Nora Nothing,2019170363,,-
"""


@pytest.fixture
def course(tmp_path: Path) -> Rubric:
    (tmp_path / "course").mkdir()
    return Rubric(tmp_path / "course", {"hw2": HOMEWORK}, Reading(time_zone="Asia/Seoul"))


def taken(course: Rubric, *paths: Path, roster: str = "", out: Path | None = None) -> Intake:
    listed = course.course / "students.csv"
    listed.write_text(roster, encoding="utf-8")
    collected = intake.collect(course, paths, listed if roster else None)
    with Gradebook.open((out or course.course / "results") / "gradebook.db") as book:
        return collected.taken_in(HOMEWORK, book)


def facts(course: Rubric) -> Facts:
    with Gradebook.open(course.course / "results" / "gradebook.db", writing=False) as book:
        return Facts.of(course, HOMEWORK, book)


def ids(found: Intake) -> list[str]:
    return [each.student.id for each in found.submissions]


def test_a_canvas_download_joins_its_gradebook_by_canvass_own_ids(course: Rubric, tmp_path: Path) -> None:
    found = taken(course, archive(tmp_path / "spring.zip", downloads.CANVAS), roster=CANVAS_ROSTER)

    assert ids(found) == ["0019170361", "2019170362", "canvas-12"]
    assert [each.student.name for each in found.submissions] == ["Invented, Ada", "김하늘", "doejane"]
    assert found.lines == [f"{tmp_path / 'spring.zip'}: a Canvas download, 4 files of 3 students"]
    assert found.doubts == [Doubt("canvas-12", "not on the roster", "")]
    assert [each.student_id for each in found.missing] == ["2019170363"]
    assert facts(course).arrivals["2019170362"] == Arrival("", marked_late=True, source="canvas")
    assert facts(course).enrolled["0019170361"].section == "DL-01"


def test_who_handed_in_nothing_is_a_row(course: Rubric, tmp_path: Path) -> None:
    taken(course, archive(tmp_path / "spring.zip", downloads.CANVAS), roster=CANVAS_ROSTER)

    (row,) = [row for row in facts(course).with_missing([]) if row.student_id == "2019170363"]

    assert (row.status, row.student_name, row.submission) == (Status.MISSING, "Nothing, Nora", "")


def test_moodles_worksheet_dates_what_its_download_does_not(course: Rubric, tmp_path: Path) -> None:
    found = taken(course, archive(tmp_path / "DL-HW2-1.zip", downloads.MOODLE), roster=WORKSHEET)

    assert ids(found) == ["0019170361", "2019170362", "moodle-14"]
    assert found.arrivals["0019170361"] == Arrival("2026-10-03T23:59:00+09:00", source="moodle")
    assert facts(course).penalty("0019170361").timing is Timing.ON_TIME
    assert facts(course).penalty("2019170362").share == 0.1
    assert facts(course).penalty("moodle-14").timing is Timing.UNKNOWN


def test_the_due_date_decides_which_attempt_counts_and_an_extension_decides_again(
    course: Rubric, tmp_path: Path
) -> None:
    path = archive(tmp_path / "gradebook.zip", downloads.BLACKBOARD)
    before = taken(course, path)
    (course.course / "extensions.yaml").write_text("hw2: {ada: {days: 1}, nobody: {days: 1}}\n")
    after = taken(course, path)

    assert before.submissions[0].notebooks[0].content == notebook("first")
    assert "1 attempt left out (newer attempt, which came too late)" in before.lines[0]
    assert after.submissions[0].notebooks[0].content == notebook("second")
    assert "1 attempt left out (older attempt)" in after.lines[0]
    assert after.doubts == [Doubt("nobody", "extensions.yaml", "names nobody who is known, or several")]


def test_a_moved_date_changes_penalties_and_runs_nothing(course: Rubric, tmp_path: Path) -> None:
    taken(course, archive(tmp_path / "DL-HW2-1.zip", downloads.MOODLE), roster=WORKSHEET)
    before = facts(course).penalty("2019170362")
    (course.course / "extensions.yaml").write_text("hw2: {2019170362: {due: 2026-10-04 23:59}}\n")

    assert before.share == 0.1
    assert facts(course).penalty("2019170362").share == 0


def test_the_roster_is_remembered_and_ids_stay_what_they_were(course: Rubric, tmp_path: Path) -> None:
    canvas = archive(tmp_path / "spring.zip", downloads.CANVAS)
    first = taken(course, canvas)
    second = taken(course, canvas, roster=CANVAS_ROSTER)
    third = taken(course, hand_in(tmp_path / "mailed", {"HW2_김하늘.ipynb": notebook("mailed")}))

    assert ids(first) == ids(second) == ["canvas-12", "canvas-340934", "canvas-55"]
    assert second.submissions[2].student.name == "김하늘"
    assert ids(third) == ["canvas-55"]
    assert {each.student_id for each in third.people} == {"canvas-12", "canvas-340934", "canvas-55", "2019170363"}


def test_a_download_and_a_mailed_file_of_one_student_are_one_submission(course: Rubric, tmp_path: Path) -> None:
    canvas = archive(tmp_path / "spring.zip", downloads.CANVAS)
    mailed = hand_in(tmp_path / "mailed", {"2019170362 part 2.ipynb": notebook("mailed"), "todo.txt": b"x"})

    found = taken(course, canvas, mailed, roster=CANVAS_ROSTER)

    haneul = found.submissions[1]
    assert {file.content for file in haneul.notebooks} == {notebook("haneul"), notebook("mailed")}
    assert found.lines[1].endswith("1 file of 1 student, 1 file not placed")


def rows_of(found: Intake) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(intake_csv(found))))


@pytest.mark.parametrize(
    "members", [downloads.CANVAS, downloads.MOODLE, downloads.BLACKBOARD, downloads.BRIGHTSPACE], ids=lambda each: ""
)
def test_every_file_is_told_once(course: Rubric, tmp_path: Path, members: dict[str, bytes]) -> None:
    extra = {".DS_Store": b"x", "todo.txt": b"x", "2026000001.ipynb": notebook("loose")}

    told = rows_of(taken(course, hand_in(tmp_path / "in", {**members, **extra})))

    assert sorted(row["file"] for row in told) == sorted({**members, **extra})
    assert {row["use"] for row in told if row["file"] in extra} == {"junk", "not placed", "notebook"}


def test_ids_that_differ_only_in_case_are_one_student_aloud(course: Rubric, tmp_path: Path) -> None:
    found = taken(course, hand_in(tmp_path / "in", {"Ada.ipynb": notebook("1"), "ada (1).ipynb": notebook("2")}))

    assert ids(found) == ["Ada"]
    assert found.doubts == [Doubt("Ada", "ambiguous", "Ada, ada differ only in case; they are taken as one student")]


def test_the_folder_of_another_assignment_is_left_out_and_told(course: Rubric, tmp_path: Path) -> None:
    both = Rubric(course.course, {"hw1": HOMEWORK, "hw2": HOMEWORK}, course.intake)

    found = taken(both, hand_in(tmp_path / "submitted", downloads.NBGRADER))

    assert [len(each.notebooks) for each in found.submissions] == [1, 1]
    assert [each.why for each in found.placed if each.file == "ben/hw1/old.ipynb"] == ["of another assignment, hw1."]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file"),
        (b"PK\x03\x04", "is an Excel workbook; save it as CSV"),
        (b"a,b\n1,2", "has no column that tells who a student is"),
    ],
)
def test_a_roster_that_is_none_is_one_line(course: Rubric, tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "roster.csv"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(CourseError, match=told):
        intake.collect(course, [hand_in(tmp_path / "in", {"a.ipynb": notebook("1")})], path)


def test_names_that_are_formulas_are_harmless_in_the_list(course: Rubric, tmp_path: Path) -> None:
    told: Sequence[dict[str, str]] = rows_of(
        taken(course, hand_in(tmp_path / "in", {"=HYPERLINK(1).ipynb": notebook("1")}))
    )

    assert all(not value.startswith("=") for row in told for value in row.values())
