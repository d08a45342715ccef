"""Which column of a list of students says what, where its heading alone does not tell."""

from __future__ import annotations

import pytest

from grader.roster import columns

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


@pytest.mark.parametrize(
    ("header", "meanings"),
    [
        (CANVAS, {"name": 0, "canvas": 1, "number": 2, "login": 3, "section": 4}),
        (("LastName", "ID", "Section"), {"last": 0, "canvas": 1, "section": 2}),
        (("Student", "ID"), {"name": 0, "number": 1}),  # a list that somebody has made: the university's number
        (("Name", "ID", "Section"), {"name": 0, "number": 1, "section": 2}),
        (("LastName", "FirstName", "Student"), {"last": 0, "first": 1}),
        (("LastName", "Student"), {"last": 0, "name": 1}),
        (("Student", "FirstName", "LastName"), {"name": 0, "first": 1, "last": 2}),
        (('\ufeff"학번"', " E-MAIL\n address "), {"number": 0, "email": 1}),
        (("Login", "Username"), {"login": 0}),  # of two columns of one meaning the first
        (("Section", "Group"), None),  # it names nobody
    ],
)
def test_a_header_says_what_its_columns_mean(header: tuple[str, ...], meanings: dict[str, int] | None) -> None:
    found = columns.find([header])

    assert found == (None if meanings is None else (0, meanings))


def test_the_header_is_the_row_that_says_most_among_the_first_ten() -> None:
    title, first, second = ("Group 3",), ("Name", "Login"), ("Number", "Login")

    assert columns.find([*[title] * 9, first]) == (9, {"name": 0, "login": 1})
    assert columns.find([*[title] * 10, first]) is None
    assert columns.find([("Name",), first, second]) == (1, {"name": 0, "login": 1})
