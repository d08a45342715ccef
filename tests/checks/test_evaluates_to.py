"""Expressions over the student's names have the values that they have in the reference."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from grader.checks.evaluates_to import evaluates_to
from grader.probes import Died, Missing, Observation, Probe, Raised, Returned, TimedOut
from grader.records import Finding, Outcome
from tests.fakes import FakeReference, FakeSession, item

ITEM = item("evaluates_to", "X, K")
EXPECTED = Returned(torch.tensor([0.0, 1.0, -1.0]))


WRONG = Returned(torch.tensor([0.0, 1.0, 1.0]))


def check(*observations: Observation, misconception: Sequence[Observation] = ()) -> Finding:
    """What is found where the expressions have these values, and those of a misconception in turn."""
    student = FakeSession({("evaluate", "X, K"): observations})
    mistaken = dict(zip(("corr2d(X, K)", "corr2d(X.t(), K)"), misconception, strict=False))
    known = {"K is upside down.": lambda probe: mistaken[str(probe.options["expression"])]} if misconception else {}
    reference = FakeReference({("evaluate", "X, K"): EXPECTED}, misconceptions=known)
    return evaluates_to(student, reference, ITEM, expressions=["corr2d(X, K)", "corr2d(X.t(), K)"])


def test_the_expressions_are_evaluated_where_the_target_was_bound() -> None:
    student = FakeSession(lambda probe: EXPECTED)

    evaluates_to(student, FakeReference(lambda probe: EXPECTED), ITEM, expressions=["a", "b"])

    assert student.asked == [Probe("evaluate", "X, K", options={"expression": each}) for each in ("a", "b")]


def test_equal_values_pass() -> None:
    finding = check(EXPECTED, EXPECTED)

    assert (finding.outcome, finding.credit) == (Outcome.PASSED, 1.0)
    assert "`corr2d(X, K)` and `corr2d(X.t(), K)`" in finding.message


@pytest.mark.parametrize("first", [True, False], ids=["first", "second"])
def test_a_wrong_value_is_measured_and_its_expression_named(first: bool) -> None:
    finding = check(WRONG, EXPECTED) if first else check(EXPECTED, WRONG)

    expression = "corr2d(X, K)" if first else "corr2d(X.t(), K)"
    assert (finding.outcome, finding.credit) == (Outcome.FAILED, 0.0)
    assert finding.message.startswith(
        f"`{expression}`: 1 of 3 elements differ; the greatest difference is 2 at index (2,);"
    )
    assert finding.mismatch is not None


def test_the_misconception_whose_values_all_expressions_have_is_named_first() -> None:
    finding = check(EXPECTED, WRONG, misconception=[EXPECTED, WRONG])

    assert finding.outcome is Outcome.FAILED
    assert finding.message.startswith("K is upside down. `corr2d(X.t(), K)`: 1 of 3 elements differ;")


@pytest.mark.parametrize(
    "misconception",
    [[WRONG, WRONG], [EXPECTED, EXPECTED], [EXPECTED, Raised("TypeError")]],
    ids=["too-much", "nothing", "raised"],
)
def test_a_misconception_that_differs_in_one_expression_is_not_named(misconception: Sequence[Observation]) -> None:
    assert check(EXPECTED, WRONG, misconception=misconception).message.startswith("`corr2d(X.t(), K)`: ")


def test_no_misconception_is_looked_for_in_values_that_never_came() -> None:
    finding = check(WRONG, TimedOut(10.0), misconception=[WRONG, WRONG])

    assert finding.message.startswith("`corr2d(X, K)`: 1 of 3 elements differ;")


def test_nothing_more_is_said_about_an_expression_that_gave_no_value() -> None:
    finding = check(TimedOut(10.0), EXPECTED, misconception=[WRONG, EXPECTED])

    assert finding.message == "`corr2d(X, K)` gave no answer in 10 s."


@pytest.mark.parametrize(
    ("observation", "words"),
    [
        (Missing("K"), "`K` is not defined."),
        (Raised("TypeError"), "raised TypeError."),
        (TimedOut(10.0), "gave no answer in 10 s."),
        (Died("gone"), "ended the kernel: gone."),
    ],
    ids=lambda each: "" if isinstance(each, str) else type(each).__name__,
)
def test_what_happened_instead_is_said_in_a_sentence(observation: Observation, words: str) -> None:
    finding = check(observation, EXPECTED)

    assert finding.outcome is Outcome.FAILED
    assert finding.message.endswith(words)
