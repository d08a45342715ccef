"""A function gives the layers the reference names Xavier-uniform weights and leaves the rest alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from grader.answer_key import AnswerKey
from grader.checks.initialises import initialises
from grader.probes import Died, Missing, Observation, Raised, Returned, TimedOut
from grader.records import Finding, Outcome
from reference.hw2_cnn import solutions
from reference.hw2_cnn.misconceptions import MISCONCEPTIONS
from tests.fakes import FakeSession, defining, item

ROOT = Path(__file__).parents[2]
ITEM = item("initialises", "init_cnn", id="init-cnn")


def check(student: FakeSession) -> Finding:
    return initialises(student, AnswerKey(ROOT, "hw2_cnn"), ITEM)


def apply(fill: Callable[[torch.Tensor], Any]) -> Callable[[nn.Module], None]:
    """An initialisation of the right layers by any means."""

    def init(module: nn.Module) -> None:
        if isinstance(module, nn.Linear) or type(module) is nn.Conv2d:
            with torch.no_grad():
                fill(module.weight)

    return init


def by_hand(weight: torch.Tensor) -> None:
    receptive = weight[0][0].numel()
    bound = (6 / ((weight.shape[0] + weight.shape[1]) * receptive)) ** 0.5
    weight.copy_((2 * torch.rand(weight.shape) - 1) * bound)


@pytest.mark.parametrize(
    "target",
    [solutions.init_cnn, apply(nn.init.xavier_uniform_), apply(by_hand)],
    ids=["reference", "isinstance", "by-hand"],
)
def test_xavier_uniform_weights_pass_however_they_are_drawn(target: object) -> None:
    finding = check(FakeSession(defining(target)))

    assert (finding.outcome, finding.credit) == (Outcome.PASSED, 1.0)


@pytest.mark.parametrize("mistaken", MISCONCEPTIONS["init_cnn"], ids=lambda each: each.__name__)
def test_every_misconception_fails(mistaken: object) -> None:
    assert check(FakeSession(defining(mistaken))).outcome is Outcome.FAILED


def biases_too(module: nn.Module) -> None:
    solutions.init_cnn(module)
    if isinstance(module, nn.Linear | nn.Conv2d) and module.bias is not None:
        nn.init.zeros_(module.bias)


def transposed_too(module: nn.Module) -> None:
    solutions.init_cnn(module)
    if isinstance(module, nn.ConvTranspose2d):
        nn.init.xavier_uniform_(module.weight)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            lambda module: None,
            "on the weight of nn.Conv2d(3, 16, (5, 3)): it should be initialised, but was not touched.",
        ),
        (
            lambda module: isinstance(module, nn.Linear) and nn.init.xavier_uniform_(module.weight),
            "on the weight of nn.Conv2d(3, 16, (5, 3)): it should be initialised, but was not touched.",
        ),
        (
            apply(lambda weight: nn.init.uniform_(weight, -2, 2)),
            "on the weight of nn.Conv2d(3, 16, (5, 3)): values reach 1.9",
        ),
        (apply(nn.init.zeros_), "the standard deviation is 0.000; uniform values within ±0.145 have 0.084."),
        (apply(lambda weight: weight.fill_(float("nan"))), "the standard deviation is nan;"),
        (apply(lambda weight: nn.init.uniform_(weight, 0, 0.14)), "the standard deviation is 0.0"),
        (
            lambda module: hasattr(module, "weight") and nn.init.uniform_(module.weight, -0.1, 0.1),
            "on the weight of nn.Conv2d(3, 16, (5, 3)): the standard deviation is 0.05",
        ),
        (
            biases_too,
            "on the bias of nn.Conv2d(3, 16, (5, 3)): it should not be touched, but was changed.",
        ),
        (
            transposed_too,
            "on the weight of nn.ConvTranspose2d(16, 4, 3): it should not be touched, but was changed.",
        ),
    ],
    ids=["nothing", "linear-only", "too-wide", "zeros", "nan", "one-sided", "too-narrow", "bias", "other-layers"],
)
def test_what_is_wrong_is_told_with_layer_and_numbers(target: object, message: str) -> None:
    finding = check(FakeSession(defining(target)))

    assert finding.outcome is Outcome.FAILED
    assert finding.message.startswith("After `net.apply(init_cnn)` on ")
    assert message in finding.message


@pytest.mark.parametrize(
    ("observation", "message"),
    [
        (Missing("init_cnn"), "`init_cnn` is not defined."),
        (Raised("AttributeError", "m.w"), "`init_cnn` raised AttributeError at `m.w`."),
        (TimedOut(10.0), "`init_cnn` gave no answer in 10 s."),
        (Died("gone"), "`init_cnn` ended the kernel: gone."),
        (Returned(None), "`init_cnn` changes which parameters the network has."),
        (Returned({"0.weight": torch.ones(1)}), "`init_cnn` changes which parameters the network has."),
    ],
    ids=["missing", "raised", "timed-out", "died", "nothing", "fewer"],
)
def test_what_happened_instead_is_said_in_a_sentence(observation: Observation, message: str) -> None:
    finding = check(FakeSession(lambda probe: observation))

    assert (finding.outcome, finding.message) == (Outcome.FAILED, message)


def test_a_parameter_of_another_shape_is_told() -> None:
    (state,) = AnswerKey(ROOT, "hw2_cnn").ask([probe := _probe()])
    assert isinstance(state, Returned)

    finding = check(FakeSession({("initialise", probe.target): Returned({**state.value, "4.bias": torch.ones(3)})}))

    assert finding.message == "`init_cnn` changes the shape of parameter 4.bias."


def _probe() -> Any:
    asked = FakeSession(lambda probe: Missing("init_cnn"))
    check(asked)
    return asked.asked[0]
