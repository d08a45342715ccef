"""Text that students wrote, made harmless where people read it."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.escaping import cell, json_line, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b[31mPASSED", r"\x1b[2J\x1b[31mPASSED"),
        ("10/10\r 0/10", r"10/10\r 0/10"),
        ("two\nlines\tand a tab", r"two\nlines\tand a tab"),
        ("\x9b31m", r"\x9b31m"),
        ("evil\u202etxt.exe", r"evil\u202etxt.exe"),
        ("\ufeffname", r"\ufeffname"),
        ("\ud800", r"\ud800"),
        ("김하늘, naïve – ×", "김하늘, naïve – ×"),
        (r"C:\new", r"C:\new"),
    ],
    ids=ascii,
)
def test_what_moves_a_cursor_is_shown_instead_of_obeyed(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters()))
def test_whatever_is_shown_is_one_line_of_printable_text(text: str) -> None:
    shown = visible(text)

    assert shown.encode("utf-8").decode("utf-8") == shown
    assert len(shown.splitlines()) <= 1
    assert not any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in shown)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "  =", "\r+", "＝", "＠", " \n@"], ids=ascii)
def test_a_formula_becomes_text(start: str) -> None:
    assert cell(f"{start}HYPERLINK(A1)").startswith("'")


@pytest.mark.parametrize("text", ["ada", "3 of 40 elements differ", "a=b", "", "'quoted"])
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


@given(st.text(st.characters()))
def test_no_cell_starts_like_a_formula(text: str) -> None:
    assert not cell(text).lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


@given(st.dictionaries(st.text(st.characters()), st.text(st.characters()) | st.floats(allow_nan=False)))
def test_a_line_of_json_says_the_same_and_holds_no_control(value: dict[str, object]) -> None:
    line = json_line(value)

    assert json.loads(line) == value
    assert len(line.splitlines()) == 1
    assert not any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in line)
