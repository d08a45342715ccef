"""Expressions over the student's names have the values that they have in the reference."""

from __future__ import annotations

import pytest
import torch

from grader.checks.evaluates_to import evaluates_to
from grader.probes import Died, Missing, Observation, Probe, Raised, Returned, TimedOut
from grader.records import Finding, Outcome
from tests.fakes import FakeReference, FakeSession, item

ITEM = item("evaluates_to", "X, K")
EXPECTED = Returned(torch.tensor([0.0, 1.0, -1.0]))


def check(*observations: Observation) -> Finding:
    student = FakeSession({("evaluate", "X, K"): observations})
    reference = FakeReference({("evaluate", "X, K"): EXPECTED})
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
    wrong = Returned(torch.tensor([0.0, 1.0, 1.0]))

    finding = check(wrong, EXPECTED) if first else check(EXPECTED, wrong)

    expression = "corr2d(X, K)" if first else "corr2d(X.t(), K)"
    assert (finding.outcome, finding.credit) == (Outcome.FAILED, 0.0)
    assert finding.message.startswith(
        f"`{expression}`: 1 of 3 elements differ; the greatest difference is 2 at index (2,);"
    )
    assert finding.mismatch is not None


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
