"""Which failures are one mistake, and who made it."""

from __future__ import annotations

import pytest

from grader.records import Outcome
from grader.reports.classroom.mistakes import explanation, mistakes, signature
from grader.rows import GradeRow
from tests.reports.classes import CONVOLUTION, WRONG, A, F, P, S, W
from tests.reports.pages import item, row

TARGETS = {"corr2d", "LeNet", "X, K"}


def failed(id: str, *told: tuple[str, str], outcome: Outcome = F, target: str = "corr2d") -> GradeRow:
    items = [
        item(name, outcome, 2.0 if outcome is A else 0.0, message=message, target=target) for name, message in told
    ]
    return row(*items, student_id=id)


def test_a_misconception_is_one_mistake_however_many_cases_and_items_show_it() -> None:
    rows = [
        failed("a", ("values", WRONG), ("gradient", f"{CONVOLUTION} 2 of 6 cases are wrong. The first: …")),
        failed("b", ("values", f"{CONVOLUTION} 3 of 20 cases are wrong.")),
    ]

    (found,) = mistakes(rows, TARGETS)

    assert (found.sentence, found.explained) == (CONVOLUTION, True)
    assert (list(found.items), list(found.students)) == (["values", "gradient"], [0, 1])


def test_the_commonest_comes_first_and_partial_counts() -> None:
    half = "Layer 2 of 5 should be a linear layer."
    rows = [failed("a", ("v", WRONG)), *(failed(id, ("s", half), outcome=A) for id in "bc")]

    assert [(each.sentence, len(each.students)) for each in mistakes(rows, TARGETS)] == [(half, 2), (CONVOLUTION, 1)]


@pytest.mark.parametrize("outcome", [P, S, W, Outcome.BROKEN])
def test_what_is_right_skipped_or_not_decided_is_no_mistake(outcome: Outcome) -> None:
    assert mistakes([row(item("a", outcome, 4.0 if outcome is P else 0.0, message="Follows from b."))], TARGETS) == []


def test_failures_that_differ_in_numbers_are_told_without_them() -> None:
    rows = [
        failed("a", ("v", "3 of 20 cases are wrong. The first: Expected shape (4, 10), got (4, 10, 1).")),
        failed("b", ("v", "17 of 20 cases are wrong. The first: Expected shape (2, 3), got (6,).")),
    ]

    (found,) = mistakes(rows, TARGETS)

    assert found.sentence == "n of n cases are wrong. The first: Expected shape (…), got (…)."
    assert not found.explained


def test_failures_that_are_told_alike_are_told_word_for_word() -> None:
    rows = [failed(id, ("v", "No discussion of 7.1 was found."), target="7.1") for id in "ab"]

    assert [each.sentence for each in mistakes(rows, TARGETS)] == ["No discussion of 7.1 was found."]


@pytest.mark.parametrize(
    "message, kept",
    [
        ("`corr2d` raised TypeError at `return X @ K`.", "`corr2d` raised TypeError."),
        ("`corr2d` raised ValueError.", "`corr2d` raised ValueError."),
        ("`mine` gave no answer in 10 s.", "`…` gave no answer in n s."),
        ("the greatest difference is 4.1e-05 at index (0, 1); 0.008 is allowed.",
         "the greatest difference is n at index (…); n is allowed."),
        ("Conv2d weights; the value is nan, -inf or −3.", "Conv2d weights; the value is n, n or n."),
        ("`X, K` is not defined: cell 18 does not run: SyntaxError.", "`X, K` is not defined: cell n does not run: SyntaxError."),
        ("`VGG` is not defined: cell 3 does not run: SyntaxError in its line 2 ('(' was never closed).",
         "`…` is not defined: cell n does not run: SyntaxError."),
    ],
)  # fmt: skip
def test_a_signature_keeps_what_students_share(message: str, kept: str) -> None:
    assert signature(message, TARGETS) == kept


def test_an_explanation_is_what_stands_before_the_count() -> None:
    assert explanation(WRONG) == (CONVOLUTION, True)
    assert explanation("3 of 20 cases are wrong.") == ("3 of 20 cases are wrong.", False)
    assert explanation("Two\n lines.") == ("Two lines.", False)


def test_a_check_that_says_nothing_has_a_line_too() -> None:
    assert [each.sentence for each in mistakes([failed("a", ("v", ""))], TARGETS)] == ["No message."]
