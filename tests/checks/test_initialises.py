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
from reference.hw2_cnn import misconceived_functions, solutions
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


def uniform_by_hand(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        rows, columns = module.kernel_size
        fans = (module.in_channels + module.out_channels) * rows * columns
    elif isinstance(module, nn.Linear):
        fans = module.in_features + module.out_features
    else:
        return
    nn.init.uniform_(module.weight, -((6 / fans) ** 0.5), (6 / fans) ** 0.5)


def by_attribute(module: nn.Module) -> None:
    if isinstance(module, nn.Embedding) or not hasattr(module, "weight"):
        return
    if isinstance(module.weight, nn.Parameter) and module.weight.dim() > 1:
        nn.init.xavier_uniform_(module.weight)


def by_class_name(module: nn.Module) -> None:
    name = type(module).__name__
    if name.find("Conv") != -1 or name.find("Linear") != -1:
        assert isinstance(module.weight, torch.Tensor)
        nn.init.xavier_uniform_(module.weight)


def every_convolution(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.modules.conv._ConvNd):
        assert isinstance(module.weight, torch.Tensor)
        nn.init.xavier_uniform_(module.weight)


@pytest.mark.parametrize(
    "target",
    [
        solutions.init_cnn,
        by_class_name,
        every_convolution,
        lambda module: isinstance(module, nn.Linear | nn.Conv2d) and nn.init.xavier_uniform_(module.weight),
        apply(by_hand),
        uniform_by_hand,
        by_attribute,
    ],
    ids=["reference", "class-name", "every-convolution", "isinstance", "by-hand", "uniform-by-hand", "hasattr"],
)
def test_xavier_uniform_weights_pass_however_they_are_drawn(target: object) -> None:
    finding = check(FakeSession(defining(target)))

    assert (finding.outcome, finding.credit) == (Outcome.PASSED, 1.0)


@pytest.mark.parametrize("mistaken", MISCONCEPTIONS["init_cnn"], ids=lambda each: each.__name__)
def test_every_misconception_is_named_before_what_differs(mistaken: object) -> None:
    finding = check(FakeSession(defining(mistaken)))

    assert finding.outcome is Outcome.FAILED
    assert finding.message.startswith(f"{mistaken.__doc__} After `net.apply(init_cnn)` on the ")


def embedding_too(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Conv2d | nn.Embedding):
        bound = (6 / sum(nn.init._calculate_fan_in_and_fan_out(module.weight))) ** 0.5
        nn.init.uniform_(module.weight, -bound, bound)


def norm_too(module: nn.Module) -> None:
    solutions.init_cnn(module)
    if isinstance(module, nn.BatchNorm2d):
        module.reset_parameters()


@pytest.mark.parametrize(
    ("target", "mistaken"),
    [
        (embedding_too, misconceived_functions.init_cnn_other_layers),
        (norm_too, misconceived_functions.init_cnn_batch_norm_too),
    ],
    ids=["other-layers", "batch-norm"],
)
def test_a_misconception_is_named_however_it_is_written(target: object, mistaken: object) -> None:
    assert check(FakeSession(defining(target))).message.startswith(f"{mistaken.__doc__} After ")


def biases_too(module: nn.Module) -> None:
    solutions.init_cnn(module)
    if isinstance(module, nn.Linear | nn.Conv2d) and module.bias is not None:
        nn.init.ones_(module.bias)


def embedding_to_one(module: nn.Module) -> None:
    solutions.init_cnn(module)
    if isinstance(module, nn.Embedding):
        nn.init.ones_(module.weight)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            lambda module: None,
            "on the weight of nn.Conv2d(3, 16, (5, 3)): it should be initialised, but was not touched.",
        ),
        (
            lambda module: isinstance(module, nn.Linear) and nn.init.uniform_(module.weight, -0.2, 0.2),
            "on the weight of nn.Conv2d(3, 16, (5, 3)): it should be initialised, but was not touched.",
        ),
        (
            apply(lambda weight: nn.init.uniform_(weight, -2, 2)),
            "on the weight of nn.Conv2d(3, 16, (5, 3)): values reach 2.0",
        ),
        (
            apply(lambda weight: weight.fill_(0.1)),
            "the standard deviation is 0.000; uniform values within ±0.145 have 0.084.",
        ),
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
            embedding_to_one,
            "on the weight of nn.Embedding(16, 4): it should not be touched, but was changed.",
        ),
    ],
    ids=["nothing", "linear-only", "too-wide", "constant", "nan", "one-sided", "too-narrow", "bias", "other-layers"],
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
