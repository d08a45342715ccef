"""Lists of students as LMSs and people write them; every name is invented."""

from __future__ import annotations

import csv
import io
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import CourseError
from grader.exports import sheets
from grader.roster import Enrolled
from grader.roster.reading import Listed, read

SEOUL = ZoneInfo("Asia/Seoul")

CANVAS = '''Student,ID,SIS User ID,SIS Login ID,Section,HW2 (87568490),Current Score
,,,,,Manual Posting,(read only)
    Points Possible,,,,,10,
"Invented, Ada",55,0019170361,ada@invented.example,DL-02,8.5,85
"=""김하늘""",56,2019170362,haneul,DL-01,,
"Student, Test",57,,7c9,DL-01,,
'''
MOODLE = """Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,"Last modified (submission)",Feedback comments
Participant 12,Ada Invented,0019170361,ada@invented.example,Submitted for grading - ,,10.00,"Saturday, 3 October 2026, 11:59 PM",
Participant 13,김하늘,2019170362,,No submission,,10.00,-,
"""
BLACKBOARD = """"Last Name","First Name","Username","Student ID","Last Access","Availability","HW2 [Total Pts: 10 Score] |1281892"
"Invented","Ada","ada","0019170361","2026-10-03","Yes",""
"""
BRIGHTSPACE = """OrgDefinedId,Username,HW2 Points Grade <Numeric MaxPoints:10>,End-of-Line Indicator
#0019170361,#ada,8.5,#
"""
KOREAN = """번호,학번,성명,이메일 주소,분반
1,2019170362,김하늘,haneul@invented.example,01
"""
GRADESCOPE = """First Name,Last Name,SID,Email,Sections,Total Score,Max Points,Status,Submission Time
Ada,Invented,0019170361,ada@invented.example,DL-02,8,10,Graded,2026-10-03 23:59:10 +0900
"""
ADA = "0019170361"


def listed(text: str, encoding: str = "utf-8") -> Listed:
    sheet = sheets.read(text.encode(encoding), "students.csv")
    return read([[cell.value for cell in row] for row in sheet.rows], "students.csv", SEOUL)


def mistake(text: str) -> str:
    with pytest.raises(CourseError) as caught:
        listed(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (CANVAS, Enrolled(ADA, "Invented, Ada", ADA, "ada@invented.example", "", {"canvas": "55"}, "DL-02")),
        (MOODLE, Enrolled(ADA, "Ada Invented", ADA, "", "ada@invented.example", {"moodle": "12"})),
        (BLACKBOARD, Enrolled(ADA, "Invented, Ada", ADA, "ada")),
        (BRIGHTSPACE, Enrolled(ADA, "", ADA, "ada")),
        (KOREAN, Enrolled("2019170362", "김하늘", "2019170362", "", "haneul@invented.example", {}, "01")),
        (GRADESCOPE, Enrolled(ADA, "Invented, Ada", ADA, "", "ada@invented.example", {}, "DL-02")),
    ],
    ids=["canvas", "moodle", "blackboard", "brightspace", "korean", "gradescope"],
)
def test_a_gradebook_as_downloaded_is_a_roster(text: str, first: Enrolled) -> None:
    assert listed(text).people[0] == first
    assert not listed(text).problems


def test_rows_of_canvas_that_are_no_students_are_left_out() -> None:
    assert [person.number for person in listed(CANVAS).people] == [ADA, "2019170362"]
    assert listed(CANVAS).people[1].name == "김하늘"


def test_moodles_worksheet_tells_when_something_was_handed_in() -> None:
    assert listed(MOODLE).handed_in == {ADA: "2026-10-03T23:59:00+09:00"}
    assert listed(GRADESCOPE).handed_in == {ADA: "2026-10-03T23:59:10+09:00"}


def test_a_korean_time_is_read() -> None:
    text = (
        "학번,제출 시각\n1,2026년 10월 3일 (토) 오후 11:59\n2,2026년 10월 3일 오전 12:05\n3,2026-10-03 09:00\n4,어제\n"
    )

    assert listed(text).handed_in == {
        "1": "2026-10-03T23:59:00+09:00",
        "2": "2026-10-03T00:05:00+09:00",
        "3": "2026-10-03T09:00:00+09:00",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_any_encoding_delimiter_and_line_end_gives_the_same_people(encoding: str, delimiter: str, end: str) -> None:
    assert listed(KOREAN.replace(",", delimiter).replace("\n", end), encoding).people == listed(KOREAN).people


def test_a_title_above_the_header_does_no_harm() -> None:
    assert listed("2026 가을 학기 딥러닝,,,\n,,,\n" + KOREAN).people == listed(KOREAN).people


@pytest.mark.parametrize(
    ("header", "row", "name"),
    [
        ("성,이름,학번", "김,하늘,1", "김하늘"),
        ("Last Name,First Name,SID", "김,하늘,1", "김하늘"),
        ("Surname,Given name,SID", "de Invented,Ada,1", "de Invented, Ada"),
        ("LastName,FirstName,ID,Section", "Invented,Ada,55,DL", "Invented, Ada"),
    ],
)
def test_a_name_in_two_columns_is_put_together(header: str, row: str, name: str) -> None:
    assert listed(f"{header}\n{row}\n").people[0].name == name


def test_who_is_listed_twice_is_told_unless_only_the_section_differs() -> None:
    text = "학번,성명,분반\n1,김하늘,01\n1,김하늘,02\n2,이바다,01\n2,이바다다,01\n,,03\n"

    found = listed(text)

    assert [(person.number, person.section) for person in found.people] == [("1", "01, 02"), ("2", "01")]
    assert found.problems == [
        (5, "2 is listed twice, with other data; the first row counts"),
        (6, "names nobody"),
    ]


def test_namesakes_without_numbers_cannot_be_told_apart() -> None:
    found = listed("이름\n김하늘\n이바다\n김하늘\n")

    assert [person.name for person in found.people] == ["김하늘", "이바다"]
    assert found.problems == [(4, "김하늘 is listed twice, by name alone; give numbers to tell them apart")]


def test_a_list_without_a_column_that_tells_who_is_refused_in_one_line() -> None:
    assert mistake("a,b\n1,2\n") == (
        "students.csv has no column that tells who a student is (학번 or student number, login, e-mail, name, section);"
        " it begins with: a, b"
    )
    assert mistake("학번,이름\n") == "students.csv lists nobody below its header"


@given(st.lists(st.lists(st.text(max_size=12), max_size=6), max_size=8))
def test_no_table_is_more_than_one_clear_line(rows: list[list[str]]) -> None:
    for header in ([], [["학번", "이름", "ID", "section", "제출 시각", "성"]]):
        try:
            found = read([*header, *rows], "students.csv")
        except CourseError as error:
            assert "students.csv" in str(error)
        else:
            ids = [person.student_id.casefold() for person in found.people]
            assert all(ids) and len(set(ids)) == len(ids)


def test_quoted_cells_with_line_ends_are_one_cell() -> None:
    text = io.StringIO()
    csv.writer(text).writerows([["학번", "이름"], ["1", "김\n하늘, Jr."]])

    assert listed(text.getvalue()).people[0].name == "김\n하늘, Jr."


def test_who_is_called_like_a_row_of_canvas_is_a_student() -> None:
    text = CANVAS.replace("Invented, Ada", "Points Possible, Ada")

    rows = [[cell.value for cell in row] for row in sheets.read(text.encode(), "gradebook.csv").rows]

    assert [each.lms["canvas"] for each in read(rows, "gradebook.csv").people] == ["55", "56"]
