"""The class report: what it says, that every number leads to its students, and that it is whole, safe and readable."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from grader import decisions
from grader.decisions import Beneath, Decision, Kind
from grader.escaping import cell
from grader.lateness import Penalty, Timing
from grader.marks import Mark
from grader.records import Status
from grader.reports.classroom import Class, page, table, view
from grader.reports.classroom.given import Note
from grader.reports.classroom.page import script, style
from grader.rows import GradeRow
from tests.hostile.test_files import NAMES
from tests.reports.classes import CONVOLUTION, WRONG, A, B, F, P, S, W, a_class, everything, missing, student
from tests.reports.pages import TRAINED, Element, Read, assignment, item, read, row
from tests.reports.test_feedback_page import PAYLOADS, TEXTS, luminance

EVERYTHING = everything()


@pytest.fixture(scope="module")
def whole() -> Read:
    return read(page(EVERYTHING))


def text(found: Read, tag: str, id: str) -> str:
    """The words of the element of this tag that is called so."""
    return " ".join(next(each.text for each in found.all(tag) if each.attributes.get("id") == id).split())


def part(found: Read, name: str) -> str:
    """The words of the section that is called so."""
    sections = [each for each in found.all("section") if each.attributes["aria-labelledby"] == name]
    return " ".join(sections[0].text.split()) if sections else ""


def lists(content: str) -> dict[str, tuple[str, list[int]]]:
    """The lists that the script filters by."""
    (found,) = (each.text for each in read(content).all("script") if each.attributes.get("type") == "application/json")
    return {anchor: (title, students) for anchor, (title, students, _) in json.loads(found).items()}


def table_of_lists(content: str) -> list[tuple[str, list[int], int]]:
    """The lists with how many students of each the table does not list."""
    (found,) = (each.text for each in read(content).all("script") if each.attributes.get("type") == "application/json")
    return [tuple(each) for each in json.loads(found).values()]


def behind(content: str) -> dict[str, list[int]]:
    """The lists by their titles."""
    return dict(lists(content).values())


def states(found: Read) -> dict[str, str]:
    return dict(zip([e.text for e in found.all("dt")][:6], [e.text for e in found.all("dd")][:6], strict=True))


# ---- what it says ----------------------------------------------------------------------------------------------------


def test_the_class_is_counted_by_what_became_of_it(whole: Read) -> None:
    assert states(whole) == {
        "handed in": "7", "final": "1", "wait for a reader": "4", "need staff": "2", "late": "1", "missing": "1",
    }  # fmt: skip


def test_who_needs_a_person_is_told_with_item_and_reason(whole: Read) -> None:
    told = part(whole, "staff")

    assert "Could not be read 1" in told and "gil.ipynb is a PDF" in told
    assert "Training did not end within 600 s" in told
    assert "`corr2d`" not in told and "corr2d names convolution in cell 3." in told
    assert "Moving an image by one pixel leaves hardly anything." in told
    assert "Cell 4 trains LeNet with epochs 3; 7.6 asks for epochs 10." in told
    assert "ambiguous: two on the roster" in told and "notes.txt" in told
    feedback = [each.attributes["href"] for each in whole.all("a") if "#item-" in each.attributes["href"]]
    assert {"feedback/eve.html#item-3", "feedback/dan.html#item-1", "feedback/fay.html#item-3"} <= set(feedback)


def test_the_commonest_mistakes_name_their_items_and_students(whole: Read) -> None:
    told = part(whole, "mistakes")

    assert "This is convolution: the kernel is flipped. 7.2 asks for cross-correlation.about corr2d" in told
    assert "LeNet raised TypeError at x = nn.Linear(3)." in told
    mistakes = {title: found for title, found in behind(page(EVERYTHING)).items() if title.startswith("Mistake: This")}
    assert list(mistakes.values()) == [[1, 2]]


def test_trainings_are_drawn_together_with_the_floors(whole: Read) -> None:
    labels = [each.attributes["aria-label"] for each in whole.all("svg", "chart")]

    assert any(label.startswith("Accuracy of 4 students on unseen images") for label in labels)
    assert "Accuracy on held-out images while training, 4 students" in labels
    assert "Loss while training, 4 students" in labels
    assert {"no credit", "full credit", "median"} <= {each.text for each in whole.all("text")}
    names = [each.text for each in whole.all("title")]
    assert names.count("Ada") == 2  # a curve of each kind tells whose it is


def test_lateness_time_and_device_are_told(whole: Read) -> None:
    assert "1 late 1 late by 1 to 2 days" in part(whole, "lateness").replace(" students", "")
    told = part(whole, "time")
    assert "cpu" in told and "forked" in told and "quick" in told
    assert "50 s Bo" in told


def test_a_row_has_a_cell_for_each_item_with_a_sign_where_there_are_no_points(whole: Read) -> None:
    rows = [each for each in whole.all("tr") if each.attributes.get("id", "").startswith("s")]

    assert [row.attributes["data-state"] for row in rows].count("provisional") == 4
    assert rows[2].text.startswith("Chichi") and rows[2].text.endswith("000 ↷0")
    assert rows[4].text.endswith("44!…")
    assert rows[7].text == "HalhalDL-01missing"


def test_the_report_on_similar_submissions_is_linked_where_there_is_one(whole: Read) -> None:
    assert any(each.attributes["href"] == "similar.html" for each in whole.all("a"))
    assert "similar.html" not in page(replace(EVERYTHING, similar=""))


def test_marks_under_a_policy_have_a_column_and_a_histogram_of_their_own() -> None:
    rows = [student("a", [P, P]), student("b", [P, W]), missing("c")]
    marks = {
        "a": Mark(Decimal(8), Decimal(8), Decimal(1), Decimal(7), Decimal(8)),
        "b": Mark(Decimal(4), Decimal(8), Decimal(0), Decimal(4), Decimal(8), ("i2",), "not decided: i2"),
        "c": Mark(Decimal(0), Decimal(8), Decimal(0), Decimal(0), Decimal(8)),
    }

    found = read(page(a_class(*rows, items=2, marks=marks)))

    captions = [each.text for each in found.all("figcaption")]
    assert captions[:2] == ["Totals of 2 students", "Marks of 1 student"]  # what is not final is in no histogram
    cells = [each.text for each in found.all("td", "right")]
    assert "7" in cells and "4 ?" in cells


# ---- what people decided ---------------------------------------------------------------------------------------------


def decided(grade: GradeRow, name: str, points: float) -> GradeRow:
    """The grade with a person's mark for an item."""
    (found,) = (each for each in grade.items if each.item == name)
    beneath = Beneath.of(grade, found)
    return decisions.decided(
        grade, [Decision("hw2-cnn", grade.student_id, name, Kind.POINTS, "kim", points, 4.0, beneath=beneath, id=1)]
    )


def test_marks_of_people_count_as_any_other_and_are_told() -> None:
    read_one = decided(student("a", [P, W]), "i2", 3.0)
    overruled = decided(student("b", [B, W]), "i1", 4.0)
    content = page(a_class(read_one, overruled, items=2))

    told = part(read(content), "staff")
    assert "1 written answer marked, of 1 student" in told and "1 automatic mark changed, of 1 student" in told
    assert behind(content)["By a person: automatic marks changed"] == [1]
    assert [each.text for each in read(content).all("td", "passed")] == ["4", "4 *"]
    assert [each.text for each in read(content).all("td", "partial")] == ["3 *"]
    assert "Broken" not in told


def test_what_a_person_has_marked_needs_nobody_and_is_no_mistake_of_its_own() -> None:
    flagged = student("a", [P])
    flagged = replace(flagged, items=(replace(flagged.items[0], evidence={"banned": ["convolution"]}, hint="uses it"),))
    lost = student("b", [F])
    lost = replace(lost, items=(replace(lost.items[0], message=f"{WRONG}"),))

    assert "uses it" in page(a_class(flagged, items=1))
    assert "Calls that a section asks" in page(a_class(flagged, items=1))
    assert "Calls that a section asks" not in page(a_class(decided(flagged, "i1", 2.0), items=1))
    assert [*behind(page(a_class(decided(lost, "i1", 2.0), items=1)))].count(f"Mistake: {CONVOLUTION}") == 1
    assert not any("Mistake" in title for title in behind(page(a_class(decided(lost, "i1", 4.0), items=1))))
    assert not any(
        "Mistake" in title for title in behind(page(a_class(decided(student("c", [W]), "i1", 1.0), items=1)))
    )


# ---- blanks count nowhere --------------------------------------------------------------------------------------------


def figures(content: str, number: int = 0) -> list[str]:
    """The numbers of one line of the table of items: passed, mean, six counts, discrimination."""
    lines = re.findall(r"<tr><th scope=\"row\" id=\"item-\d+\">.*?</tr>", content)
    return [" ".join(re.sub(r"<[^>]+>", " ", each).split()) for each in re.findall(r"<td.*?</td>", lines[number])][2:]


def test_broken_items_are_in_no_rate_and_missing_students_in_none_either() -> None:
    content = page(a_class(student("a", [P]), student("b", [B]), student("c", [A]), missing("d"), items=1))

    assert figures(content)[:8] == ["50 %", "75 %", "1 passed", "1 partly", "0", "0", "0", "1 broken"]
    assert "Totals of 2 students" in content


def test_while_some_answers_wait_the_empty_ones_make_no_rate() -> None:
    content = page(a_class(student("a", [F]), student("b", [W]), items=1))

    assert figures(content) == ["–", "–", "0", "0", "1 failed", "0", "1 waiting", "0", "– 1 still wait for a reader"]


def test_a_skipped_item_is_decided_and_not_passed() -> None:
    assert figures(page(a_class(student("a", [P]), student("b", [S]), items=1)))[:2] == ["50 %", "50 %"]


def test_an_item_that_came_later_is_blank_in_older_grades() -> None:
    content = page(a_class(student("a", [P, P]), student("b", [P]), items=2))

    assert figures(content, 1)[:3] == ["100 %", "100 %", "1 passed"]


def test_discrimination_is_told_in_words() -> None:
    strong = [student(f"s{n}", [P, P, P]) for n in range(12)]
    weak = [student(f"w{n}", [F, F, A]) for n in range(12)]
    backwards = [student(f"b{n}", [P, F]) for n in range(12)] + [student(f"c{n}", [F, P]) for n in range(12)]

    assert figures(page(a_class(*strong, *weak)))[-1] == "1.00 (1.00 to 1.00) tells well"
    assert figures(page(a_class(*strong)))[-1] == "– everybody has the same points, so it tells nobody apart"
    assert figures(page(a_class(*backwards, items=2)))[-1].startswith("−1.00 (−1.00 to −1.00) look at it")
    assert figures(page(a_class(*strong[:3])))[-1] == "– too few marks to tell (3; 10 are needed)"


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [missing("a")],
        [student("a", [P, F, W])],
        [student("a", [P, P, P]), student("b", [P, P, P])],
        [row(student_id="a", status=Status.NEEDS_STAFF, problem="a.ipynb is a PDF.", seconds=0.0)],
        [student("a", [W, W, B])],
    ],
    ids=["nobody", "nobody handed in", "one", "two alike", "unreadable", "nothing decided"],
)
def test_classes_of_any_size_have_a_whole_report(rows: list[GradeRow]) -> None:
    content = page(a_class(*rows))

    decided = any(each.possible for each in rows)
    assert ("Totals of" in content) == decided
    assert ("There is no mark yet." in content) != decided
    assert all(anchors(read(content)))
    assert "nan" not in content.replace("tenance", "")


# ---- every number leads to its students ------------------------------------------------------------------------------


def anchors(found: Read) -> list[bool]:
    """For each link within the page whether what it leads to is there, with script or without."""
    ids = {each.attributes.get("id") for each in found.elements}
    return [each.attributes["href"][1:] in ids for each in found.all("a") if each.attributes["href"].startswith("#")]


def test_every_link_leads_somewhere_without_script(whole: Read) -> None:
    assert all(anchors(whole)) and len(anchors(whole)) > 60


def test_every_number_is_that_of_the_list_behind_it(whole: Read) -> None:
    known = lists(page(EVERYTHING))
    counts = list(whole.all("a", "count"))

    assert len(counts) > 20
    for each in counts:
        number = re.match(r"\d+", each.text)
        assert number and int(number.group()) == len(known[each.attributes["href"][1:]][1])


def test_lists_for_who_has_no_script_hold_the_same_students(whole: Read) -> None:
    content = page(EVERYTHING)
    names = [each.student_name for each in EVERYTHING.rows]

    for anchor, (_, students) in lists(content).items():
        (found,) = (each for each in whole.all("div") if each.attributes.get("id") == anchor)
        assert found.inside[-2:] == ("noscript", "section")
        assert found.text.endswith(", ".join(names[position] for position in students))


# ---- a class that is too large for one page --------------------------------------------------------------------------


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> str:
    """The report of 30 students, of whom the table holds 6; the last one but two needs staff, the slowest is the 20th."""
    monkeypatch.setattr(table, "MOST", 6)
    rows = [student(f"s{n:02}", [B if n == 27 else P, P, W if n == 25 else F], seconds=50.0 - n) for n in range(30)]
    rows[20] = replace(rows[20], seconds=900.0)
    return page(a_class(*rows))


def test_a_table_that_cannot_hold_everybody_lists_who_needs_a_person_and_says_so(crowded: str) -> None:
    listed = {e.attributes["id"] for e in read(crowded).all("tr") if e.attributes.get("id", "").startswith("s")}

    assert len(listed) == 6
    assert {"s27", "s20"} <= listed
    assert "lists 6 students, first those who need a person, and leaves out 24" in part(read(crowded), "students")


def test_a_crowded_page_still_counts_everybody(crowded: str) -> None:
    assert states(read(crowded))["handed in"] == "30"
    title, students, unlisted = next(each for each in table_of_lists(crowded) if each[0] == "Handed in")
    assert (len(students), unlisted) == (6, 24), title


def test_on_a_crowded_page_whoever_is_named_is_listed_before_others_with_the_same_trouble(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(table, "MOST", 8)
    monkeypatch.setattr(view, "_MOST_CASES", 1)
    rows = [student(f"s{n:02}", [B]) for n in range(20)]
    rows[19] = student("s19", [P], problem="It is no notebook.", seconds=900.0)
    found = read(page(a_class(*rows, notes=[Note("s18", "", "doubt", "two people")])))
    there = {each.attributes["id"] for each in found.elements if "id" in each.attributes}

    assert {h[1:] for e in found.all("a") if (h := e.attributes["href"]).startswith("#s")} <= there
    assert {"s18", "s19"} <= there


def test_on_a_crowded_page_every_link_to_a_student_leads_to_a_row(crowded: str) -> None:
    found = read(crowded)
    there = {each.attributes["id"] for each in found.elements if "id" in each.attributes}

    assert {h[1:] for e in found.all("a") if (h := e.attributes["href"]).startswith("#s")} <= there
    assert "and 24 whom the table does not list" in crowded


# ---- self-contained and safe -----------------------------------------------------------------------------------------


def test_only_our_script_and_style_are_allowed_and_nothing_is_fetched(whole: Read) -> None:
    (policy,) = (e.attributes["content"] for e in whole.all("meta") if "http-equiv" in e.attributes)
    scripts = list(whole.all("script"))

    assert policy.startswith(f"default-src 'none'; style-src '{style().hash}'; script-src '{script().hash}'; ")
    assert "unsafe" not in policy
    assert [each.attributes for each in scripts] == [{"type": "application/json", "id": "groups"}, {}]
    assert scripts[1].text == script().text
    assert {each.tag for each in whole.elements}.isdisjoint({"link", "img", "iframe", "object", "base"})
    assert not any(
        "style" in e.attributes or any(name.startswith("on") for name in e.attributes) for e in whole.elements
    )
    assert not re.search(r"url\(|@import|https?:", str(style().text) + str(script().text))
    hrefs = {each.attributes["href"] for each in whole.all("a")}
    assert all(re.fullmatch(r"#\w[\w-]*|similar\.html|feedback/\w+\.html(#item-\d+)?", href) for href in hrefs)


def test_the_script_never_reads_text_as_anything_else() -> None:
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function\(|setTimeout", script().text
    )


def told_by(word: str) -> Class:
    """A class in which every text that is not ours is this one."""
    evidence = TRAINED | {"doubts": [word], "banned": [word], "recipes": [word], "device": word}
    items = [
        item("a", P, 4.0, target=word, title=word, section=word, hint=word, message=word, evidence=evidence),
        item("b", F, message=f"x{word}. 1 of 2 cases are wrong. The first: `{word}`.", target=word, title=word),
        item("c", B, message=word),
    ]
    changed: dict[str, Any] = {"student_id": word, "student_name": word, "submission": word, "problem": word,
                               "device": word, "isolation": word, "grader_version": word, "started": word}  # fmt: skip
    late = Penalty(Timing.LATE, 0.1, 1, word)
    return Class(
        replace(assignment(*items), title=word),
        [row(*items, **changed, status=Status.NEEDS_STAFF)],
        penalties={word: late},
        sections={word: word},
        pages={word: "feedback/x.html"},
        notes=[Note(cell(word), "", word, word), Note("", word, "not placed", word)],
    )


HUGE = "김" * 5000


@pytest.mark.parametrize("word", [*PAYLOADS, "</script><script>alert(1)</script>", "<!--<script>", HUGE, *NAMES])
def test_what_a_student_writes_stays_text(word: str) -> None:
    plain, content = read(page(told_by("plain"))), page(told_by(word))
    hostile = read(content)

    assert shape(hostile) == shape(plain)
    assert {name for each in hostile.elements for name in each.attributes} == {
        name for each in plain.elements for name in each.attributes
    }
    assert not re.search(
        "[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]", content
    )
    assert [each.text for each in hostile.all("script")][1] == script().text
    assert all(isinstance(title, str) for title, _ in lists(content).values())


def shape(found: Read) -> list[str]:
    """The elements but for code, which depends on backquotes, and what depends on what is the same text."""
    return [each.tag for each in found.elements if each.tag != "code"]


# ---- readable by everybody -------------------------------------------------------------------------------------------


def test_headings_descend_one_by_one(whole: Read) -> None:
    levels = [int(each.tag[1]) for each in whole.elements if re.fullmatch("h[1-6]", each.tag)]

    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_tables_tell_what_their_headings_are_for_and_drawings_what_they_show(whole: Read) -> None:
    def named(each: Element) -> bool:
        return bool(each.attributes.get("aria-label")) or each.attributes.get("aria-hidden") == "true"

    assert len(whole.all("caption")) == len(whole.all("table")) == 2
    assert all(each.attributes.get("scope") in ("col", "row", "rowgroup") for each in whole.all("th"))
    assert all(named(each) for each in (*whole.all("svg"), *whole.all("div", "scroll")))
    ids = [each.attributes["id"] for each in whole.elements if "id" in each.attributes]
    assert len(ids) == len(set(ids))


def schemes() -> dict[str, dict[str, str]]:
    blocks = re.findall(r":root \{(.*?)\}", str(style().text), re.DOTALL)
    return {
        name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for name, block in zip(("light", "dark", "print"), blocks, strict=True)
    }


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
@pytest.mark.parametrize(
    "text, ground", [*TEXTS, ("ink", "card"), ("muted", "card"), ("accent", "waiting-soft")], ids="-on-".join
)
def test_text_stands_out_from_its_ground(text: str, ground: str, scheme: str) -> None:
    colours = schemes()[scheme]
    lighter, darker = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)

    assert (lighter + 0.05) / (darker + 0.05) >= 4.5  # WCAG 2.2, AA for text of any size
    assert set(re.findall(r"var\(--([\w-]+)\)", str(style().text))) <= colours.keys()


def test_one_class_gives_one_text_always() -> None:
    assert page(everything()) == page(EVERYTHING)
