"""The pages of docs/lms speak of commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader.cli.exporting import AUTOGRADER, FORMATS

PAGES = sorted((Path(__file__).parents[2] / "docs/lms").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_says_how_marks_go_back(page: Path) -> None:
    upload = page.read_text("utf-8").partition("## Upload")[2]

    named = set(re.findall(r"grader export ([a-z-]+)", upload))
    assert named
    assert named <= {*FORMATS, AUTOGRADER}


def test_every_format_but_our_own_is_on_a_page() -> None:
    named = {name for page in PAGES for name in re.findall(r"grader export ([a-z-]+)", page.read_text("utf-8"))}

    assert {*FORMATS, AUTOGRADER} - named == {"research"}
