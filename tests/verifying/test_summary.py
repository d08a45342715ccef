"""What all verdicts together say."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from grader.records import Assignment, Outcome
from grader.verifying.report import markdown, tables
from grader.verifying.summary import Graded, Share, Summary, summarise
from grader.verifying.trials import Said, Verdict
from tests.fakes import item

ITEMS = (item("returns_close", "f", id="f-values"), item("gradient_close", "f", id="f-gradient"))
ASSIGNMENT = Assignment("hw", "Homework", Path(), "hw", ITEMS)

RIGHT = Verdict(
    "right", "", "reference", (Said("f-values", 1, Outcome.PASSED, ""), Said("f-gradient", 1, Outcome.PASSED, ""))
)
STUB = Graded("hw", (), (Said("f-values", 0, Outcome.FAILED, ""), Said("f-gradient", 0, Outcome.SKIPPED, "")))
STYLE = Graded(
    "einsum", ("f-values",), (Said("f-values", 1, Outcome.PASSED, ""), Said("f-gradient", 0, Outcome.FAILED, ""))
)


def mistaken(name: str, message: str, *, credit: float = 0, sentence: str = "It is flipped.") -> Verdict:
    return Verdict("mistaken", "f", name, (Said("f-values", credit, Outcome.FAILED, message),), sentence)


def mutant(number: int, *, caught: bool, reason: str = "", book: bool = False) -> Verdict:
    said = Said("f-values", 0 if caught else 1, Outcome.FAILED, "")
    return Verdict("mutant", "f", f"{number} → {number + 1}", (said,), line=number, book=book, reason=reason)


def made_up(*, caught: bool) -> Verdict:
    return Verdict("made up", "f-values", "zeros", (Said("f-values", 0 if caught else 1, Outcome.FAILED, ""),))


SOUND = [
    RIGHT,
    mistaken("flipped", "It is flipped. 3 cases."),
    *(mutant(n, caught=True) for n in range(40)),
    made_up(caught=True),
]


def summary(*more: Verdict, stub: Graded | None = STUB, styles: tuple[Graded, ...] = (STYLE,)) -> Summary:
    return summarise(ASSIGNMENT, ITEMS, [*SOUND, *more], stub, styles)


def test_a_sound_rubric_has_no_holes() -> None:
    found = summary()

    assert found.holes == () and found.notes == ()
    assert found.mutants == Share(40, 40)
    values, gradient = found.items
    assert (values.right, values.stub, values.styles) == (True, True, Share(1, 1))
    assert (values.caught, values.named, values.made_up) == (Share(1, 1), Share(1, 1), Share(1, 1))
    assert gradient.styles == Share(0, 0)  # the style does not have to earn it


@pytest.mark.parametrize(
    ("verdict", "hole"),
    [
        (
            Verdict("right", "", "reference", (Said("f-values", 0, Outcome.FAILED, "No."),)),
            "f-values: the reference itself does not earn it: No.",
        ),
        (mistaken("mean", "", credit=1), "f: no item refuses the misconception mean"),
        (
            mistaken("mean", "Something is wrong.", sentence="The mean is taken."),
            "f: no item tells the misconception mean by its sentence",
        ),
        (
            mistaken("mean", "It is flipped. 3 cases.", sentence="The mean is taken."),
            "f-values: mean is told the sentence of another misconception",
        ),
        (made_up(caught=False), "f-values: zeros in place of an answer pass"),
    ],
    ids=["reference", "not-refused", "not-named", "named-wrongly", "made-up"],
)
def test_every_kind_of_hole_is_told(verdict: Verdict, hole: str) -> None:
    assert hole in summary(verdict).holes


def test_a_stub_that_earns_something_is_a_hole() -> None:
    paid = Graded("hw", (), (Said("f-values", 0.5, Outcome.PARTIAL, ""),))

    assert summary(stub=paid).holes == ("f-values: the stub earns 50% of the points",)


def test_a_right_solution_that_does_not_earn_everything_is_a_hole() -> None:
    lost = Graded("loops", ("f-values",), (Said("f-values", 0, Outcome.FAILED, "Wrong."),))

    assert summary(styles=(lost,)).holes == ("f-values: the right solution loops does not earn it: Wrong.",)


def test_mutants_that_make_no_difference_are_no_hole() -> None:
    found = summary(*(mutant(n, caught=False, reason="the order does not matter") for n in range(100, 120)))

    assert found.holes == ()
    assert found.mutants == Share(40, 40)
    (row,) = found.definitions
    assert (row.caught, row.explained, row.survivors) == (Share(40, 60), 20, 0)


def test_too_many_survivors_are_a_hole() -> None:
    one, two = mutant(101, caught=False), mutant(102, caught=False)

    assert summary(one).holes == ()  # 40 of 41
    assert summary(one, two).holes == ("only 95.2% of the mutants that make a difference are caught; 97% should be",)


def test_a_reason_on_record_for_what_is_caught_is_noted() -> None:
    (note,) = summary(mutant(101, caught=True, reason="no difference")).notes

    assert note == "f: the change 101 → 102 is on record as no difference, and is caught"


def test_the_tables_show_rows_survivors_and_holes() -> None:
    console = Console(width=160, record=True, quiet=False, file=None, force_terminal=False)
    with console.capture() as captured:
        console.print(
            tables(summary(mutant(101, caught=False), made_up(caught=False), mutant(7, caught=True, book=True)))
        )
    shown = captured.get()

    assert "f-values" in shown and "earns nothing" in shown
    assert "survivor: f, line 101: 101 → 102" in shown
    assert "hole: f-values: zeros in place of an answer pass" in shown
    assert "1/42" in shown  # what the book's examples notice
    assert "1 hole; 41/42 mutants" in shown


def test_the_page_says_what_was_measured_and_why_mutants_survive() -> None:
    page = markdown([summary(mutant(101, caught=False, reason="a | b"))], "1.2", "2026-01-31")

    assert "(2026-01-31, version 1.2)" in page
    assert "| f | 101 | `101 → 102` | a \\| b |" in page
    assert "- Mutants caught: 40/41 (97.6%); 1 of the others make no difference, so that 100.0%" in page
    assert "### Holes" not in page


def test_the_page_of_one_assignment_leaves_those_of_the_others_as_they_are() -> None:
    mine = summary(mutant(101, caught=False, reason="once"))
    page = markdown([mine], "1.2", "2026-01-31")
    name = mine.assignment.name
    other = page.replace(f"(`{name}`)", "(`other`)").replace("| once |", "| of the other |")
    section = page.split("\n## ")[1]
    both = f"{other}\n## {section}"

    again = markdown([summary(mutant(101, caught=False, reason="twice"))], "1.2", "2026-02-01", both)

    assert again == both.replace("| once |", "| twice |").replace("2026-01-31", "2026-02-01")
    assert markdown([mine], "1.2", "2026-01-31", other) == both
