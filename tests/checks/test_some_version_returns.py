"""A name is bound to several library layers in turn, and for each case one of them gives what is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch import nn

from grader.answer_key import AnswerKey
from grader.checks.some_version_returns import some_version_returns
from grader.probes import Observation, Probe, Raised, TimedOut, Version
from grader.records import Finding, Outcome
from tests.fakes import FakeSession, defining, item

ROOT = Path(__file__).parents[2]
ITEM = item("some_version_returns", "pool2d", id="library-pooling", section="7.5")
RIGHT = [nn.MaxPool2d(3), nn.MaxPool2d(3, padding=1, stride=2), nn.MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))]


def check(layers: list[nn.Module | Observation], kinds: list[str] | None = None) -> Finding:
    """What is found where `pool2d` was bound to these layers in turn."""

    def answer(probe: Probe) -> Observation:
        layer = layers[int(probe.target.partition("@")[2])]
        return defining(layer)(probe) if isinstance(layer, nn.Module) else layer

    versions = [Version(number, kind) for number, kind in enumerate(kinds or ["library"] * len(layers))]
    student, key = FakeSession(answer, {"pool2d": versions}), AnswerKey(ROOT, "hw2_cnn")
    return some_version_returns(student, key, ITEM, layers="LIBRARY_POOLING", inputs="library_pooling_inputs", cases=3)


@pytest.mark.parametrize(
    "layers",
    [
        pytest.param(RIGHT, id="in-order"),
        pytest.param(RIGHT[::-1], id="in-another-order"),
        pytest.param([nn.MaxPool2d(2), *RIGHT, nn.AvgPool2d(3)], id="among-others"),
        pytest.param([Raised("TypeError"), *RIGHT], id="beside-one-that-raises"),
        pytest.param([nn.MaxPool2d(3, stride=3), nn.MaxPool2d((3, 3), 2, (1, 1)), RIGHT[2]], id="written-differently"),
    ],
)
def test_all_layers_in_some_versions_pass(layers: list[nn.Module | Observation]) -> None:
    finding = check(layers)

    assert (finding.outcome, finding.credit) == (Outcome.PASSED, 1.0)
    assert finding.message == "All 3 layers give the expected values."


@pytest.mark.parametrize(
    ("layers", "credit", "message"),
    [
        (RIGHT[:2], 0.6667, "2 of 3 layers give the expected values; none of yours does for layer 3."),
        (RIGHT[1:2], 0.3333, "1 of 3 layers give the expected values; none of yours does for layer 1."),
    ],
    ids=["two", "one"],
)
def test_some_layers_earn_their_share(layers: list[nn.Module | Observation], credit: float, message: str) -> None:
    finding = check(layers)

    assert (finding.outcome, finding.credit, finding.message) == (Outcome.PARTIAL, credit, message)


@pytest.mark.parametrize(
    ("layers", "layer", "sentence"),
    [
        ([nn.AvgPool2d(3), *RIGHT[1:]], 1, "This layer takes the average of each window;"),
        ([RIGHT[0], nn.AvgPool2d(3, 2, 1), RIGHT[2]], 2, "This layer takes the average of each window;"),
        ([*RIGHT[:2], nn.AvgPool2d((2, 3), padding=(0, 1))], 3, "This layer takes the average of each window;"),
        ([RIGHT[0], nn.MaxPool2d(3, padding=1), RIGHT[2]], 2, "The stride is left at its default,"),
        ([RIGHT[0], nn.MaxPool2d(3, stride=2), RIGHT[2]], 2, "The padding is missing:"),
        ([*RIGHT[:2], nn.MaxPool2d((2, 3))], 3, "The padding is missing:"),
        ([*RIGHT[:2], nn.MaxPool2d((3, 2), stride=(2, 3), padding=(0, 1))], 3, "Height and width of the window"),
        ([*RIGHT[:2], nn.MaxPool2d((3, 2), padding=(1, 0))], 3, "Rows and columns are swapped"),
        ([*RIGHT[:2], nn.MaxPool2d((2, 3), 1, (0, 1)), nn.Identity()], 3, "The window moves by one element;"),
    ],
    ids=["average-1", "average-2", "average-3", "stride", "padding-2", "padding-3", "window", "sides", "slow"],
)
def test_the_misconception_behind_a_lacking_layer_is_named(
    layers: list[nn.Module | Observation], layer: int, sentence: str
) -> None:
    finding = check(layers)

    assert (finding.outcome, finding.credit) == (Outcome.PARTIAL, 0.6667)
    assert finding.message.startswith(sentence)
    assert finding.message.endswith(f". 2 of 3 layers give the expected values; none of yours does for layer {layer}.")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_layers_that_are_right_are_not_taken_for_attempts_at_the_lacking_one(number: int) -> None:
    finding = check([*RIGHT[:number], *RIGHT[number + 1 :]])

    assert finding.message == (f"2 of 3 layers give the expected values; none of yours does for layer {number + 1}.")


def test_of_two_misconceptions_that_of_the_first_lacking_layer_is_named() -> None:
    finding = check([RIGHT[0], nn.MaxPool2d(3, padding=1), nn.AvgPool2d((2, 3), padding=(0, 1))])

    assert finding.message.startswith("The stride is left at its default,")
    assert finding.message.endswith("1 of 3 layers give the expected values; none of yours does for layer 2.")


def test_the_misconception_of_a_later_layer_is_named_where_the_first_one_was_never_tried() -> None:
    finding = check([RIGHT[1], nn.AvgPool2d((2, 3), padding=(0, 1))])

    assert finding.message.startswith("This layer takes the average of each window;")
    assert finding.message.endswith("1 of 3 layers give the expected values; none of yours does for layer 1.")


@pytest.mark.parametrize(
    "layers", [[Raised("TypeError")], [TimedOut(1.0)], [nn.Identity()]], ids=["raised", "timed-out", "identity"]
)
def test_no_layer_earns_nothing(layers: list[nn.Module | Observation]) -> None:
    finding = check(layers)

    assert (finding.outcome, finding.credit) == (Outcome.FAILED, 0.0)
    assert finding.message == "0 of 3 layers give the expected values; none of yours does for layer 1."


def test_a_function_or_class_around_a_layer_counts_as_the_layer() -> None:
    finding = check([Raised("TypeError"), *RIGHT], ["definition", "definition", "value", "library"])

    assert (finding.outcome, finding.credit) == (Outcome.PASSED, 1.0)


@pytest.mark.parametrize("kinds", [[], ["definition"], ["definition", "value"]], ids=len)
def test_a_name_never_bound_to_a_library_layer_is_said_so(kinds: list[str]) -> None:
    layers: list[nn.Module | Observation] = [Raised("TypeError"), nn.Identity()]

    finding = check(layers[: len(kinds)], kinds)

    assert (finding.outcome, finding.message) == (Outcome.FAILED, "`pool2d` is never bound to a layer of torch.nn.")
