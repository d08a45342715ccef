"""The gradients of a function are those of the reference."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from grader.answer_key import AnswerKey
from grader.checks.gradient_close import gradient_close
from grader.probes import Died, Missing, Observation, Raised, Returned, TimedOut
from grader.records import Finding, Outcome
from reference.hw2_cnn import misconceived_functions, solutions
from tests.fakes import FakeReference, FakeSession, defining, item

ROOT = Path(__file__).parents[2]
ITEM = item("gradient_close", "corr2d", id="corr2d-gradient")


def check(student: FakeSession) -> Finding:
    return gradient_close(student, AnswerKey(ROOT, "hw2_cnn"), ITEM, inputs="corr2d_gradient_inputs", cases=6)


def unfolded(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    return (X.unfold(0, K.shape[0], 1).unfold(1, K.shape[1], 1) * K).sum(dim=(2, 3))


@pytest.mark.parametrize(
    "target",
    [solutions.corr2d, unfolded, lambda X, K: F.conv2d(X[None, None], K[None, None])[0, 0]],
    ids=["reference", "unfold", "library"],
)
def test_gradients_of_any_right_style_pass(target: object) -> None:
    finding = check(FakeSession(defining(target)))

    assert (finding.outcome, finding.message) == (Outcome.PASSED, "6 of 6 cases agree with the reference.")


def test_a_result_made_of_plain_numbers_has_no_gradient() -> None:
    finding = check(FakeSession(defining(misconceived_functions.corr2d_detached)))

    assert finding.outcome is Outcome.FAILED
    sentence = " ".join((misconceived_functions.corr2d_detached.__doc__ or "").split())
    assert finding.message == f"{sentence} 6 of 6 cases are wrong."


def test_a_gradient_that_reaches_only_one_argument_is_wrong() -> None:
    finding = check(FakeSession(defining(lambda X, K: solutions.corr2d(X, K.detach()))))

    assert finding.outcome is Outcome.FAILED
    assert finding.mismatch is not None
    assert finding.mismatch.path == "[1]"
    assert finding.message.startswith("No gradient reaches the second argument: is something built from plain numbers")


def test_wrong_gradients_are_measured() -> None:
    finding = check(FakeSession(defining(lambda X, K: 2 * solutions.corr2d(X, K))))

    assert finding.message.startswith(
        "Every gradient is 2 times too large. 6 of 6 cases are wrong. The first: 30 of 30 elements differ; the greatest"
    )


def test_a_misconception_about_the_values_is_named_for_the_gradients_too() -> None:
    finding = check(FakeSession(defining(misconceived_functions.corr2d_mean)))

    assert finding.message.startswith(" ".join((misconceived_functions.corr2d_mean.__doc__ or "").split()))


def test_arguments_without_any_gradient_are_explained_where_no_misconception_is() -> None:
    reference = FakeReference(lambda probe: Returned([torch.ones(2), torch.ones(3)]))
    student = FakeSession(lambda probe: Returned([None, None]))

    finding = gradient_close(student, reference, ITEM, inputs="any", cases=2)

    assert finding.message == (
        "No gradient reaches the arguments: is something built from plain numbers or detached tensors, with .item(), "
        ".data, detach(), .numpy() or torch.tensor(...)? 2 of 2 cases are wrong."
    )


def test_one_argument_without_a_gradient_is_no_forgotten_return() -> None:
    reference = FakeReference(lambda probe: Returned([torch.ones(2), torch.ones(3)]))
    student = FakeSession(lambda probe: Returned([torch.ones(2), None]))

    finding = gradient_close(student, reference, ITEM, inputs="any", cases=2)

    assert finding.mismatch is not None
    assert finding.mismatch.message == "Expected a tensor of shape (3,), got nothing."


@pytest.mark.parametrize(
    ("observation", "message"),
    [
        (Missing("corr2d"), "`corr2d` is not defined."),
        (TimedOut(10.0), "`corr2d` gave no answer in 10 s."),
        (Died("gone"), "`corr2d` ended the kernel: gone."),
        (Raised("NotImplementedError"), "`corr2d` is still the stub: it raises NotImplementedError."),
    ],
    ids=["missing", "timed-out", "died", "stub"],
)
def test_what_happened_instead_is_said_in_a_sentence(observation: Observation, message: str) -> None:
    finding = check(FakeSession(lambda probe: observation))

    assert (finding.outcome, finding.message) == (Outcome.FAILED, message)


def test_one_mistake_costs_once_where_the_values_are_wrong_by_it_already() -> None:
    finding = check(FakeSession(defining(lambda X, K: unfolded(X, K.flip(0, 1)))))

    assert (finding.outcome, finding.credit) == (Outcome.PASSED, 1.0)
    assert finding.message == (
        "This is convolution: the kernel is flipped. 7.2 asks for cross-correlation. "
        "The gradients are those of what your `corr2d` computes."
    )
    assert finding.hint == "One mistake costs once."


def test_a_second_mistake_costs_again() -> None:
    finding = check(FakeSession(defining(lambda X, K: unfolded(X, K.detach().flip(0, 1)))))

    assert finding.outcome is Outcome.FAILED
