"""An entry is added to YAML that somebody wrote by hand, and all else keeps every byte."""

from __future__ import annotations

import pytest
import yaml

from grader import documents

ENTRY = 'title: "A new one"\nitems:\n  - {id: a, points: 1}\n'


def added(text: str) -> str:
    return documents.with_entry(text, "assignments", "new", ENTRY)


COMMENTED = """\
# our course
version: 1   # the format
assignments:
  old:   # of last year
    title: 'Old'
    items:
      - id: x
        options: {a: [1, 2],
                  b: 3}
      # more items come here

  # the end of the assignments

# what follows belongs to nobody
policy: {cap: 100}
"""


@pytest.mark.parametrize(
    "text",
    [
        COMMENTED,
        COMMENTED.replace("\n", "\r\n"),
        "version: 1\nassignments:\n    four:\n        title: spaces\n",
        "version: 1\nassignments:\n  old:\n    title: no end of line",
        "version: 1\nassignments:\n  old:\n    title: |\n      # no comment\n      text\n\n",
        "x: &x {a: 1}\nassignments:\n  old:\n    title: an alias\n    limits: *x\n",
        "assignments:\n  old: {title: in braces,\n    items: []}\nversion: 1\n",
        "assignments:\n  과제:\n    title: 한국어 # 주석\nversion: 1\n",
    ],
    ids=["comments", "windows", "four spaces", "no last newline", "a block of text", "an alias", "braces", "korean"],
)
def test_an_entry_is_added_behind_the_others_and_nothing_else_changes(text: str) -> None:
    made = added(text)

    known = yaml.safe_load(text)
    assert yaml.safe_load(made) == {**known, "assignments": {**known["assignments"], "new": yaml.safe_load(ENTRY)}}
    # What was there is there still, in one piece before the entry and one behind it.
    start = next(n for n in range(len(text) + 1) if n == len(text) or made[n] != text[n])
    assert made.startswith(text[:start]) and made.endswith(text[start:])
    assert ("\r\n" in text) == ("\r\n" in made) and made.count("\n") - made.count("\r\n") in (0, made.count("\n"))


def test_a_comment_below_the_last_entry_stays_with_it() -> None:
    made = added(COMMENTED)

    order = [
        made.index(part) for part in ("# more items come here", "  new:", "# the end of the assignments", "policy:")
    ]
    assert order == sorted(order)


@pytest.mark.parametrize(
    "text",
    ["version: 1\nintake: {}\nassignments: {}  # none yet\n", "assignments:\nversion: 1\n"],
    ids=["braces", "nothing"],
)
def test_the_first_entry_is_added_to_an_empty_mapping(text: str) -> None:
    made = added(text)

    known = yaml.safe_load(text)
    assert yaml.safe_load(made) == {**known, "assignments": {"new": yaml.safe_load(ENTRY)}}
    assert made.count("# none yet") == text.count("# none yet")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("version: 1\n", "has no mapping 'assignments'"),
        ("assignments: [a]\n", "has no mapping 'assignments'"),
        ("assignments: {old: {title: x}}\n", "written in braces"),
        ("assignments:\n  new: {title: x}\n", "has an entry 'new' already"),
        ("assignments: {\n", "not valid YAML"),
    ],
)
def test_a_document_to_which_nothing_can_be_added_is_told_in_one_line(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as caught:
        added(text)

    assert "\n" not in str(caught.value)
