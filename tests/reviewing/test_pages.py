"""Marking, overruling, undoing, requests and broken items on the pages, and what the gradebook holds afterwards."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from grader import decisions
from grader.decisions import Kind
from grader.records import Outcome, Status
from tests.reviewing.rooms import Visitor, build, decided, grade, rows, student_id


@pytest.fixture
def visitor(tmp_path: Path) -> Visitor:
    return Visitor(build(tmp_path / "course"))


# ---- written answers -----------------------------------------------------------------------------------------------------


def test_the_queue_goes_through_every_answer_and_names_nobody(visitor: Visitor) -> None:
    seen = set()
    for _ in range(3):
        alias = visitor.first()
        page = visitor.text(f"/item/written/{alias}")
        shown, _, hidden = page.partition("Who wrote this?")
        student = visitor.whose(alias)
        assert student not in shown and student in hidden
        seen.add(student)
        visitor.done("/save", alias=alias, item="written", seen="0", points="2")

    assert seen == {"s00", "s01", "s02"}
    assert "3 of 3 marked" in visitor.text(f"/item/written/{visitor.first()}")


def test_a_mark_and_a_comment_are_kept_and_offered_again(visitor: Visitor) -> None:
    alias = visitor.first()
    whose = visitor.whose(alias)

    visitor.done("/save", alias=alias, item="written", seen=0, points="3,5", comment="Say why.")

    row = rows(visitor.folder)[whose]
    assert (row.items[1].outcome, row.items[1].earned, row.items[1].possible) == (Outcome.PARTIAL, 3.5, 4.0)
    assert row.items[1].evidence["comments"] == ["Say why."]
    assert row.status is Status.GRADED
    assert 'data-comment="Say why."' in visitor.text(f"/item/written/{visitor.first()}")
    assert {each.who for each in decided(visitor.folder)} == {"lee"}


def test_saving_the_same_again_adds_no_row(visitor: Visitor) -> None:
    alias = visitor.first()
    newest = visitor.done("/save", alias=alias, item="written", seen=0, points="4", comment="Good.")["newest"]

    visitor.done("/save", alias=alias, item="written", seen=newest, points="4", comment="Good.")

    assert len(decided(visitor.folder)) == 2


@pytest.mark.parametrize("points", ["5", "-1", "nan", "inf", "four", "1e9"])
def test_points_that_are_none_are_refused_with_a_sentence(visitor: Visitor, points: str) -> None:
    answer = visitor.post("/save", alias=visitor.first(), item="written", seen=0, points=points)

    assert answer.status_code == 400
    assert answer.json == {"error": f"points are a number from 0 to 4, not {points!r}"}
    assert decided(visitor.folder) == []


def test_of_two_teachers_at_once_the_second_sees_both_and_nothing_is_lost(visitor: Visitor) -> None:
    other = Visitor(visitor.folder, who="kim")
    alias = visitor.first()
    visitor.done("/save", alias=alias, item="written", seen=0, points="4", comment="Good.")

    answer = other.post("/save", alias=alias, item="written", seen=0, points="1", comment="Too short.")

    assert answer.status_code == 409
    theirs = dict(answer.json or {})
    assert (theirs["who"], theirs["points"], theirs["comment"]) == ("lee", "4", "Good.")
    assert [each.who for each in decided(visitor.folder)] == ["lee", "lee"]
    other.done("/save", alias=alias, item="written", seen=theirs["newest"], points="1", comment="Too short.")
    assert [each.points for each in decided(visitor.folder)] == [4.0, None, 1.0, None]
    assert 'value="1"' in visitor.text(f"/item/written/{alias}")


def test_two_teachers_on_different_answers_do_not_meet(visitor: Visitor) -> None:
    other = Visitor(visitor.folder, who="kim")
    visitor.done("/save", alias=visitor.first(), item="written", seen=0, points="4")

    other.done("/save", alias=other.first(), item="written", seen=0, points="3")

    assert len({each.student_id for each in decided(visitor.folder)}) == 2


def test_another_answer_waits_again_with_the_former_mark_beside_it(visitor: Visitor) -> None:
    alias = visitor.first()
    number = int(visitor.whose(alias)[1:])
    visitor.done("/save", alias=alias, item="written", seen=0, points="4")

    grade(visitor.folder, number, "Something else.", sha256="another")

    assert "handed in another answer since" in visitor.text(f"/item/written/{alias}")
    assert rows(visitor.folder)[student_id(number)].items[1].outcome is Outcome.WAITING


def test_an_answer_of_a_course_that_is_graded_meanwhile_appears(visitor: Visitor) -> None:
    assert "of 3" in visitor.text(f"/item/written/{visitor.first()}")

    grade(visitor.folder, 7, "Late, but here.")

    assert "of 4" in visitor.text(f"/item/written/{visitor.first()}")
    assert "s07" in visitor.text("/students")


def test_what_a_good_answer_says_stands_beside_the_answer(tmp_path: Path) -> None:
    folder = build(tmp_path / "noted")
    text = (folder / "rubric.yaml").read_text()
    note = "check: answered\n      options: {looks_for: 'Locality, <b>invariance</b>.'}\n"
    (folder / "rubric.yaml").write_text(text.replace("check: answered\n", note))
    visitor = Visitor(folder)

    assert "Locality, &lt;b&gt;invariance&lt;/b&gt;." in visitor.text(f"/item/written/{visitor.first()}")


# ---- overruling and undoing ------------------------------------------------------------------------------------------------


def test_an_automatic_mark_is_overruled_with_a_reason_only(visitor: Visitor) -> None:
    sent: dict[str, Any] = {"student": "s01", "item": "corr2d", "seen": 0, "points": "6"}

    refused = visitor.post("/save", **sent)
    assert (refused.status_code, decided(visitor.folder)) == (400, [])
    visitor.done("/save", **sent, why="Right by another road.")

    assert rows(visitor.folder)["s01"].items[0].earned == 6.0
    (made,) = decided(visitor.folder)
    assert made.why == "Right by another road." and made.beneath and made.beneath.earned == 3.0
    assert "The check says 3 of 6. 3 of 4 cases are wrong." in visitor.text("/student/s01")


def test_a_mark_below_which_the_check_changed_its_mind_stands_and_is_shown_until_confirmed(visitor: Visitor) -> None:
    visitor.done("/save", student="s01", item="corr2d", seen=0, points="5", why="Nearly.")
    grade(visitor.folder, 1, "Locality: $x^2$, of 1.", code=6.0)

    assert rows(visitor.folder)["s01"].items[0].earned == 5.0
    assert "Look again" in visitor.text("/")
    assert "The automatic mark below has changed since" in visitor.text("/student/s01")

    visitor.done("/confirm", student="s01", item="corr2d")

    assert rows(visitor.folder)["s01"].items[0].earned == 5.0
    assert "Look again" not in visitor.text("/")


def test_undoing_is_another_row(visitor: Visitor) -> None:
    visitor.done("/save", student="s01", item="corr2d", seen=0, points="6", why="Right.")
    (mark,) = decided(visitor.folder)

    visitor.done("/undo", student="s01", about=mark.id)

    assert rows(visitor.folder)["s01"].items[0].earned == 3.0
    assert [each.kind for each in decided(visitor.folder)] == [Kind.POINTS, Kind.UNDO]
    assert visitor.post("/undo", student="s01", about=mark.id).status_code == 400


def test_nobody_undoes_what_was_decided_about_somebody_else(visitor: Visitor) -> None:
    visitor.done("/save", student="s01", item="corr2d", seen=0, points="6", why="Right.")
    (mark,) = decided(visitor.folder)

    assert visitor.post("/undo", student="s02", about=mark.id).status_code == 400
    assert len(decided(visitor.folder)) == 1


# ---- requests and broken items ---------------------------------------------------------------------------------------------


def test_a_request_is_recorded_answered_and_closed(visitor: Visitor) -> None:
    visitor.done("/request", student="s02", item="corr2d", text="<b>My</b> padding is right.")
    page = visitor.text("/requests")
    assert "&lt;b&gt;My&lt;/b&gt; padding is right." in page and "3 of 6" in page
    assert "1 open request of students" in visitor.text("/")
    (request,) = decided(visitor.folder)

    visitor.done("/answer", student="s02", about=request.id, text="It is; mended.")

    assert "None is open" in visitor.text("/requests")
    assert "answered the request about corr2d: It is; mended." in visitor.text("/student/s02")
    assert visitor.post("/answer", student="s02", about=request.id, text="Again.").status_code == 400


def test_who_answers_a_request_sees_what_the_student_was_told_and_the_code_that_was_judged(visitor: Visitor) -> None:
    grade(visitor.folder, 1, "x", source="def corr2d(X, K):\n\treturn '<b>\x1b[2J'\n")
    visitor.done("/request", student=student_id(1), item="corr2d", text="Why is this wrong?")

    page = visitor.text("/requests")

    assert "3 of 4 cases are wrong." in page and "The code: cell 2 of 1.ipynb" in page
    assert "def corr2d(X, K):\n    return &#39;&lt;b&gt;\\x1b[2J&#39;" in page
    assert "import torch" not in page


def test_a_students_page_shows_the_judged_cell_and_all_others(visitor: Visitor) -> None:
    grade(visitor.folder, 1, "x", source="def corr2d(X, K): ...")
    closed = visitor.text(f"/student/{student_id(1)}")
    visitor.done("/request", student=student_id(1), item="corr2d", text="Why is this wrong?")

    page = visitor.text(f"/student/{student_id(1)}")

    assert page.count("def corr2d(X, K): ...") == 2 and "All 2 code cells" in page and "import torch" in page
    assert '<details class="code" open>' in page and '<details class="code" open>' not in closed
    assert "code cells" not in visitor.text(f"/student/{student_id(2)}")  # graded before code was kept


def test_who_reads_written_answers_is_shown_no_code(tmp_path: Path) -> None:
    visitor = Visitor(build(tmp_path / "alone", 1))
    grade(visitor.folder, 0, "x", source="# by me, Ada Moon")

    assert "Ada Moon" not in visitor.text(f"/item/written/{visitor.first()}")
    assert "Ada Moon" in visitor.text(f"/student/{student_id(0)}")


def test_an_empty_request_and_one_about_nothing_are_refused(visitor: Visitor) -> None:
    assert visitor.post("/request", student="s02", item="corr2d", text=" ").status_code == 400
    assert visitor.post("/request", student="s02", item="conv", text="Why?").status_code == 400
    assert visitor.post("/request", student="nobody", item="corr2d", text="Why?").status_code == 404


def test_a_broken_item_shows_its_evidence_and_is_asked_to_be_graded_again_once(visitor: Visitor) -> None:
    grade(visitor.folder, 1, "Locality.", code=None)
    page = visitor.text("/broken")
    assert "The data set is missing." in page and "DataMissing" in page

    visitor.done("/regrade", student="s01", item="corr2d")

    assert decisions.wishes(decided(visitor.folder)) == {"s01": {"corr2d"}}
    assert "to be graded again" in visitor.text("/broken")
    assert visitor.post("/regrade", student="s01", item="corr2d").status_code == 400


def test_a_broken_item_is_decided_by_hand_without_a_reason(visitor: Visitor) -> None:
    grade(visitor.folder, 1, "Locality.", code=None)

    visitor.done("/save", student="s01", item="corr2d", seen=0, points="6")

    assert rows(visitor.folder)["s01"].status is Status.PROVISIONAL
    assert "Nothing is broken" in visitor.text("/broken")


# ---- what is made of grades ------------------------------------------------------------------------------------------------


def test_the_tables_and_pages_that_have_changed_are_written_at_the_end(visitor: Visitor) -> None:
    out = visitor.folder / "results"
    (out / "feedback").mkdir()
    for number in range(3):
        (out / f"feedback/{student_id(number)}.html").write_text("of before")

    visitor.done("/save", student="s01", item="written", seen=0, points="3", comment="Say why.")
    assert not (out / "feedback/s01.html").exists()  # a stale page is worse than none
    visitor.review.finish()

    with (out / "grades.csv").open(encoding="utf-8-sig") as file:
        marks = {row["student_id"]: row["written"] for row in csv.DictReader(file)}
    assert marks == {"s00": "", "s01": "3", "s02": ""}
    assert "Say why." in (out / "feedback/s01.html").read_text("utf-8")
    assert (out / "feedback/s02.html").read_text() == "of before"


def test_where_nothing_was_decided_nothing_is_written(visitor: Visitor) -> None:
    visitor.text("/")
    visitor.review.finish()

    assert not (visitor.folder / "results/grades.csv").exists()


@pytest.mark.parametrize("path", ["/item/conv", "/item/written/gone", "/student/nobody", "/item/corr2d/gone", "/x"])
def test_what_is_not_there_is_not_found(visitor: Visitor, path: str) -> None:
    assert visitor.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/save", "/undo", "/answer", "/confirm", "/request", "/regrade"])
def test_what_cannot_be_read_is_refused(visitor: Visitor, path: str) -> None:
    for sent in ({}, {"student": 7}, {"student": "s01", "item": ["x"]}, {"student": "s01", "item": "corr2d"}):
        answer = visitor.post(path, **sent)
        assert answer.status_code in (400, 404) or path == "/regrade", (path, sent, answer.text)
