"""What people decide: kept as rows, applied to everything that is made of grades, overwritten by no regrade."""

from __future__ import annotations

import csv
import io
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader import decisions, keys, rubric
from grader.commands import grade
from grader.commands.bookkeeping import Bookkeeper
from grader.commands.pages import Pages
from grader.commands.planning import Plan
from grader.commands.report import Options as ReportOptions
from grader.commands.report import report
from grader.commands.rescore import Options as RescoreOptions
from grader.commands.rescore import rescore
from grader.commands.standing import Terms, differs, stands
from grader.commands.stored import Facts, staleness
from grader.commands.watch import Watch
from grader.deciding import Overtaken
from grader.decisions import Beneath, Decision, Footing, Kind, footing
from grader.errors import GradebookError
from grader.gradebook import Gradebook
from grader.keys import Conditions, Keys
from grader.records import Grade, Outcome, Profile, Status, Student, Submission
from grader.rows import GradeRow
from tests.exports.classes import CHULSOO, MINA, YOUNGHEE, Class, graded, write_rubric
from tests.reports.pages import item as item_row

ADA = CHULSOO.student_id


@pytest.fixture
def given(tmp_path: Path) -> Class:
    return graded(tmp_path, [(CHULSOO, (3, None)), (YOUNGHEE, (-1, None)), (MINA, (6, 0))], roster=[CHULSOO])


def decide(given: Class, item: str, kind: Kind = Kind.POINTS, *, student: str = ADA, **told: Any) -> int:
    with Gradebook.beside(given.out / "gradebook.db") as book:
        row = next(row for row in book.current("hw2") if row.student_id == student)
        below = Beneath.of(row, next(each for each in row.items if each.item == item))
        if kind is Kind.POINTS:
            told = {"beneath": below} | told
        return book.decide(Decision("hw2", student, item, kind, "lee", **told))


def row_of(given: Class, student: str = ADA) -> GradeRow:
    with Gradebook.open(given.out / "gradebook.db", writing=False) as book:
        return next(row for row in book.current("hw2") if row.student_id == student)


def earned(given: Class, student: str = ADA) -> list[tuple[Outcome, float, float]]:
    return [(each.outcome, each.earned, each.possible) for each in row_of(given, student).items]


# ---- applied ---------------------------------------------------------------------------------------------------------


def test_a_marked_answer_is_decided_and_the_grade_no_longer_provisional(given: Class) -> None:
    assert row_of(given).status is Status.PROVISIONAL

    decide(given, "written", points=3.0, possible=4.0)

    assert earned(given) == [(Outcome.PARTIAL, 3.0, 6.0), (Outcome.PARTIAL, 3.0, 4.0)]
    assert row_of(given).status is Status.GRADED
    assert row_of(given).checked.status is Status.PROVISIONAL


def test_a_broken_item_that_a_person_decides_needs_no_staff_any_more(given: Class) -> None:
    decide(given, "corr2d", student=YOUNGHEE.student_id, points=6.0, possible=6.0, why="by hand")
    assert row_of(given, YOUNGHEE.student_id).status is Status.PROVISIONAL

    decide(given, "written", student=YOUNGHEE.student_id, points=0.0, possible=4.0)

    assert earned(given, YOUNGHEE.student_id) == [(Outcome.PASSED, 6.0, 6.0), (Outcome.FAILED, 0.0, 4.0)]
    assert row_of(given, YOUNGHEE.student_id).status is Status.GRADED


def test_the_newest_mark_counts_and_undoing_it_brings_the_former_back(given: Class) -> None:
    decide(given, "corr2d", points=4.0, possible=6.0, why="nearly")
    second = decide(given, "corr2d", points=6.0, possible=6.0, why="right after all")
    assert earned(given)[0] == (Outcome.PASSED, 6.0, 6.0)

    undo = decide(given, "corr2d", Kind.UNDO, about=second)
    assert earned(given)[0] == (Outcome.PARTIAL, 4.0, 6.0)

    decide(given, "corr2d", Kind.UNDO, about=undo)
    assert earned(given)[0] == (Outcome.PASSED, 6.0, 6.0)


def test_tables_pages_and_exports_show_grades_as_people_decided(given: Class) -> None:
    decide(given, "written", points=3.5, possible=4.0)
    decide(given, "written", Kind.COMMENT, text="Say why <b>locality</b> helps.")

    report(ReportOptions(given.out, given.folder))
    rows = list(csv.DictReader(io.StringIO(given.exported("csv", provisional=True).decode("utf-8-sig"))))
    page = (given.out / f"feedback/{ADA}.html").read_text("utf-8")

    assert next(row for row in rows if row["student_id"] == ADA)["written"] == "3.5"
    assert "Say why &lt;b&gt;locality&lt;/b&gt; helps." in page
    assert "Not final yet" not in page


def test_a_comment_alone_changes_no_mark(given: Class) -> None:
    before = earned(given)

    decide(given, "written", Kind.COMMENT, text="Read section 7.1 again.")

    assert earned(given) == before
    assert row_of(given).items[1].evidence["comments"] == ["Read section 7.1 again."]


def test_an_emptied_comment_is_none(given: Class) -> None:
    decide(given, "written", Kind.COMMENT, text="Good.")
    decide(given, "written", Kind.COMMENT, text=" ")

    assert "comments" not in row_of(given).items[1].evidence


# ---- what is graded again ----------------------------------------------------------------------------------------------


def test_a_rescore_changes_what_is_beneath_and_leaves_the_mark_with_the_person(given: Class) -> None:
    decide(given, "corr2d", points=6.0, possible=6.0, why="right by another road")
    text = (given.folder / "rubric.yaml").read_text().replace("points: 6", "points: 12")
    (given.folder / "rubric.yaml").write_text(text)

    rescore(RescoreOptions(given.out, given.folder))

    row = row_of(given)
    assert (row.items[0].earned, row.items[0].possible) == (12.0, 12.0)
    assert (row.checked.items[0].earned, row.checked.items[0].possible) == (6.0, 12.0)
    with Gradebook.open(given.out / "gradebook.db", writing=False) as book:
        (mark,) = book.decisions("hw2", ADA)
        assert [grade.items[0].earned for grade in book.history("hw2", ADA)] == [6.0, 3.0]
    assert footing(row, row.items[0], mark) is Footing.MOVED


def test_what_a_person_decided_is_never_taken_for_what_a_check_found(given: Class) -> None:
    before = row_of(given)
    decide(given, "corr2d", points=6.0, possible=6.0, why="by hand")
    decide(given, "written", points=4.0, possible=4.0)
    assignment = rubric.load(given.folder, rubric.unproven).assignments["hw2"]
    with Gradebook.open(given.out / "gradebook.db", writing=False) as book:
        known = keys.of(given.folder, assignment, Conditions(book.secret, Profile.QUICK, "cpu", sandboxed=True))
    terms = Terms(assignment, known, ["corr2d", "written"])

    standing = stands(row_of(given), before.sha256, terms)

    assert {id: score.finding.outcome for id, score in standing.scores.items()} == {
        "corr2d": Outcome.PARTIAL,
        "written": Outcome.WAITING,
    }
    assert not differs(row_of(given), standing.scores.values())


def test_a_mark_out_of_points_that_the_rubric_no_longer_gives_is_told(given: Class) -> None:
    decide(given, "written", points=4.0, possible=4.0)
    with Gradebook.open(given.out / "gradebook.db", writing=False) as book:
        course = rubric.load(given.folder, rubric.unproven)
        assert ADA not in staleness(course, course.assignments["hw2"], book.current("hw2"), book.secret)
        write_rubric(given.folder)
        text = (given.folder / "rubric.yaml").read_text().replace("points: 4", "points: 5")
        (given.folder / "rubric.yaml").write_text(text)
        course = rubric.load(given.folder, rubric.unproven)
        told = staleness(course, course.assignments["hw2"], book.current("hw2"), book.secret)

    assert told[ADA].startswith("marked out of other points")


def test_an_answer_that_is_worth_nothing_can_be_marked_all_the_same() -> None:
    row = answer("Locality.", "one")
    mark = Decision("hw2", "ada", "written", Kind.POINTS, "lee", points=0.0, possible=0.0, id=1)

    found = decisions.decided(row, [mark])

    assert (found.items[0].outcome, found.earned, found.percent) == (Outcome.PASSED, 0, None)
    assert found.status is Status.GRADED


@pytest.mark.parametrize(
    ("isolation", "stale"),
    [("forked", False), ("forked limits=weak", False), ("none", True), ("none limits=weak", True)],
)
def test_a_grade_is_held_against_a_run_like_its_own(given: Class, isolation: str, stale: bool) -> None:
    course = rubric.load(given.folder, rubric.unproven)
    with Gradebook.open(given.out / "gradebook.db", writing=False) as book:
        rows = [replace(row, isolation=isolation) for row in book.current("hw2")]  # whose keys are of a sandbox
        found = staleness(course, course.assignments["hw2"], rows, book.secret)

    assert (ADA in found) is stale


def answer(text: str, sha256: str) -> GradeRow:
    columns = {"assignment": "hw2", "student_id": "ada", "student_name": "", "submission": "", "sha256": sha256}
    columns |= {"status": "provisional", "isolation": "", "device": "cpu", "profile": "quick", "started": ""}
    told = {"seconds": 1.0, "grader_version": "", "problem": "", "key": "", "observations": "none", "id": 1}
    written = item_row("written", Outcome.WAITING, check="answered", evidence={"text": text})
    from grader.rows import grade_row

    return grade_row(columns | told, (written,))


@pytest.mark.parametrize(
    ("text", "sha256", "outcome"),
    [
        ("Locality.", "one", Outcome.PASSED),
        ("Locality.", "two", Outcome.PASSED),  # another submission with the same answer
        ("Invariance.", "two", Outcome.WAITING),
    ],
)
def test_a_mark_is_of_an_answer_and_ends_with_it(text: str, sha256: str, outcome: Outcome) -> None:
    first = answer("Locality.", "one")
    below = Beneath.of(first, first.items[0])
    mark = Decision("hw2", "ada", "written", Kind.POINTS, "lee", points=2.0, possible=2.0, beneath=below, id=1)

    row = decisions.decided(answer(text, sha256), [mark])

    assert row.items[0].outcome is outcome


# ---- kept --------------------------------------------------------------------------------------------------------------


def test_a_decision_comes_back_as_it_was_made_with_its_time(given: Class) -> None:
    below = Beneath(Outcome.PARTIAL, 3.0, 6.0, "c0ffee", "")
    made = Decision("hw2", ADA, "corr2d", Kind.POINTS, "lee", 5.0, 6.0, "text", "why", None, below)

    with Gradebook.beside(given.out / "gradebook.db") as book:
        number = book.decide(made)
        (found,) = book.decisions("hw2", ADA)

    assert replace(found, at="", id=0) == made
    assert found.id == number and found.at.endswith("+00:00")


@pytest.mark.parametrize("change", ["UPDATE decisions SET points = 6", "DELETE FROM decisions"])
def test_a_decision_is_history(given: Class, change: str) -> None:
    decide(given, "corr2d", points=4.0, possible=6.0)
    connection = sqlite3.connect(given.out / "gradebook.db")

    with pytest.raises(sqlite3.IntegrityError, match="decisions are history"):
        connection.execute(change)
    connection.close()


def test_decisions_are_made_beside_a_grader_that_writes(given: Class) -> None:
    with Gradebook.open(given.out / "gradebook.db") as writer:
        decide(given, "written", points=4.0, possible=4.0)
        writer.started("hw2", ADA, "k")

        assert [each.points for each in writer.decisions("hw2")] == [4.0]


def test_of_two_at_once_the_second_learns_of_the_first_and_nothing_is_lost(given: Class) -> None:
    first = Decision("hw2", ADA, "written", Kind.POINTS, "lee", points=4.0, possible=4.0)
    with Gradebook.beside(given.out / "gradebook.db") as one, Gradebook.beside(given.out / "gradebook.db") as other:
        number = one.decide(first, seen=0)
        with pytest.raises(Overtaken):
            other.decide(replace(first, who="kim", points=2.0), seen=0)
        other.decide(replace(first, who="kim", item="corr2d", points=2.0), seen=0)  # another item is another matter
        other.decide(replace(first, who="kim", points=2.0), seen=number)

        assert [(each.who, each.item) for each in one.decisions("hw2")] == [
            ("lee", "written"),
            ("kim", "corr2d"),
            ("kim", "written"),
        ]


def test_who_only_reads_decides_nothing(given: Class) -> None:
    with Gradebook.open(given.out / "gradebook.db", writing=False) as book:
        with pytest.raises(GradebookError, match="cannot be written"):
            book.decide(Decision("hw2", ADA, "written", Kind.POINTS, "lee", points=4.0, possible=4.0))


# ---- requests and wishes -------------------------------------------------------------------------------------------------


def test_a_request_is_open_until_it_is_answered(given: Class) -> None:
    request = decide(given, "corr2d", Kind.REQUEST, text="My padding is right.")
    with Gradebook.beside(given.out / "gradebook.db") as book:
        assert [each.id for each in decisions.left_open(book.decisions("hw2"), Kind.REQUEST)] == [request]

    decide(given, "corr2d", Kind.ANSWER, text="It is; the mark is mended.", about=request)

    with Gradebook.beside(given.out / "gradebook.db") as book:
        assert decisions.left_open(book.decisions("hw2"), Kind.REQUEST) == []


def test_a_wish_to_grade_again_lasts_until_a_grader_has_done_so(given: Class) -> None:
    wish = decide(given, "corr2d", Kind.REGRADE)
    with Gradebook.beside(given.out / "gradebook.db") as book:
        assert decisions.wishes(book.decisions("hw2")) == {ADA: {"corr2d"}}

    decide(given, "corr2d", Kind.RAN, about=wish)

    with Gradebook.beside(given.out / "gradebook.db") as book:
        assert decisions.wishes(book.decisions("hw2")) == {}


@pytest.mark.parametrize(
    ("wish", "wanted", "left"),
    [
        ("corr2d", ("corr2d",), []),
        ("corr2d", ("written",), ["corr2d"]),
        ("", ("corr2d", "written"), []),
        ("", ("corr2d",), [""]),  # a part is not the whole that somebody asked for
    ],
)
def test_a_wish_is_fulfilled_by_a_run_of_all_that_it_is_about(
    given: Class, wish: str, wanted: tuple[str, ...], left: list[str]
) -> None:
    assignment = rubric.load(given.folder, rubric.unproven).assignments["hw2"]
    with Gradebook.open(given.out / "gradebook.db") as book:
        book.decide(Decision("hw2", ADA, wish, Kind.REGRADE, "lee"))
        plan = Plan.of([], book.current("hw2"), Terms(assignment, Keys(), wanted, wishes={ADA: {wish}}))
        pages = Pages(given.out, Facts(assignment, {}, {}, {}))
        ran = Grade(Submission(Student(ADA), "", ()), (), "forked", "cpu", Profile.QUICK, "", 1.0, "0.1")

        Bookkeeper(plan, book, pages, Watch(*[lambda *_: None] * 3))._fulfil(ran)

        assert [each.item for each in decisions.left_open(book.decisions("hw2"), Kind.REGRADE)] == left


def test_decisions_about_an_item_that_was_renamed_are_told(given: Class) -> None:
    decide(given, "written", points=4.0, possible=4.0)
    decide(given, "written", Kind.COMMENT, text="Well said.")
    undone = decide(given, "corr2d", points=1.0, possible=6.0, why="by hand")
    decide(given, "corr2d", Kind.UNDO, about=undone)
    assignment = rubric.load(given.folder, rubric.unproven).assignments["hw2"]
    renamed = replace(assignment, items=(replace(assignment.items[1], id="written-1"),))

    with Gradebook.open(given.out / "gradebook.db", writing=False) as book:
        assert list(grade._forsaken(assignment, book)) == []
        (told,) = grade._forsaken(renamed, book)

    assert told == (
        "2 marks and comments of people for written count for nothing: the rubric has no such item;"
        " did you mean 'written-1'?"
    )


def test_a_page_that_is_completed_later_shows_what_was_decided(given: Class) -> None:
    decide(given, "written", points=4.0, possible=4.0)
    with Gradebook.open(given.out / "gradebook.db", writing=False) as book:
        course = rubric.load(given.folder, rubric.unproven)
        Pages(given.out, Facts.of(course, course.assignments["hw2"], book)).complete(book.current("hw2"))

    assert "Not final yet" not in (given.out / f"feedback/{ADA}.html").read_text("utf-8")


def page_of(given: Class) -> str:
    return (given.out / f"feedback/{ADA}.html").read_text("utf-8")


def test_a_page_is_written_anew_where_the_mark_is_another_one_and_only_there(given: Class) -> None:
    rescore(RescoreOptions(given.out, given.folder))
    first = given.out / f"feedback/{ADA}.html"
    printed = first.with_suffix(".pdf")
    printed.write_text("as it was printed")
    written = first.stat().st_ino

    rescore(RescoreOptions(given.out, given.folder))
    assert (first.stat().st_ino, printed.exists()) == (written, True)

    write_rubric(given.folder, give=["written"])
    rescore(RescoreOptions(given.out, given.folder))
    assert "Your mark by the rules of the course: 7 of 10" in page_of(given)
    assert not printed.exists()


def test_a_page_of_who_was_killed_before_it_was_written_is_not_believed(given: Class) -> None:
    rescore(RescoreOptions(given.out, given.folder))
    assert "Not final yet" in page_of(given)

    decide(given, "written", points=4.0, possible=4.0)
    rescore(RescoreOptions(given.out, given.folder))
    assert "Not final yet" not in page_of(given)

    decide(given, "written", Kind.COMMENT, text="Well said.")
    rescore(RescoreOptions(given.out, given.folder))
    assert "Well said." in page_of(given)
