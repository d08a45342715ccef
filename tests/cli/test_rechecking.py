"""What a student sees while a notebook is checked again on each save, and the exit code in the end."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from grader.checks import asking
from grader.cli import checked, rechecking
from grader.commands.saves import Back, Damaged, Event, Gone, Saved
from grader.probes import Missing, Raised
from grader.records import Finding, Grade, Item, Outcome, Profile, Score, SourceFile, Student, Submission

HW = Path("hw.ipynb")
P, F, W = Outcome.PASSED, Outcome.FAILED, Outcome.WAITING


def submission(number: int = 0) -> Submission:
    return Submission(Student("hw"), "hw.ipynb", (SourceFile("hw.ipynb", b"%d" % number),))


def graded(*outcomes: Outcome, problem: str = "") -> Grade:
    scores = []
    for outcome, letter in zip(outcomes, "abc", strict=False):
        item = Item(letter, "7.2", f"about {letter}", 1, "returns_close", letter)
        scores.append(Score(item, Finding(outcome, 0.0, f"{letter} is {outcome}."), 0.0, 1.0))
    return Grade(submission(), tuple(scores), "none", "cpu", Profile.QUICK, "", 1.0, "0", problem)


def shown(
    grades: Sequence[Grade], events: Sequence[Event] | None = None, *, whole: bool = False, amid: bool = False
) -> tuple[int, list[str]]:
    """The exit code and the text under each line with the time; Ctrl-C comes after the events, or `amid` a last run."""
    left = list(grades)
    written = io.StringIO()

    def told() -> Iterator[Event]:
        yield from [Saved(submission(number)) for number in range(len(grades))] if events is None else events
        if amid:
            yield Saved(submission())
        raise KeyboardInterrupt

    def check(_: Submission) -> Grade:
        if not left:
            raise KeyboardInterrupt
        return left.pop(0)

    code = rechecking.show(told(), check, HW.name, Console(file=written, width=60, highlight=False), whole=whole)
    assert not left
    return code, re.split(r"─+ \d\d:\d\d:\d\d  hw\.ipynb ─+\n", written.getvalue())[1:]


def test_the_first_run_prints_what_check_prints() -> None:
    code, (first,) = shown([graded(P, F)])

    assert code == 1
    assert first.splitlines()[:4] == [
        "ok     7.2  about a",
        "no     7.2  about b",
        "       b is failed.",
        "Local check, unofficial: 1 of 2 passed. Hidden cases run after you hand in.",
    ]


def test_later_runs_tell_what_changed_and_what_does_not_pass() -> None:
    code, (_, second) = shown([graded(P, F, F), graded(F, P, P)])

    assert code == 1
    assert second.splitlines()[:6] == [
        "passes now:       7.2  about b",
        "passes now:       7.2  about c",
        "passes no longer: 7.2  about a",
        "no     7.2  about a",
        "       a is failed.",
        "Local check, unofficial: 2 of 3 passed (1 before). Hidden cases run after you hand in.",
    ]


def test_a_run_that_changes_nothing_says_so() -> None:
    _, (_, second) = shown([graded(P, F), graded(P, F)])

    assert second.startswith("The same items pass as before.\nno     7.2  about b\n")
    assert "1 of 2 passed (1 before)" in second


def test_items_that_were_asked_for_are_printed_each_time() -> None:
    _, (_, second) = shown([graded(F), graded(P)], whole=True)

    assert "ok     7.2  about a" in second


def test_what_a_person_judges_is_printed_and_counts_nowhere() -> None:
    code, (_, second) = shown([graded(F, W), graded(P, W)])

    assert code == 0
    assert "later  7.2  about b" in second
    assert "1 of 1 passed (0 before)" in second


@pytest.mark.parametrize(("outcomes", "code"), [((F, P), 0), ((P, F), 1)])
def test_the_exit_code_is_that_of_the_last_run(outcomes: tuple[Outcome, Outcome], code: int) -> None:
    assert shown([graded(each) for each in outcomes])[0] == code
    assert shown([graded(each) for each in outcomes], amid=True)[0] == code


def test_ctrl_c_before_any_run_was_over_is_a_stop() -> None:
    with pytest.raises(KeyboardInterrupt):
        shown([], amid=True)


def test_a_notebook_that_cannot_be_run_is_compared_with_nothing() -> None:
    code, (_, second, third) = shown([graded(P, F), graded(problem="It has too many cells."), graded(P, P)])

    assert code == 0
    assert second.startswith("It has too many cells.\n")
    assert "passes now:       7.2  about b" in third and "(1 before)" in third


def test_the_last_run_failed_where_the_notebook_cannot_be_run() -> None:
    assert shown([graded(P), graded(problem="It has too many cells.")])[0] == 1


def test_what_becomes_of_the_file_is_one_line_each() -> None:
    events: list[Event] = [Saved(submission()), Damaged("hw.ipynb is \x1b[31mred."), Gone(), Back()]

    _, (first,) = shown([graded(P)], events)

    lines = [re.sub(r"^\d\d:\d\d:\d\d", "TIME", line) for line in first.splitlines() if line]
    assert lines[-3:] == [
        "TIME  hw.ipynb is \\x1b[31mred. It is checked once it can be read again.",
        "TIME  hw.ipynb is gone. It is checked once it is back.",
        "TIME  hw.ipynb is back and says what it said before.",
    ]


def judged(*messages: str) -> Grade:
    scores = []
    for number, message in enumerate(messages):
        item = Item(f"item-{number}", "7.2", f"about f{number}", 1, "returns_close", f"f{number}")
        hint = "Follows from item-0." if number else ""
        scores.append(Score(item, Finding(F, 0.0, message, hint), 0.0, 1.0))
    return Grade(submission(), tuple(scores), "none", "cpu", Profile.QUICK, "", 1.0, "0")


def printed(grade: Grade, *, named: bool = False) -> list[str]:
    written = io.StringIO()
    checked.show(grade, Console(file=written, width=60, highlight=False), named=named)
    return written.getvalue().splitlines()


def test_what_is_not_begun_is_one_line_and_no_mistake() -> None:
    stub = asking.sentence(Raised("NotImplementedError"), "f0")
    missing = asking.sentence(Missing("f1"), "f1")

    assert printed(judged(stub, missing, "18 of 20 cases are wrong.")) == [
        "no     7.2  about f2",
        "       18 of 20 cases are wrong.",
        "       Follows from “about f0”.",
        "to do  7.2  f0, f1",
        "Local check, unofficial: 0 of 3 passed. Hidden cases run after you hand in.",
    ]


def chapter(**outcomes: str) -> Grade:
    """A grade of one item a section: `right`, `wrong` or `stub`."""
    scores = []
    for section, outcome in outcomes.items():
        item = Item(section, section, f"about {section}", 1, "returns_close", section)
        message = asking.sentence(Missing(section), section) if outcome == "stub" else "18 of 20 cases are wrong."
        finding = Finding(P, 1.0, "", "A remark.") if outcome == "right" else Finding(F, 0.0, message)
        scores.append(Score(item, finding, 0.0, 1.0))
    return Grade(submission(), tuple(scores), "none", "cpu", Profile.QUICK, "", 1.0, "0")


@pytest.mark.parametrize(
    "outcomes, named, code, told",
    [
        ({"a": "right", "b": "stub", "c": "stub"}, False, 0, "1 of 1 passed; 2 sections are not begun."),
        ({"a": "right", "b": "stub"}, False, 0, "1 of 1 passed; 1 section is not begun."),
        ({"a": "right", "b": "wrong", "c": "stub"}, False, 1, "1 of 2 passed; 1 section is not begun."),
        ({"a": "right", "b": "right"}, False, 0, "2 of 2 passed."),
        ({"a": "right", "b": "stub"}, True, 1, "1 of 2 passed."),
        ({"a": "stub", "b": "stub"}, False, 1, "0 of 2 passed."),
    ],
)
def test_a_section_that_is_not_begun_is_no_mistake_unless_it_was_asked_for(
    outcomes: dict[str, str], named: bool, code: int, told: str
) -> None:
    grade = chapter(**outcomes)

    assert checked.exit_code(grade, named=named) == code
    assert told in printed(grade, named=named)[-1]


def test_of_a_notebook_as_it_was_handed_out_everything_is_to_do() -> None:
    waits = "This is judged once `f0` is right, because it builds on it."
    never = "`f2` never has a weight of shape (1, 1, 1, 2)."
    untouched, begun = (judged(message, waits, never) for message in (asking.sentence(Missing("f0"), "f0"), "Wrong."))

    assert printed(untouched) == [
        "to do  7.2  f0, f1, f2",
        "Local check, unofficial: 0 of 3 passed. Hidden cases run after you hand in.",
    ]
    assert [line for line in printed(begun) if line.startswith("no")] == [
        f"no     7.2  about f{number}" for number in range(3)
    ]


def test_a_remark_on_what_is_right_is_told_once() -> None:
    assert printed(chapter(a="right", b="right"))[:3] == ["ok     a  about a", "       A remark.", "ok     b  about b"]


def test_what_is_asked_for_by_name_and_not_begun_says_why() -> None:
    assert printed(judged(asking.sentence(Missing("f0"), "f0")), named=True)[:2] == [
        "to do  7.2  about f0",
        "       `f0` is not defined.",
    ]


def test_what_is_not_defined_for_a_reason_is_a_mistake_of_the_notebook() -> None:
    reason = asking.sentence(Missing("f0", "cell 3 does not run: SyntaxError"), "f0")

    assert printed(judged(reason))[0] == "no     7.2  about f0"
