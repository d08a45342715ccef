"""The feedback page: what it says, that it is whole, safe and readable."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.lateness import Penalty, Timing
from grader.marks import Mark
from grader.records import LANGUAGES, Outcome, Status
from grader.reports.feedback import page, words
from grader.reports.feedback.languages import language
from grader.reports.feedback.page import style
from tests.hostile.test_files import NAMES
from tests.reports.pages import EVERYTHING, PICTURE, Read, assignment, item, read, row

TAGS = LANGUAGES.keys()


@pytest.fixture(scope="module")
def everything() -> Read:
    return read(page(EVERYTHING, assignment=assignment(*EVERYTHING.items)))


# ---- what it says ----------------------------------------------------------------------------------------------------


def test_the_total_counts_what_is_decided_and_says_what_is_not(everything: Read) -> None:
    (total,) = everything.all("section", "total")

    assert "9.5 of 20 points" in " ".join(total.text.split())
    assert "2 parts are not marked yet" in total.text


def test_items_stand_in_their_sections_with_points_and_words(everything: Read) -> None:
    sections = [each.text.strip() for each in everything.all("h2") if each.text.startswith("Section")]
    badges = [" ".join(each.text.split()) for each in everything.all("span", "badge")]

    assert sections == ["Section 7.2", "Section 7.6", "Section 8.2"]
    assert badges == [
        "✓ right",
        "✗ not right yet",
        "◐ partly right",
        "✓ right",
        "… waits for a reader",
        "↷ not judged",
        "! your teachers look at this; it costs nothing",
    ]
    written = next(each for each in everything.all("article", "waiting"))
    assert "– / 4" in " ".join(written.text.split())
    assert "Well said." in written.text
    assert "first line\nsecond line" in written.text


def test_every_lost_point_is_listed_on_top_and_linked(everything: Read) -> None:
    lost = [each for each in everything.all("a") if each.attributes["href"].startswith("#item")]

    assert [each.text for each in lost] == ["about corr2d", "about half", "about skipped"]
    assert {each.attributes["href"][1:] for each in lost} <= {each.attributes.get("id") for each in everything.elements}


def test_the_cell_and_the_notebook_are_named(everything: Read) -> None:
    assert [each.text for each in everything.all("span", "place")] == ["cell 6 of hw.ipynb"]


def test_an_id_that_a_check_names_is_shown_as_its_title(everything: Read) -> None:
    assert "Follows from “about right”." in everything.one("article", "failed").text


def test_a_training_shows_accuracy_seeds_device_recipe_curve_and_confusion(everything: Read) -> None:
    trained = next(each for each in everything.all("article", "passed") if "about trained" in each.text)
    told = " ".join(trained.text.split())

    assert "62.8 %" in told
    assert "62.8 %, 61.0 %, 64.0 %" in told
    assert "11, 12, 13" in told
    assert "batches of 64, learning rate 0.003, image side 28, training images 9600" in told
    assert "shirt taken for T-shirt: 5" in told
    assert "a computer without a GPU" in told
    labels = [each.attributes["aria-label"] for each in everything.all("svg", "chart")]
    assert labels == [
        "Loss while training: from 2.3 to 0.95",
        "Accuracy on held-out images: up to 62.0 %; dashed: full credit",
    ]


def test_what_differs_between_the_machines_is_told(everything: Read) -> None:
    told = {each.text for each in everything.all("dd")}

    assert {"3.10.12 in your notebook, 3.11.7 here", "T4 in your notebook, no here"} <= told
    assert "1 in your notebook, 1 here" not in told


def test_a_late_submission_says_what_it_costs_and_what_the_mark_is() -> None:
    late = Penalty(
        Timing.LATE, 0.1, 1, "Handed in 3 h after it was due (2026-11-20 23:59): 10 % of the points are taken off."
    )
    mark = Mark(Decimal(4), Decimal(4), Decimal("0.4"), Decimal("3.6"), Decimal(4))

    text = read(page(row(item("a", Outcome.PASSED, 4.0)), mark=mark, late=late)).one("section", "total").text

    assert late.sentence in text
    assert "Your mark by the rules of the course: 3.6 of 4" in text


def test_a_mark_that_is_the_sum_of_points_is_not_told_twice() -> None:
    mark = Mark(Decimal(4), Decimal(4), Decimal(0), Decimal(4), Decimal(4))

    assert "Your mark" not in page(row(item("a", Outcome.PASSED, 4.0)), mark=mark)


@pytest.mark.parametrize("tag", TAGS)
def test_a_submission_that_could_not_be_read_says_why(tag: str) -> None:
    unread = row(status=Status.NEEDS_STAFF, problem="essay.pdf is no notebook.")

    assert "essay.pdf is no notebook." in read(page(unread, tag=tag)).one("section", "total").text


def test_of_a_submission_that_could_not_be_read_it_is_not_said_that_it_was_run() -> None:
    unread = row(status=Status.NEEDS_STAFF, problem="essay.pdf is no notebook.")

    assert "run again from top to bottom" not in page(unread)
    assert "run again from top to bottom" in page(row(item("a", Outcome.PASSED, 4.0)))


# ---- self-contained and safe -----------------------------------------------------------------------------------------


def test_the_page_asks_for_nothing_and_runs_nothing(everything: Read) -> None:
    policy = next(each for each in everything.all("meta") if "http-equiv" in each.attributes).attributes["content"]
    style = everything.one("style").text
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert {each.tag for each in everything.elements}.isdisjoint({"script", "link", "img", "iframe", "object", "form"})
    assert not re.search(r"url\(|@import|https?:", style)
    hrefs = [
        each.attributes[name] for each in everything.elements for name in ("href", "src") if name in each.attributes
    ]
    assert all(href.startswith("#") for href in hrefs)
    assert not any("style" in each.attributes for each in everything.elements)


def _told_by(text: str) -> Any:
    """A grade in which every text that is not ours is this one."""
    hostile = item(
        text,
        Outcome.FAILED,
        section=text,
        title=text,
        target=text,
        check=text,
        message=f"`{text}` raised ValueError at `{text}`.",
        hint=text,
        evidence={"cell": 1, "notebook": text, "text": text, "comments": [text], "recipe": text, "accuracy": 0.5,
                  "device": text, "seed": text, "data": text, "machines": [[text, text, "x"]], text: text,
                  "trace": [[text, [1]]], "differs": [1, [text, [1]], None]},
    )  # fmt: skip
    changed = {"student_id": text, "student_name": text, "submission": text, "problem": text, "device": text}
    return row(
        hostile, item("b", Outcome.WAITING, evidence={"text": text}), **changed, started=text, grader_version=text
    )


PAYLOADS = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</style><script>1</script>",
    "--><svg onload=1>",
    "{{ 7*7 }}{% raw %}",
    "javascript:alert(1)",
    "%(percent)s {count} %s",
    "&lt;b&gt;&#x3c;",
    "\u202egnp.exe\u2066\x1b[2J\x00\ud800",
    "]]><![CDATA[",
    "`<b>`</b>",
]  # fmt: skip


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("text", [*PAYLOADS, *NAMES])
def test_what_a_student_writes_stays_text(text: str, tag: str) -> None:
    plain, hostile = (read(page(_told_by(each), tag=tag)) for each in ("plain", text))

    assert _shape(hostile) == _shape(plain)
    assert {name for each in hostile.elements for name in each.attributes} == {
        name for each in plain.elements for name in each.attributes
    }
    controls = [
        c for c in page(_told_by(text), tag=tag) if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") and c != "\n"
    ]
    assert not controls
    assert not re.search("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]", page(_told_by(text), tag=tag))


def _shape(found: Read) -> list[str]:
    """The elements but for those that depend on lengths, backquotes, and languages of a sentence."""
    return [each.tag for each in found.elements if each.tag not in ("code", "span", "br")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 40) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
KEYS = ("picture", "trace", "differs", "layers", "accuracy", "accuracies", "curve", "losses", "confusion", "recipe",
        "seed", "seeds", "device", "data", "steps", "cell", "notebook", "text", "comments", "comment", "machines")  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6), st.dictionaries(st.sampled_from([*PICTURE]), JSON))
def test_evidence_of_any_form_makes_a_whole_page(evidence: dict[str, Any], picture: dict[str, Any]) -> None:
    strange = item("a", Outcome.FAILED, evidence={"picture": PICTURE | picture, **evidence})

    assert read(page(row(strange))).all("article", "failed")


# ---- readable by everybody -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", TAGS)
def test_headings_descend_one_by_one_and_the_language_is_told(tag: str) -> None:
    found = read(page(EVERYTHING, tag=tag, assignment=assignment(*EVERYTHING.items)))

    levels = [int(each.tag[1]) for each in found.elements if re.fullmatch("h[1-6]", each.tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert found.one("html").attributes["lang"] == tag


def test_every_drawing_has_words_or_is_left_out_for_who_cannot_see_it(everything: Read) -> None:
    for svg in everything.all("svg"):
        assert svg.attributes.get("aria-label") or svg.attributes.get("aria-hidden") == "true"
    for table in everything.all("div", "scroll"):
        assert table.attributes["aria-label"] and table.attributes["tabindex"] == "0"
    ids = [each.attributes["id"] for each in everything.elements if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    for section in everything.all("section"):
        assert section.attributes["aria-labelledby"] in ids


STYLE = str(style().text)
TEXTS = [
    *((name, ground) for name in ("ink", "muted", "accent") for ground in ("page", "card")),
    *((name, ground) for name in ("passed", "partial", "failed", "waiting", "broken", "skipped") for ground in ("card", f"{name}-soft")),
    *(("on-shade", f"s{shade}") for shade in range(5)),
    ("wrong", "e1"),
    ("wrong", "e2"),
    ("on-shade", "s0"),
    ("ink", "failed-soft"),
    ("ink", "waiting-soft"),
    ("ink", "skipped-soft"),
    ("waiting", "waiting-soft"),
]  # fmt: skip


def _schemes() -> dict[str, dict[str, str]]:
    """The colours by their names, per scheme."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    light, dark, printed = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in blocks)
    return {"light": light, "dark": dark, "print": printed}


def luminance(colour: str) -> float:
    """Relative luminance as of WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
@pytest.mark.parametrize("text, ground", TEXTS, ids="-on-".join)
def test_text_stands_out_from_its_ground(text: str, ground: str, scheme: str) -> None:
    colours = _schemes()[scheme]
    lighter, darker = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)

    assert (lighter + 0.05) / (darker + 0.05) >= 4.5  # WCAG 2.2, AA for text of any size


def test_schemes_have_the_same_colours() -> None:
    light, dark, printed = _schemes().values()

    assert light.keys() == dark.keys() == printed.keys()
    assert set(re.findall(r"var\(--([\w-]+)\)", STYLE)) <= light.keys()


def test_one_grade_gives_one_text_always() -> None:
    assert page(EVERYTHING) == page(replace(EVERYTHING))


def test_a_wrong_answer_that_follows_from_another_mistake_was_judged() -> None:
    sign, verdict = words.verdict(Outcome.SKIPPED, "Follows from corr2d-values.", language("en"))
    untried = words.verdict(Outcome.SKIPPED, "Not trained, because lenet-shapes did not pass.", language("en"))

    assert (sign, verdict) == ("↷", "not right yet")
    assert untried == ("↷", "not judged")
