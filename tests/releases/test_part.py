"""What of a rubric students receive."""

from __future__ import annotations

from pathlib import Path

from grader.records import Assignment, Item
from grader.releases import part


def test_what_a_good_answer_says_stays_with_the_course() -> None:
    item = Item("written", "7.1", "Discussion", 2, "answered", "7.1", {"looks_for": "locality, invariance"})

    told = part.row(Assignment("hw", "HW", Path(), "hw", (item,)))

    assert told["items"][0]["options"] == {}
    assert "locality" not in str(told)
