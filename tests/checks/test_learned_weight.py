"""A layer has learned the expected weight."""

from __future__ import annotations

import math

import pytest
import torch

from grader.checks.learned_weight import learned_weight
from grader.probes import Died, Missing, Observation, Raised, Returned, TimedOut, Value, Version
from grader.records import Finding, Outcome
from tests.fakes import FakeReference, FakeSession, item

ITEM = item("learned_weight", "conv2d", id="learned-kernel")


def check(*observations: Observation) -> Finding:
    """What is found where each observation is the state of one captured version."""
    states = {("state", f"conv2d@{number}"): each for number, each in enumerate(observations)}
    versions = {"conv2d": [Version(10 + number, "library") for number in range(len(observations))]}
    student = FakeSession(states, versions)
    return learned_weight(student, FakeReference(), ITEM, shape=[1, 1, 1, 2], expected=[1.0, -1.0], within=0.15)


def state(*weights: tuple[float, float]) -> Returned:
    """The parameters of a module with weights of the shape asked for, and a bias."""
    named: dict[str, Value] = {f"{n}.weight": torch.tensor(pair).reshape(1, 1, 1, 2) for n, pair in enumerate(weights)}
    return Returned({**named, "bias": torch.zeros(1)})


@pytest.mark.parametrize(
    "observation",
    [
        pytest.param(state((0.95, -0.97)), id="near"),
        pytest.param(state((1.0, -1.0)), id="exact"),
        pytest.param(state((5.0, 5.0), (0.9, -1.1)), id="one-of-two-layers"),
        pytest.param(Returned(torch.tensor([[[[0.9, -0.9]]]], dtype=torch.float64)), id="bare-tensor"),
        pytest.param(state((math.nan, 0.0), (1.0, -1.0)), id="beside-nan"),
    ],
)
def test_a_weight_that_is_near_passes(observation: Observation) -> None:
    finding = check(observation)

    assert (finding.outcome, finding.credit) == (Outcome.PASSED, 1.0)
    assert finding.message.startswith("The learned weight (")
    assert finding.message.endswith(") is near (1, -1).")


def test_the_version_that_learned_most_counts_and_its_cell_is_kept() -> None:
    finding = check(state((0.3, 0.2)), state((0.99, -0.98)), state((0.1, 0.1)))

    assert finding.message == "The learned weight (0.990, -0.980) is near (1, -1)."
    assert finding.evidence["cell"] == 11


def test_a_weight_that_is_too_far_off_fails_with_both_numbers() -> None:
    finding = check(state((0.84, -1.0)))

    assert (finding.outcome, finding.credit) == (Outcome.FAILED, 0.0)
    assert finding.message == (
        "The learned weight is (0.840, -1.000); after ten steps it should be within 0.15 of (1, -1)."
    )


def test_the_opposite_sign_has_a_sentence_of_its_own() -> None:
    finding = check(state((-0.98, 1.02)))

    assert finding.outcome is Outcome.FAILED
    assert finding.message.startswith("The learned weight (-0.980, 1.020) has the opposite sign of (1, -1)")


@pytest.mark.parametrize(
    "observation",
    [
        pytest.param(Returned({"weight": torch.ones(1, 1, 2, 1)}), id="transposed"),
        pytest.param(Returned({"weight": torch.tensor([1.0, -1.0])}), id="flat"),
        pytest.param(Returned({"weight": [1.0, -1.0]}), id="list"),
        pytest.param(Returned(None), id="none"),
        pytest.param(state((math.nan, math.nan)), id="nan"),
        pytest.param(state((math.inf, -math.inf)), id="infinity"),
        pytest.param(Raised("RuntimeError"), id="raised"),
    ],
)
def test_without_a_finite_weight_of_the_shape_nothing_was_learned(observation: Observation) -> None:
    finding = check(observation)

    assert finding.outcome is Outcome.FAILED
    assert finding.message == "`conv2d` never has a finite weight of shape (1, 1, 1, 2)."


@pytest.mark.parametrize(
    "observation", [Raised("RuntimeError"), TimedOut(1.0), Died("gone")], ids=lambda e: type(e).__name__
)
def test_a_version_that_cannot_be_looked_at_does_not_hurt_another(observation: Observation) -> None:
    assert check(observation, state((1.0, -1.0))).outcome is Outcome.PASSED


def test_a_layer_that_is_not_defined_is_said_so() -> None:
    finding = check()

    assert (finding.outcome, finding.message) == (Outcome.FAILED, "`conv2d` is not defined.")


def test_the_reason_why_it_is_not_defined_is_said() -> None:
    student = FakeSession({("state", "conv2d"): Missing("conv2d", "cell 4 does not run: SyntaxError")})

    finding = learned_weight(student, FakeReference(), ITEM, shape=[1, 1, 1, 2], expected=[1.0, -1.0], within=0.15)

    assert finding.message == "`conv2d` is not defined: cell 4 does not run: SyntaxError."
