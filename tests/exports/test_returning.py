"""Feedback pages under the names by which Canvas and Moodle find their students."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from grader.commands.stored import Facts, outgoing
from grader.errors import UsageError
from grader.exports import EXPORTS
from grader.exports.outgoing import Request, Result
from grader.gradebook import Gradebook
from grader.rubric import load, unproven
from tests.exports.classes import CHULSOO, MINA, YOUNGHEE, Class, graded


@pytest.fixture
def given(tmp_path: Path) -> Class:
    return graded(tmp_path, [(CHULSOO, (6, 4)), (replace(YOUNGHEE, name="이_영희"), (3, 4)), (MINA, (1, 1))])


def returned(given: Class, format: str, **submissions: str) -> Result:
    """The export of pages for Chulsoo and Younghee, whose submissions were called so."""
    course = load(given.folder, unproven)
    assignment = course.assignments["hw2"]
    with Gradebook.open(given.out / "gradebook.db", writing=False) as book:
        everybody = outgoing(Facts.of(course, assignment, book), book.current("hw2"), {})
    everybody = [
        replace(each, row=replace(each.row, submission=submissions.get(each.id.removeprefix("2019170"), "")))
        for each in everybody
    ]
    pages = {CHULSOO.student_id: b"<p>good</p>", YOUNGHEE.student_id: b"<p>better</p>"}
    return EXPORTS[format].make(Request(everybody, assignment, pages=pages))


def names(result: Result) -> dict[str, bytes]:
    (content,) = result.files.values()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def taken_by_canvas(name: str) -> tuple[str, str]:
    """User and attachment: the first two parts that are numbers."""
    user, attachment = [part for part in name.split("_") if part.isdecimal()][:2]
    return user, attachment


def taken_by_moodle(name: str) -> tuple[str, str, str]:
    """Participant, plug-in and file name."""
    parts = name.split("_", 4)
    return parts[1], "_".join(parts[2:4]), parts[4]


def test_canvas_finds_user_and_attachment(given: Class) -> None:
    result = returned(
        given,
        "canvas-feedback",
        **{
            "361": "kimchulsoo_55_7701_HW_2_final.ipynb, kimchulsoo_55_7702_b.ipynb",
            "362": "이영희_LATE_56_7703_HW2-1.ipynb",
        },
    )

    found = names(result)
    assert {taken_by_canvas(name): page for name, page in found.items()} == {
        ("55", "7701"): b"<p>good</p>",
        ("56", "7703"): b"<p>better</p>",
    }
    assert "이영희_LATE_56_7703_feedback.html" in found
    assert [(each.kind.value, each.student) for each in result.troubles] == [("no page", MINA.student_id)]


def test_what_did_not_come_from_canvas_does_not_go_back(given: Class) -> None:
    handed_in = {"361": "hw_2.ipynb", "362": "이영희_56_7703_HW2.ipynb"}

    result = returned(given, "canvas-feedback", **handed_in)

    assert list(names(result)) == ["이영희_56_7703_feedback.html"]
    assert [each.kind.value for each in result.troubles] == ["left out", "no page"]


def test_the_work_of_a_group_with_a_number_goes_back(given: Class) -> None:
    handed_in = {"361": "group3_55_7701_2019170361_hw.ipynb", "362": "team12_LATE_56_7703_HW2.ipynb"}

    found = names(returned(given, "canvas-feedback", **handed_in))

    assert list(found) == ["group3_55_7701_feedback.html", "team12_LATE_56_7703_feedback.html"]
    assert [taken_by_canvas(name) for name in found] == [("55", "7701"), ("56", "7703")]


def test_where_nothing_can_go_back_there_is_no_empty_zip(given: Class) -> None:
    with pytest.raises(
        UsageError, match="nothing to give back, so no zip was written: not from a download of this LMS"
    ):
        returned(given, "canvas-feedback", **{"361": "hw_2.ipynb", "362": "other_99_7703_HW2.ipynb"})


def test_moodle_finds_the_participant(given: Class) -> None:
    found = names(returned(given, "moodle-feedback"))

    assert {taken_by_moodle(name): page for name, page in found.items()} == {
        ("12", "assignsubmission_file", "feedback.html"): b"<p>good</p>",
        ("13", "assignsubmission_file", "feedback.html"): b"<p>better</p>",
    }


def test_the_same_pages_are_the_same_zip(given: Class) -> None:
    assert returned(given, "moodle-feedback").files == returned(given, "moodle-feedback").files


def test_pages_are_read_from_the_results_folder(given: Class) -> None:
    (given.out / "feedback").mkdir()
    (given.out / "feedback/2019170361.html").write_text("<p>page</p>")

    exported = given.export("moodle-feedback")

    assert exported.paths == [given.out / "exports/moodle-feedback.zip"]
    assert list(names(exported.result).values()) == [b"<p>page</p>"]


def test_canvas_gets_no_page_under_a_name_that_may_be_anothers(given: Class) -> None:
    """`eve_57_999_55_777_HW2.ipynb` is Eve's, 57, or somebody's who calls himself `eve_57_999`."""
    course = load(given.folder, unproven)
    with Gradebook.open(given.out / "gradebook.db", writing=False) as book:
        everybody = outgoing(Facts.of(course, course.assignments["hw2"], book), book.current("hw2"), {})
    good, bad = everybody[:2]
    good = replace(good, row=replace(good.row, submission=f"kim_{good.enrolled.lms['canvas']}_777_HW2.ipynb"))
    unknown = replace(bad.enrolled, lms={})
    bad = replace(bad, enrolled=unknown, row=replace(bad.row, submission="eve_57_999_55_777_HW2.ipynb"))
    pages = {good.id: b"<p>good</p>", bad.id: b"<p>bad</p>"}

    result = EXPORTS["canvas-feedback"].make(Request([good, bad], course.assignments["hw2"], pages=pages))

    assert list(names(result).values()) == [b"<p>good</p>"]
    assert [each.student for each in result.troubles] == [bad.id]
