"""Hyper-parameters that are asked for, and what a notebook's source says about its own."""

from __future__ import annotations

import pytest

from grader.checks.hyperparameters import judged
from grader.errors import RubricError
from grader.probes import Missing, Observation, Returned
from grader.records import Finding, Outcome
from tests.fakes import FakeSession, item

ITEM = item("learns", "LeNet", id="lenet-accuracy", section="7.6")
ASKED = {"epochs": 10, "lr": 0.1, "batch_size": 128}
PASSED = Finding(Outcome.PASSED, 1.0, "Test accuracy 0.9")


def row(
    cell: int = 4, epochs: float | None = 10, lr: float | None = 0.1, batch_size: float | None = 128
) -> dict[str, object]:
    return {"cell": cell, "epochs": epochs, "lr": lr, "batch_size": batch_size}


def judge(
    *rows: dict[str, object], share: float = 1.0, finding: Finding = PASSED, told: Observation | None = None
) -> Finding:
    student = FakeSession({("recipes", "LeNet"): told or Returned(list(rows))})
    return judged(finding, student, ITEM, ASKED, share)


@pytest.mark.parametrize(
    "rows",
    [(row(),), (row(epochs=10.0),), (row(lr=None, epochs=None, batch_size=None),), (row(lr=0.9), row()), ()],
    ids=["asked", "float", "unknown", "one-of-two", "none"],
)
def test_what_is_asked_or_not_known_changes_nothing(rows: tuple[dict[str, object], ...]) -> None:
    assert judge(*rows, share=0.0) == PASSED


def test_other_hyper_parameters_are_noted_and_cost_nothing_by_default() -> None:
    finding = judge(row(lr=0.9, epochs=3))

    assert (finding.outcome, finding.credit) == (Outcome.PASSED, 1.0)
    assert finding.hint == (
        "Cell 4 trains `LeNet` with epochs 3 and learning rate 0.9; "
        "7.6 asks for epochs 10, learning rate 0.1, batch size 128."
    )
    assert finding.evidence["recipes"] == [row(lr=0.9, epochs=3)]


@pytest.mark.parametrize(("share", "outcome", "credit"), [(0.5, Outcome.PARTIAL, 0.5), (0.0, Outcome.FAILED, 0.0)])
def test_they_cost_what_the_rubric_says(share: float, outcome: Outcome, credit: float) -> None:
    finding = judge(row(batch_size=64), share=share)

    assert (finding.outcome, finding.credit) == (outcome, credit)


def test_what_is_broken_stays_broken() -> None:
    broken = Finding(Outcome.BROKEN, 0.0, "no card")

    assert judge(row(lr=0.9), share=0.5, finding=broken).outcome is Outcome.BROKEN


def test_where_no_source_is_read_nothing_is_held_against_anybody() -> None:
    assert judge(told=Missing("LeNet"), share=0.0) == PASSED


def test_an_unknown_hyper_parameter_is_one_clear_line() -> None:
    with pytest.raises(
        RubricError, match="lenet-accuracy: asked: unknown hyper-parameter 'epoch'; known are epochs, lr, batch_size"
    ):
        judged(PASSED, FakeSession({}), ITEM, {"epoch": 10}, 1.0)
    with pytest.raises(RubricError, match="on_other is 2; it must be a share between 0 and 1"):
        judged(PASSED, FakeSession({}), ITEM, ASKED, 2.0)
