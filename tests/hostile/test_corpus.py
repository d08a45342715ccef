"""README.md tells for every row of the catalogue what shows it, and names nothing that is not there."""

from __future__ import annotations

import re

import pytest

from tests.hostile import cases

ROWS = {"A": 12, "B": 20, "C": 11, "D": 16, "E": 23}
WITHOUT = ("not yet: ", "not here: ")
TEXT = (cases.HERE / "README.md").read_text()
TABLE = dict(re.findall(r"^\| ([A-E]\d+) \| [^|]+ \| ([^|]+) \|$", TEXT, re.MULTILINE))
CASES = {case.id for case in cases.every()}


def test_every_row_of_the_catalogue_is_shown_or_says_why_not() -> None:
    assert list(TABLE) == [f"{letter}{number}" for letter, last in ROWS.items() for number in range(1, last + 1)]
    assert all(shown.startswith(WITHOUT) or "`" in shown for shown in TABLE.values())
    assert sum(not shown.startswith(WITHOUT) for shown in TABLE.values()) >= 60


@pytest.mark.parametrize("row", TABLE)
def test_what_shows_a_row_is_there(row: str) -> None:
    shown = re.findall(r"`([^`]+)`", TABLE[row])

    for name in shown:
        file, _, test = name.partition("::")
        if "/" not in file:
            assert file in CASES
        else:
            content = (cases.HERE.parent.parent / file).read_text()
            assert f"def {test}(" in content if test else content


def test_every_case_is_told_of() -> None:
    assert set(re.findall(r"`([a-z-]+)`", TEXT)) >= CASES


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_notebook_begins_with_what_it_tries_and_what_stands_against_it(name: str) -> None:
    begun = (cases.HERE / name / "notebook.md").read_text().partition("\n```")[0]

    assert begun.startswith("No cheat:") or re.match(r"Cheat(, or none)?: .+Counter:\s", begun, re.DOTALL)
