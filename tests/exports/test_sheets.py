"""Instructors' files are changed in the cells that change, and in no other byte."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.errors import CourseError
from grader.exports.sheets import cells, read, written

# Everything that the csv module treats in its own way, and some that it does not.
TEXTS = st.text(alphabet=st.sampled_from(list(',;\t"\r\n ab1김\x85\u2028=')), max_size=60)


@given(TEXTS, st.sampled_from(",;\t"))
@example('"a""b"c"d,"', ",")
@example('a"b,"c\r\nd",e\r\r\n', ",")
def test_cells_are_divided_as_the_csv_module_divides_them(text: str, delimiter: str) -> None:
    expected = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))

    assert [[cell.value for cell in row] for row in cells(text, delimiter)] == expected


@given(TEXTS, st.sampled_from(",;\t"))
def test_cells_and_what_is_between_them_are_the_whole_text(text: str, delimiter: str) -> None:
    position = 0
    for row in cells(text, delimiter):
        for cell in row:
            assert text[position : cell.start] in ("", delimiter, "\n", "\r", "\r\n") or not text[
                position : cell.start
            ].strip("\r\n")
            position = cell.end

    assert not text[position:].strip("\r\n")


NAMES = st.text(alphabet=st.characters(codec="cp949", exclude_categories=["C"]), max_size=12)
GRIDS = st.integers(2, 5).flatmap(
    lambda width: st.lists(st.lists(NAMES, min_size=width, max_size=width), min_size=1, max_size=6)
)


@settings(max_examples=60, deadline=None)
@given(
    GRIDS,
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp949"]),
    st.sampled_from([(",", csv.QUOTE_MINIMAL), (",", csv.QUOTE_ALL), (";", csv.QUOTE_MINIMAL), ("\t", csv.QUOTE_ALL)]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["8.5", "", "<p>a, b</p>", 'say "it"']),
    st.data(),
)
def test_one_cell_changes_and_nothing_else(
    grid: list[list[str]], encoding: str, style: tuple[str, int], line_end: str, value: str, drawn: st.DataObject
) -> None:
    grid = [["Student", "ID", "Grade in this column", *row[3:]] for row in grid[:1]] + grid[1:]
    grid = [row[: len(grid[0])] + [""] * (len(grid[0]) - len(row)) for row in grid]
    delimiter, quoting = style
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=line_end).writerows(grid)  # type: ignore[arg-type]
    content = text.getvalue().encode(encoding)
    sheet = read(content, "grades.csv")
    row = drawn.draw(st.integers(0, len(grid) - 1))
    column = drawn.draw(st.integers(0, len(grid[0]) - 1))

    changed = written(sheet, {(row, column): value})

    assert sheet.delimiter == delimiter
    assert written(sheet, {}) == content
    expected = [
        [value if (at, place) == (row, column) else text for place, text in enumerate(line)]
        for at, line in enumerate(grid)
    ]
    assert list(csv.reader(io.StringIO(changed.decode(encoding), newline=""), delimiter=delimiter)) == expected
    start, end = sheet.rows[row][column].start, sheet.rows[row][column].end
    decoded = changed.decode(encoding)
    assert decoded.startswith(sheet.text[:start])
    assert decoded.endswith(sheet.text[end:])


def test_a_row_that_was_cut_off_gets_the_cells_it_lacks() -> None:
    sheet = read(b"Student,ID,HW1,HW2\r\nKim,5\r\nLee,6,1,2\r\n", "grades.csv")

    assert written(sheet, {(1, 3): "8", (1, 2): "7"}) == b"Student,ID,HW1,HW2\r\nKim,5,7,8\r\nLee,6,1,2\r\n"


def test_what_the_encoding_lacks_becomes_an_entity() -> None:
    sheet = read("이름,말\n김,a\n".encode("cp949"), "grades.csv")

    assert sheet.codec == "cp949"
    assert written(sheet, {(1, 1): "<p>é</p>"}) == "이름,말\n김,<p>&#233;</p>\n".encode("cp949")


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "is empty"), (b"\r\n\r\n", "is empty"), (b"PK\x03\x04x", "Excel workbook"), (b"a\x00b,c", "no text")],
)
def test_what_is_no_such_file_is_said(content: bytes, told: str) -> None:
    with pytest.raises(CourseError, match=told):
        read(content, "grades.csv")
