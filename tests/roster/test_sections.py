"""Who a student is, as one source and another tell it, and in which section."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from grader.roster import Enrolled


@pytest.mark.parametrize(
    ("section", "wanted", "within"),
    [
        ("01", {"01"}, True),
        ("01, 02", {"02"}, True),
        ("DL-01 and DL-02", {"DL-02"}, True),
        ("Sand and Sea", {"Sand and Sea"}, True),
        ("01", {"1", "02"}, False),
        ("", {"01"}, False),
    ],
)
def test_a_student_is_in_every_section_that_is_named(section: str, wanted: set[str], within: bool) -> None:
    assert Enrolled("ada", section=section).within(wanted) is within


ADA = Enrolled("ada", "Ada Moon", "2019", "moon", "ada@example.org", {"canvas": "7"}, "DL-01", listed=True)
OTHER = Enrolled("x", "Moon, Ada", "2020", "m", "a@example.org", {"canvas": "8", "moodle": "9"}, "DL-02", listed=False)


@pytest.mark.parametrize("field", ["name", "number", "login", "email", "section"])
def test_another_source_adds_what_is_not_known_and_changes_nothing(field: str) -> None:
    assert getattr(ADA.completed(OTHER), field) == getattr(ADA, field)
    lacking: dict[str, Any] = {field: ""}
    assert getattr(replace(ADA, **lacking).completed(OTHER), field) == getattr(OTHER, field)


def test_ids_of_every_lms_are_gathered_and_whoever_is_on_a_roster_stays_on_it() -> None:
    both = ADA.completed(OTHER)

    assert (both.student_id, both.lms) == ("ada", {"canvas": "7", "moodle": "9"})
    assert [both.listed, OTHER.completed(ADA).listed, OTHER.completed(OTHER).listed] == [True, True, False]
