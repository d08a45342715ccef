"""What of a stored grade stands, and what has to be run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.commands.planning import Plan
from grader.commands.standing import Standing, Terms, differs, rescored, stands
from grader.keys import Keys
from grader.records import (
    Assignment,
    Finding,
    Grade,
    Item,
    Outcome,
    Profile,
    Score,
    Status,
    Student,
    Submission,
)
from grader.rows import GradeRow, ItemRow

ITEMS = (
    Item("a", "7.2", "a", 4.0, "returns_close", "f"),
    Item("b", "7.2", "b", 2.0, "returns_close", "g", needs=("a",)),
    Item("c", "7.2", "c", 1.0, "returns_close", "h", needs=("b",)),
    Item("d", "7.2", "d", 1.0, "answered", "7.2"),
)
HOMEWORK = Assignment("hw", "Homework", Path("hw"), "small", ITEMS)
KEYS = Keys({id: f"asked {id}" for id in "abcd"}, {id: f"judged {id}" for id in "abcd"})
EVERY = tuple("abcd")
PASSED, FAILED = Outcome.PASSED, Outcome.FAILED


def terms(wanted: tuple[str, ...] = EVERY, *, asked: str = "", judged: str = "", **changes: Any) -> Terms:
    """What is asked now; of the items in `asked` and `judged` something else."""
    keys = Keys(
        {id: f"{text}{' else' * (id in asked)}" for id, text in KEYS.asked.items()},
        {id: f"{text}{' else' * (id in judged)}" for id, text in KEYS.judged.items()},
    )
    return Terms(HOMEWORK, keys, wanted, **changes)


def stored(**outcomes: Outcome) -> GradeRow:
    """A grade as it is stored; every item passed that nothing is said of."""
    rows = []
    for item in ITEMS:
        outcome = outcomes.get(item.id, PASSED)
        failed = [id for id in {"b": "a", "c": "ab"}.get(item.id, "") if outcomes.get(id, PASSED) is not PASSED]
        key = str(KEYS.key(item.id, "sha", failed))
        credit = float(outcome is PASSED)
        possible = item.points if outcome.decided else 0.0
        rows.append(ItemRow(item.id, item.section, item.title, item.target, item.check, outcome, credit,
                            item.points * credit, possible, "stored", key=key))  # fmt: skip
    return GradeRow("hw", "ada", "", "ada", "sha", Status.GRADED, "forked", "cpu", Profile.QUICK, "", 0.0, "", "",
                    KEYS.whole("sha"), "none", tuple(rows))  # fmt: skip


def rejudged(outcome: Outcome | None) -> Any:
    def rejudge(item: Item, findings: Mapping[str, Finding]) -> Finding | None:
        return None if outcome is None else Finding(outcome, float(outcome is PASSED), "anew")

    return rejudge


def test_a_grade_of_the_same_stands() -> None:
    standing = stands(stored(a=FAILED), "sha", terms())

    assert (standing.rejudge, standing.run) == ((), ())
    assert not differs(stored(a=FAILED), standing.scores.values())


@pytest.mark.parametrize(
    ("row", "sha256", "given", "run"),
    [
        pytest.param(None, "sha", terms(), "abcd", id="never-graded"),
        pytest.param(stored(), "other", terms(), "abcd", id="another-submission"),
        pytest.param(stored(), "sha", terms(asked="b"), "bc", id="with-what-needs-it"),
        pytest.param(stored(a=Outcome.BROKEN), "sha", terms(), "abc", id="broken"),
        pytest.param(stored(a=Outcome.BROKEN), "sha", terms(anew=()), "", id="broken-is-left"),
        pytest.param(stored(d=Outcome.WAITING), "sha", terms(), "", id="waiting"),
        pytest.param(stored(), "sha", terms(force=True), "abcd", id="forced"),
        pytest.param(stored(), "sha", terms(("b",), force=True), "b", id="one-forced"),
        pytest.param(stored(), "sha", terms(("d",), asked="abc"), "", id="others-are-left"),
        pytest.param(None, "sha", terms(("b",)), "ab", id="one-and-what-it-needs"),
        pytest.param(stored(), "sha", terms(("c",), asked="bc"), "bc", id="one-and-what-changed-of-its-needs"),
    ],
)
def test_only_what_has_to_be_is_run(row: GradeRow | None, sha256: str, given: Terms, run: str) -> None:
    assert stands(row, sha256, given).run == tuple(run)


def test_an_item_that_is_not_wanted_is_left_as_it_was() -> None:
    standing = stands(stored(), "other", terms(("d",)))

    assert standing.run == ("d",)
    assert [standing.scores[id].key for id in "abc"] == [item.key for item in stored().items[:3]]


def test_points_are_applied_to_what_was_found() -> None:
    items = tuple(replace(item, points=10 * item.points) for item in ITEMS)

    standing = stands(stored(a=FAILED), "sha", replace(terms(), assignment=replace(HOMEWORK, items=items)))

    assert (standing.rejudge, standing.run) == ((), ())
    assert [(score.earned, score.possible) for score in standing.scores.values()] == [
        (0, 40),
        (20, 20),
        (10, 10),
        (10, 10),
    ]
    assert differs(stored(a=FAILED), standing.scores.values())


def test_what_is_judged_otherwise_is_judged_anew_and_so_is_what_needs_it_where_it_matters() -> None:
    row = stored(a=FAILED)

    passes = stands(row, "sha", terms(judged="a"), rejudged(PASSED))
    fails = stands(row, "sha", terms(judged="a"), rejudged(FAILED))

    assert (passes.rejudge, fails.rejudge) == (("a", "b", "c"), ("a",))
    assert (passes.scores["a"].earned, fails.scores["a"].earned) == (4, 0)
    assert passes.scores["b"].finding.message == "anew"
    assert fails.scores["b"].finding.message == "stored"


def test_what_was_not_recorded_is_run_and_so_is_what_needs_it() -> None:
    assert stands(stored(), "sha", terms(judged="b"), rejudged(None)).run == ("b", "c")


def test_a_deleted_item_changes_the_grade_and_runs_nothing() -> None:
    less = Terms(replace(HOMEWORK, items=ITEMS[:3]), KEYS, EVERY[:3])

    standing = stands(stored(), "sha", less)

    assert standing.run == ()
    assert differs(stored(), standing.scores.values())


# ---- plans -----------------------------------------------------------------------------------------------------------


ADA = Submission(Student("ada"), "ada.ipynb", (), sha256="sha")


def test_a_plan_says_what_is_done_about_whom() -> None:
    found = [ADA, replace(ADA, student=Student("bo")), replace(ADA, student=Student("lone\udc80surrogate"))]
    rows = [stored(), replace(stored(), student_id="lone\\udc80surrogate")]

    plan = Plan.of(found, rows, terms())
    changed = Plan.of(found, rows, terms(judged="d"))

    assert ([each.student.id for each in plan.todo], plan.rescored, plan.unchanged) == (["bo"], [], 2)
    assert (changed.rejudged, changed.rescored, changed.unchanged) == ([found[0], found[2]], [found[0], found[2]], 0)


@pytest.mark.parametrize(
    ("key", "given", "todo"),
    [
        pytest.param(KEYS.whole("sha"), terms(), 0, id="same"),
        pytest.param(KEYS.whole("sha"), terms(judged="abcd"), 0, id="judged-otherwise"),
        pytest.param(KEYS.whole("sha"), terms(force=True), 1, id="forced"),
        pytest.param("", terms(), 1, id="not-final"),
        pytest.param(KEYS.whole("sha"), terms(asked="a"), 1, id="asked-otherwise"),
    ],
)
def test_a_submission_that_could_not_be_read_is_read_again_only_for_a_reason(key: str, given: Terms, todo: int) -> None:
    row = replace(stored(), items=(), problem="It is a PDF.", key=key)

    assert len(Plan.of([ADA], [row], given).todo) == todo


def ran(plan: Plan, *, final: bool) -> Grade:
    scores = (
        Score(ITEMS[1], Finding(FAILED, 0.0, "ran"), 0.0, 2.0),
        Score(ITEMS[2], Finding(PASSED, 1.0, "ran"), 1.0, 1.0),
    )
    given = Grade(ADA, scores, "forked", "cpu", Profile.QUICK, "", 0.0, "")
    return plan.completed(given, final=final)


def test_what_was_run_joins_what_stands_with_keys_that_the_next_run_knows() -> None:
    plan = Plan.of([ADA], [stored()], terms(asked="bc"))

    part = plan.parts()["ada"]
    grade = ran(plan, final=True)

    assert (part.items, set(part.known)) == (("b", "c"), {"a"})
    assert [(score.item.id, score.finding.message) for score in grade.scores] == [
        ("a", "stored"), ("b", "ran"), ("c", "ran"), ("d", "stored")]  # fmt: skip
    assert grade.scores[2].key == str(terms(asked="bc").keys.key("c", "sha", ["b"]))


def test_a_score_that_may_change_alone_has_no_key() -> None:
    grade = ran(Plan.of([ADA], [stored()], terms(asked="bc")), final=False)

    assert [bool(score.key) for score in grade.scores] == [True, False, False, True]


def test_nothing_stands_in_an_empty_plan() -> None:
    assert Plan.of([], [], terms()).todo == []
    assert stands(None, "sha", terms(())) == Standing({}, (), ())


def test_a_rescored_grade_is_of_what_lies_there_now_and_took_no_time() -> None:
    renamed = Submission(Student("ada", "Ada Moon"), "ada (1).ipynb", (), sha256="sha")
    row = stored()

    assert rescored(row, (), renamed).submission is renamed
    assert rescored(row, ()).submission == Submission(Student("ada"), row.submission, (), sha256="sha")
    assert rescored(row, ()).seconds == 0
