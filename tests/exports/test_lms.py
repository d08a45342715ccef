"""The files that go back to an LMS: what it takes, what stays as it was, and what is told before it would fail silently."""

from __future__ import annotations

import csv
import io
import json
import random
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from grader.errors import CourseError, UsageError
from grader.exports.outgoing import Change, Kind
from grader.lateness import Arrival
from grader.roster import Enrolled
from tests.exports import lms
from tests.exports.classes import CHULSOO, EVERYBODY, LEO, MINA, YOUNGHEE, Class, graded, troubles, write_rubric

ALL = [(CHULSOO, (6, 4)), (YOUNGHEE, (4.5, 4)), (MINA, (3, None)), (LEO, (-1, 4))]

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,HW1 (87568489),HW2 (87568490),Current Score,Final Score\r\n"
    "    Manual Posting,,,,,,,,\r\n"
    "    Points Possible,,,,,20,10,(read only),(read only)\r\n"
    '"Kim, Chulsoo",55,2019170361,chulsoo,DL-01,15,,75,75\r\n'
    '"이, 영희",56,2019170362,younghee,DL-01,12.5,7,60,60\r\n'
    '"Çelik, Mina",57,2019170363,mina,DL-02,,3,,\r\n'
    '"=""=Leo """"Lee""""""",58,2019170364,leo,DL-02,,,,\r\n'
    '"Noone, Nobody",60,2019170399,nobody,DL-02,,,,\r\n'
    '"Student, Test",99,,dc00ff,DL-01,,,,\r\n'
)
MOODLE = (
    "Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Online text,Last modified (grade),Feedback comments\n"
    'Participant 12,Kim Chulsoo,2019170361,chulsoo@example.org,Submitted for grading - ,,10.00,Yes,"Saturday, 3 October 2026, 11:59 PM",,-,\n'
    'Participant 13,이영희,2019170362,yh@example.org,Submitted for grading - ,8.50,10.00,Yes,"Saturday, 3 October 2026, 11:59 PM",,"Sunday, 4 October 2026, 1:00 PM","<p>Seen, ""by hand"".</p>"\n'
    'Participant 14,Mina Çelik,2019170363,mina@example.org,Submitted for grading - ,,10.00,Yes,"Saturday, 3 October 2026, 11:59 PM",,-,\n'
    "Participant 15,Leo Lee,2019170364,leo@example.org,No submission - ,,10.00,No,-,,-,\n"
)
BLACKBOARD = (
    '"Last Name","First Name","Username","Student ID","Last Access","Availability","HW1 [Total Pts: 20 Score] |1281891","HW2 [Total Pts: 10 Score] |1281892"\r\n'
    '"Kim","Chulsoo","chulsoo","2019170361","2026-10-01 10:00:00","Yes","15",""\r\n'
    '"이","영희","younghee","2019170362","","Yes","","7"\r\n'
    '"Çelik","Mina","mina","2019170363","","Yes","",""\r\n'
)
BRIGHTSPACE = (
    "OrgDefinedId,Username,Last Name,First Name,HW2 Points Grade <Numeric MaxPoints:10 Weight:5 Category:Homework>,End-of-Line Indicator\r\n"
    "#2019170361,#chulsoo,Kim,Chulsoo,,#\r\n"
    "#2019170362,#younghee,이,영희,7,#\r\n"
)


@pytest.fixture
def given(tmp_path: Path) -> Class:
    return graded(tmp_path, ALL)


# ---- Canvas ----------------------------------------------------------------------------------------------------------


def test_canvas_takes_the_marks_and_everything_else_stays(given: Class) -> None:
    exported = given.export("canvas", CANVAS, column="HW2")
    content = exported.paths[0].read_bytes()

    assert lms.canvas(content, "87568490").grades == {"55": "10", "56": "8.5", "57": "3"}
    assert lms.canvas(content, "87568490").points == "10"
    assert content.decode() == CANVAS.replace("DL-01,15,,", "DL-01,15,10,").replace("DL-01,12.5,7,", "DL-01,12.5,8.5,")
    assert exported.result.changes == [
        Change("2019170361", "Kim, Chulsoo", "", "10"),
        Change("2019170362", "이, 영희", "7", "8.5"),
    ]
    assert troubles(exported) == [
        ("left out", "2019170363"),
        ("left out", "2019170364"),
        ("no mark of ours", "Noone, Nobody (2019170399)"),
    ]
    assert exported.exit_code == 1  # Leo's is broken


def test_canvas_marks_that_are_not_final_go_out_when_asked_for(given: Class) -> None:
    taken = lms.canvas(given.exported("canvas", CANVAS, column="87568490", provisional=True), "87568490")

    assert taken.grades == {"55": "10", "56": "8.5", "57": "3", "58": "4"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_canvas_files_keep_mark_delimiter_and_line_ends(
    given: Class, encoding: str, line_end: str, delimiter: str
) -> None:
    lines = CANVAS.replace("\r\n", line_end)
    if delimiter == ";":
        frame = pd.read_csv(io.StringIO(lines), dtype=str, keep_default_na=False)
        lines = frame.to_csv(sep=";", index=False, lineterminator=line_end)

    content = given.exported("canvas", lines.encode(encoding), column="HW2 (87568490)")

    before = pd.read_csv(io.BytesIO(lines.encode(encoding)), sep=delimiter, dtype=str, keep_default_na=False)
    after = pd.read_csv(io.BytesIO(content), sep=delimiter, dtype=str, keep_default_na=False)
    assert content.startswith(lines.encode(encoding)[:40])
    assert list(after["HW2 (87568490)"]) == ["", "10", "10", "8.5", "3", "", "", ""]
    assert after.drop(columns="HW2 (87568490)").equals(before.drop(columns="HW2 (87568490)"))
    assert content.count(b"\r") == lines.encode(encoding).count(b"\r")


def test_a_decimal_comma_stays_one(given: Class) -> None:
    text = CANVAS.replace(",", ";").replace("Kim;", "Kim,").replace("12.5;7;", "12,5;7,25;")

    content = given.exported("canvas", text, column="HW2").decode()

    assert "12,5;8,5;" in content


def test_excused_stays_excused(given: Class) -> None:
    text = CANVAS.replace("DL-01,15,,", "DL-01,15,EX,")

    exported = given.export("canvas", text, column="HW2")

    assert ("kept", "2019170361") in troubles(exported)
    assert lms.canvas(exported.paths[0].read_bytes(), "87568490").grades["55"] == "EX"


def test_which_column_has_to_be_said_where_there_are_several(given: Class) -> None:
    with pytest.raises(UsageError, match=r"several columns of marks; give --column with one of HW1 \(87568489\), HW2"):
        given.export("canvas", CANVAS)
    with pytest.raises(UsageError, match=r"no column 'HW3'; there are 'HW1.*', 'HW2.*'"):
        given.export("canvas", CANVAS, column="HW3")


def test_a_column_of_other_points_is_refused_until_the_policy_scales(given: Class) -> None:
    with pytest.raises(CourseError, match=r"has 20 points, our marks are out of 10: write `policy: \{out_of: 20\}`"):
        given.export("canvas", CANVAS, column="HW1")
    write_rubric(given.folder, out_of=20)

    taken = lms.canvas(given.exported("canvas", CANVAS, column="HW1"), "87568489")

    assert taken.grades == {"55": "20", "56": "17"}


def test_extra_credit_is_told(tmp_path: Path) -> None:
    given = graded(tmp_path, [(CHULSOO, (6, 4))], bonus=["written"], out_of=10)

    exported = given.export("canvas", CANVAS, column="HW2")

    assert [each.new for each in exported.result.changes] == ["16.67"]
    assert ("above the maximum", "2019170361") in troubles(exported)


def test_a_dry_run_writes_nothing(given: Class) -> None:
    exported = given.export("canvas", CANVAS, column="HW2", dry_run=True)

    assert len(exported.result.changes) == 2
    assert not exported.paths
    assert not (given.out / "exports").exists()


def test_without_a_template_canvas_gets_the_ids_of_the_roster(given: Class) -> None:
    content = given.exported("canvas", column="HW2 (87568490)")

    assert lms.canvas(content, "87568490").grades == {"55": "10", "56": "8.5"}
    assert not lms.canvas(content, "87568490").new_columns
    with pytest.raises(UsageError, match="give --template with the file that the LMS wrote"):
        given.export("canvas", column="HW2")


def test_a_file_that_is_no_gradebook_says_where_to_find_one(given: Class) -> None:
    with pytest.raises(CourseError, match="Export Entire Gradebook"):
        given.export("canvas", "name,mark\nKim,3\n")


def test_canvas_may_name_students_in_two_columns(given: Class) -> None:
    text = "LastName,FirstName,ID,SIS Login ID,Section,HW2 (2)\n    Points Possible,,,,,10\nKim,Chulsoo,55,,DL-01,\n이,영희,56,,DL-01,\n"

    content = given.exported("canvas", text).decode()

    assert content == text.replace("55,,DL-01,", "55,,DL-01,10").replace("56,,DL-01,", "56,,DL-01,8.5")


def test_who_is_called_like_a_row_of_canvas_changes_nobodys_maximum(given: Class) -> None:
    text = "Student,ID,SIS User ID,SIS Login ID,Section,HW2 (2)\n    Points Possible,,,,,10\nPoints Possible,55,,,DL-01,1\n이,56,,,DL-01,\n"

    exported = given.export("canvas", text)

    assert exported.paths[0].read_text("utf-8") == text.replace("55,,,DL-01,1", "55,,,DL-01,10").replace(
        "56,,,DL-01,", "56,,,DL-01,8.5"
    )
    assert not [each for each in exported.result.troubles if each.kind is Kind.ABOVE]


# ---- who is who ------------------------------------------------------------------------------------------------------


def test_without_a_roster_students_are_found_by_the_id_they_handed_in_under(tmp_path: Path) -> None:
    given = graded(tmp_path, [("2019170361", (6, 4)), ("younghee", (6, 3)), ("celik-mina", (6, 2)), ("60", (6, 1))])

    exported = given.export("canvas", CANVAS, column="HW2")

    assert lms.canvas(exported.paths[0].read_bytes(), "87568490").grades == {"55": "10", "56": "9", "57": "3"}
    assert [each for each in troubles(exported) if each[0] == "not in the file"] == [
        ("not in the file", "60"),
        ("not in the file", "celik-mina"),
    ]


def test_namesakes_are_left_alone_and_told(tmp_path: Path) -> None:
    given = graded(tmp_path, [(Enrolled("a", "Ann Lee"), (6, 4))])
    text = CANVAS + '"Lee, Ann",70,,ann1,DL-01,,,,\r\n"Lee, Ann",71,,ann2,DL-01,,,,\r\n'

    exported = given.export("canvas", text, column="HW2")

    assert exported.paths[0].read_bytes() == text.encode()
    assert [(each.kind, each.sentence) for each in exported.result.troubles if each.student == "a"] == [
        ("ambiguous", "2 students have this name: Lee, Ann (ann1); Lee, Ann (ann2)")
    ]
    assert exported.exit_code == 1


def test_who_handed_in_nothing_is_never_zero_unless_the_policy_says_so(tmp_path: Path) -> None:
    given = graded(tmp_path, [(CHULSOO, (6, 4))], roster=[YOUNGHEE])

    assert lms.canvas(given.exported("canvas", CANVAS, column="HW2"), "87568490").grades == {
        "55": "10",
        "56": "7",
        "57": "3",
    }
    write_rubric(given.folder, missing=0)
    assert lms.canvas(given.exported("canvas", CANVAS, column="HW2"), "87568490").grades == {
        "55": "10",
        "56": "0",
        "57": "3",
    }


def test_a_section_is_exported_alone(given: Class) -> None:
    exported = given.export("canvas", CANVAS, column="HW2", sections=("DL-02",), provisional=True)

    assert [each.student for each in exported.result.changes] == ["2019170364"]
    assert {each.student for each in exported.result.troubles} == {"Noone, Nobody (2019170399)"}


def test_an_assistant_exports_the_sections_that_are_theirs(given: Class) -> None:
    write_rubric(given.folder, sections={"DL-01": ["park@example.org"], "DL-02": ["choi@example.org"]})

    exported = given.export("canvas", CANVAS, column="HW2", assistant="park@example.org")

    assert [each.student for each in exported.result.changes] == ["2019170361", "2019170362"]
    with pytest.raises(UsageError, match=r"looks after no section; there are choi@example\.org, park@example\.org"):
        given.export("canvas", CANVAS, column="HW2", assistant="lee")


# ---- Moodle ----------------------------------------------------------------------------------------------------------


def test_moodle_takes_marks_and_feedback(given: Class) -> None:
    exported = given.export("moodle", MOODLE)
    taken = lms.moodle(exported.paths[0].read_bytes(), {"Participant 13": "8.5"})

    assert taken.grades == {"Participant 12": "10"}
    assert taken.skipped["Participant 13"] == "unchanged"
    assert taken.comments["Participant 12"] == "<p>Points by item: 10 of 10 in all.</p>"
    assert taken.comments["Participant 13"] == '<p>Seen, "by hand".</p>'
    assert exported.result.unchanged == 1
    assert troubles(exported) == [("kept", "2019170362"), ("left out", "2019170363"), ("left out", "2019170364")]


def test_moodle_gets_no_mark_that_it_would_drop_in_silence(tmp_path: Path) -> None:
    given = graded(tmp_path, [(CHULSOO, (6, 4)), (LEO, (6, 4)), (YOUNGHEE, (3, 4))], bonus=["written"], out_of=10)

    exported = given.export("moodle", MOODLE)

    assert lms.moodle(exported.paths[0].read_bytes()).skipped["Participant 12"] == "blank"
    kinds = {(kind, student) for kind, student in troubles(exported)}
    assert ("above the maximum", "2019170361") in kinds


def test_moodle_locked_rows_and_later_submissions_are_told(tmp_path: Path) -> None:
    given = graded(tmp_path, [(CHULSOO, (6, 4)), (LEO, (6, 4))])
    later = MOODLE.replace("Saturday, 3 October 2026, 11:59 PM", "Monday, 5 October 2026, 11:59 PM", 1)

    exported = given.export("moodle", later)

    sentences = {each.kind.value: each.sentence for each in exported.result.troubles}
    assert sentences["stale"] == "handed in again (Monday, 5 October 2026, 11:59 PM) after it was graded; grade it anew"
    assert "cannot be changed" in sentences["locked"]
    assert lms.moodle(exported.paths[0].read_bytes()).grades == {"Participant 12": "10", "Participant 13": "8.50"}


def test_moodle_feedback_is_escaped_and_written_anew(tmp_path: Path) -> None:
    given = graded(tmp_path, [(CHULSOO, (3, 4))], message="raised ValueError at `<script>x</script>`\n=1+1")

    first = given.exported("moodle", MOODLE)
    again = given.export("moodle", first)

    comment = lms.moodle(first).comments["Participant 12"]
    assert "<li><b>corr2d</b> (3 of 6): raised ValueError at `&lt;script&gt;x&lt;/script&gt;`\\n=1+1</li>" in comment
    assert ("kept", "2019170361") not in troubles(again)
    assert again.paths[0].read_bytes() == first


def test_a_moodle_worksheet_in_another_language_needs_its_column_named(given: Class) -> None:
    korean = MOODLE.replace("Identifier", "식별자").replace(",Grade,", ",성적,").replace("Participant", "참여자")
    korean = korean.replace("ID number", "학번").replace("Email address", "이메일").replace("Full name", "성명")

    with pytest.raises(CourseError, match="name its column of marks by --column"):
        given.export("moodle", korean)
    content = given.exported("moodle", korean, column="성적").decode()

    assert content.splitlines()[1].startswith(
        "참여자 12,Kim Chulsoo,2019170361,chulsoo@example.org,Submitted for grading - ,10,"
    )


def test_without_a_worksheet_moodle_gets_numbers_and_addresses(given: Class) -> None:
    frame = pd.read_csv(io.BytesIO(given.exported("moodle")), dtype=str, keep_default_na=False)

    assert list(frame.columns) == ["ID number", "Email address", "Full name", "Grade", "Feedback comments"]
    assert frame["Grade"].tolist() == ["10", "8.5", "", ""]
    assert frame["Email address"].tolist() == [each.email for each in EVERYBODY]


# ---- Blackboard ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("encoding", "delimiter"), [("utf-8-sig", ","), ("utf-16", "\t"), ("utf-8", ",")])
def test_blackboard_takes_the_marks(given: Class, encoding: str, delimiter: str) -> None:
    before = BLACKBOARD.replace('","', f'"{delimiter}"').encode(encoding)

    exported = given.export("blackboard", before, column="HW2")
    content = exported.paths[0].read_bytes()

    assert lms.blackboard(content, "1281892").grades == {"chulsoo": "10", "younghee": "8.5"}
    assert not lms.blackboard(content, "1281892").new_columns
    filled = BLACKBOARD.replace('"Yes","15",""', '"Yes","15","10"').replace('"Yes","","7"', '"Yes","","8.5"')
    assert content == filled.replace('","', f'"{delimiter}"').encode(encoding)
    assert ("not in the file", "2019170364") in troubles(exported)


def test_blackboard_gets_feedback_where_the_file_has_a_place_for_it(given: Class) -> None:
    text = (
        '"Last Name","First Name","Username","HW2 [Total Pts: 10 Score] |1281892","Grading Notes","Notes Format","Feedback to Learner","Feedback Format"\r\n'
        '"이","영희","younghee","","","","",""\r\n'
    )

    taken = lms.blackboard(given.exported("blackboard", text), "1281892")

    assert taken.comments["younghee"].startswith("<p>Points by item: 8.5 of 10 in all.</p><ul><li><b>corr2d</b>")


def test_a_blackboard_file_saved_by_a_korean_spreadsheet_program(given: Class) -> None:
    before = BLACKBOARD.replace("Çelik", "Celik").encode("cp949")

    content = given.exported("blackboard", before, column="HW2")

    assert content == before.replace(b'"Yes","15",""', b'"Yes","15","10"').replace(b'"","7"', b'"","8.5"')


def test_without_a_template_blackboard_gets_logins(given: Class) -> None:
    taken = lms.blackboard(given.exported("blackboard", column="HW2 |1281892"), "1281892")

    assert taken.grades == {"chulsoo": "10", "younghee": "8.5"}


# ---- Brightspace -----------------------------------------------------------------------------------------------------


def test_brightspace_takes_the_marks(given: Class) -> None:
    content = given.exported("brightspace", BRIGHTSPACE)

    assert lms.brightspace(content, "HW2").grades == {"2019170361": "10", "2019170362": "8.5"}
    assert content.decode() == BRIGHTSPACE.replace("Chulsoo,,#", "Chulsoo,10,#").replace("영희,7,#", "영희,8.5,#")


def test_without_a_template_brightspace_gets_numbers(given: Class) -> None:
    content = given.exported("brightspace", column="HW2 Points Grade")

    assert lms.brightspace(content, "HW2").grades == {"2019170361": "10", "2019170362": "8.5"}


# ---- nbgrader, Gradescope, our own -----------------------------------------------------------------------------------


def test_nbgrader_columns_are_its_own_and_properly_quoted(given: Class) -> None:
    frame = pd.read_csv(io.BytesIO(given.exported("nbgrader")), dtype=str, keep_default_na=False)

    assert list(frame.columns) == (
        "assignment duedate timestamp student_id last_name first_name email raw_score late_submission_penalty score max_score".split()
    )
    assert frame.iloc[0].tolist() == [
        "hw2",
        "",
        "",
        "2019170361",
        "Kim",
        "Chulsoo",
        "chulsoo@example.org",
        "10",
        "0",
        "10",
        "10",
    ]
    assert frame["score"].tolist() == ["10", "8.5", "", ""]
    assert frame["last_name"].tolist()[3] == '"Lee"'


def test_gradescope_gets_a_file_for_each_submission(given: Class) -> None:
    exported = given.export("gradescope")

    assert [path.name for path in exported.paths] == [f"{each.student_id}.json" for each in EVERYBODY]
    found = [json.loads(path.read_text("utf-8")) for path in exported.paths]
    assert [each.get("score") for each in found] == [10, 8.5, None, None]
    assert found[1]["tests"][0] == {
        "score": 4.5,
        "max_score": 6,
        "status": "failed",
        "name": "7.2 corr2d",
        "number": "1",
        "output": "3 of 4 cases are wrong.",
        "tags": ["corr2d"],
        "visibility": "visible",
    }
    assert not any("score" in test for test in found[2]["tests"])  # their sum would be the mark
    assert [test.get("status") for test in found[2]["tests"]] == ["failed", None]
    assert found[2]["output"] == "Not decided yet: written."


def test_our_own_table_is_for_spreadsheets(given: Class) -> None:
    content = given.exported("csv")
    frame = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)

    assert content.startswith(b"\xef\xbb\xbf")
    assert frame["final"].tolist() == ["10", "8.5", "", ""]
    assert frame["student_name"].tolist()[3] == '\'=Leo "Lee"'
    with pytest.raises(UsageError, match="fills in no template; those that do are canvas, moodle"):
        given.export("csv", "a,b\n")


# ---- lateness --------------------------------------------------------------------------------------------------------


def dated(given: Class, due: str, extensions: str = "") -> None:
    """Give the homework a due date after the fact."""
    content = yaml.safe_load((given.folder / "rubric.yaml").read_text("utf-8"))
    content["assignments"]["hw2"] |= {"due": due, "late": {"percent_per_day": 10}}
    (given.folder / "rubric.yaml").write_text(yaml.safe_dump(content), "utf-8")
    (given.folder / "extensions.yaml").write_text(extensions, "utf-8")


def test_marks_follow_the_dates_without_running_anything(tmp_path: Path) -> None:
    arrivals = {
        CHULSOO.student_id: Arrival("2026-10-04T12:00:00+00:00"),
        YOUNGHEE.student_id: Arrival("2026-10-02T12:00:00+00:00"),
    }
    given = graded(tmp_path, [(CHULSOO, (6, 4)), (YOUNGHEE, (6, 4))], arrivals=arrivals)
    dates = [
        ("2026-10-03 12:00:00+00:00", ""),
        ("2026-10-01 12:00:00+00:00", "hw2: {chulsoo: {days: 9}}"),
        ("2026-10-09", ""),
    ]

    found = []
    for due, more_time in dates:
        dated(given, due, more_time)
        exported = given.export("nbgrader")
        assert not exported.result.troubles
        frame = pd.read_csv(exported.paths[0], dtype=str, keep_default_na=False)
        found.append(frame[["raw_score", "late_submission_penalty", "score"]].to_numpy().tolist())

    assert found == [
        [["10", "1", "9"], ["10", "0", "10"]],
        [["10", "0", "10"], ["10", "1", "9"]],
        [["10", "0", "10"], ["10", "0", "10"]],
    ]


# ---- what stands -----------------------------------------------------------------------------------------------------


def test_marks_of_an_earlier_rubric_are_told(given: Class) -> None:
    text = (given.folder / "rubric.yaml").read_text("utf-8")
    (given.folder / "rubric.yaml").write_text(text.replace("points: 6", "points: 7"), "utf-8")

    exported = given.export("csv")

    assert {each.sentence for each in exported.result.troubles if each.kind == "stale"} == {
        "points in the rubric have changed since; run `grader rescore`"
    }


def test_a_policy_makes_nothing_stale(given: Class) -> None:
    write_rubric(given.folder, void=["written"], rounding={"to": 1})

    exported = given.export("csv")

    assert "stale" not in {kind for kind, _ in troubles(exported)}


def test_the_names_of_students_never_decide_what_a_cell_is(tmp_path: Path) -> None:
    """A name in a template that looks like a formula goes back as it came."""
    person = replace(CHULSOO, name="=cmd|' /C calc'!A0")
    given = graded(tmp_path, [(person, (6, 4))])
    text = CANVAS.replace('"Kim, Chulsoo"', "=cmd|' /C calc'!A0")

    assert b"\r\n=cmd|' /C calc'!A0,55," in given.exported("canvas", text, column="HW2")


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@drawn(st.lists(NAMES, min_size=4, max_size=4), st.sampled_from(["utf-8", "utf-8-sig"]), st.booleans())
def test_whatever_students_are_called_the_file_keeps_it(
    given: Class, names: list[str], encoding: str, quoted: bool
) -> None:
    rows = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "HW2 (2)"],
        ["    Points Possible", "", "", "", "", "10"],
    ]
    rows += [[name, each.lms["canvas"], "", "", "", ""] for name, each in zip(names, EVERYBODY, strict=True)]
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL).writerows(rows)
    before = text.getvalue().encode(encoding)

    content = given.exported("canvas", before)

    after = list(csv.reader(io.StringIO(content.decode(encoding), newline="")))
    kept = [each for each, name in zip(EVERYBODY, names, strict=True) if name.strip() != "Student, Test"]
    assert [row[:5] for row in after] == [row[:5] for row in rows]
    assert lms.canvas(content, "2").grades == {
        each.lms["canvas"]: mark for each, mark in ((CHULSOO, "10"), (YOUNGHEE, "8.5")) if each in kept
    }


def test_five_hundred_students_in_a_shuffled_file(tmp_path: Path) -> None:
    class_ = [
        Enrolled(f"20240{n:05}", f"Family{n}, Given{n}", f"20240{n:05}", f"s{n}", f"s{n}@example.org")
        for n in range(500)
    ]
    given = graded(tmp_path, [(each, (n % 7, n % 5)) for n, each in enumerate(class_)])
    lines = [f'"{each.name}",{n + 9000},{each.number},{each.login},DL-01,' for n, each in enumerate(class_)]
    random.Random(7).shuffle(lines)
    header = "Student,ID,SIS User ID,SIS Login ID,Section,HW2 (2)\n    Points Possible,,,,,10\n"

    exported = given.export("canvas", header + "\n".join(lines) + "\n")

    expected = {str(n + 9000): str(n % 7 + n % 5) for n in range(500)}
    assert lms.canvas(exported.paths[0].read_bytes(), "2").grades == expected
    assert not exported.result.troubles
    assert exported.exit_code == 0
