"""Who is in a section."""

from __future__ import annotations

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
