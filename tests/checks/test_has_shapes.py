"""The layers of a network give the reference's output shapes, in its order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from grader.answer_key import AnswerKey
from grader.checks.has_shapes import has_shapes
from grader.errors import RubricError
from grader.probes import Died, Missing, Observation, Raised, Returned, TimedOut
from grader.records import Finding, Outcome
from reference.hw2_cnn import misconceived_networks, solutions
from tests.fakes import FakeReference, FakeSession, defining, item

ROOT = Path(__file__).parents[2]
ITEM = item("has_shapes", "LeNet", id="lenet-shapes")
Row = tuple[Any, ...]  # kind, output, input, details
LAYERS: list[Row] = [
    ("Conv2d", [1, 6, 28, 28], [1, 1, 28, 28]),
    ("AvgPool2d", [1, 6, 14, 14], [1, 6, 28, 28]),
    ("Linear", [1, 10], [1, 1176]),
]


def traced(*layers: Row, output: list[int] | None = None, **more: Any) -> Returned:
    return Returned(
        {
            "layers": [list(layer) for layer in layers],
            "modules": [["Conv2d", [1, 6]]],
            "output": output or [1, 10],
            **more,
        }
    )


def check(observation: Observation) -> Finding:
    reference = FakeReference({("shapes", "LeNet"): traced(*LAYERS)})
    return has_shapes(FakeSession({("shapes", "LeNet"): observation}), reference, ITEM, input=[1, 1, 28, 28])


def check_network(target: str, network: object, shape: list[int], **options: Any) -> Finding:
    student, key = FakeSession(defining(network)), AnswerKey(ROOT, "hw2_cnn")
    return has_shapes(student, key, item("has_shapes", target), input=shape, **options)


def test_equal_shapes_pass_and_the_table_is_kept_for_display() -> None:
    finding = check(traced(*LAYERS))

    assert (finding.outcome, finding.credit) == (Outcome.PASSED, 1.0)
    assert finding.message == "All 2 layers have the expected output shapes."
    assert finding.evidence == {"layers": [["Conv2d", [1, 6]]]}


@pytest.mark.parametrize(
    "layers",
    [
        pytest.param(
            [
                LAYERS[0],
                ("BatchNorm2d", [1, 6, 28, 28], [1, 6, 28, 28]),
                ("ReLU", [1, 6, 28, 28], [1, 6, 28, 28]),
                *LAYERS[1:],
            ],
            id="other-kinds",
        ),
        pytest.param([LAYERS[0], ("MaxPool2d", [1, 6, 14, 14], [1, 6, 28, 28]), LAYERS[2]], id="another-pooling"),
        pytest.param([LAYERS[0], ("AdaptiveAvgPool2d", [1, 6], [1, 6, 28, 28]), *LAYERS[1:]], id="a-mean-for-display"),
        pytest.param([LAYERS[0], LAYERS[2]], id="a-pooling-by-hand"),
    ],
)
def test_what_is_between_the_layers_shows_in_what_the_next_one_gets(layers: list[Row]) -> None:
    assert check(traced(*layers)).outcome is Outcome.PASSED


def test_of_two_layers_with_equal_outputs_either_may_come_first() -> None:
    first, second = ("Conv2d", [1, 8, 3, 3], [1, 4, 6, 6]), ("Conv2d", [1, 8, 3, 3], [1, 8, 3, 3])
    reference = FakeReference({("shapes", "LeNet"): traced(first, second, first)})  # the shortcut comes last
    shortcut_first = FakeSession({("shapes", "LeNet"): traced(first, first, second)})
    no_shortcut = FakeSession({("shapes", "LeNet"): traced(first, second, second)})

    assert has_shapes(shortcut_first, reference, ITEM, input=[1, 4, 6, 6]).outcome is Outcome.PASSED
    assert has_shapes(no_shortcut, reference, ITEM, input=[1, 4, 6, 6]).outcome is Outcome.FAILED


CONV, POOL, LINEAR = LAYERS


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        pytest.param(
            [("Conv2d", [1, 6, 24, 24], [1, 1, 28, 28]), POOL, LINEAR],
            "Layer 1 of 2 should be a convolution with output (1, 6, 28, 28); the next convolution of yours gives "
            "(1, 6, 24, 24).",
            id="shape",
        ),
        pytest.param(
            [CONV, ("Linear", [1, 10], [1, 4704])],
            "Layer 2 of 2 should be a linear layer with output (1, 10) for an input of shape (1, 1176); yours gets "
            "(1, 4704).",
            id="no-pooling",
        ),
        pytest.param(
            [LINEAR, CONV],
            "Layer 1 of 2 should be a convolution with output (1, 6, 28, 28); yours comes later, after a linear layer "
            "with output (1, 10).",
            id="order",
        ),
        pytest.param(
            [CONV, POOL, ("Linear", [1, 120], [1, 1176]), ("Linear", [1, 10], [1, 120])],
            "Layer 2 of 2 should be a linear layer with output (1, 10); the next linear layer of yours gives (1, 120).",
            id="a-layer-more",
        ),
        pytest.param(
            [*LAYERS, ("Linear", [1, 10], [1, 10])],
            "There is a layer too many: after all 2 comes a linear layer with output (1, 10).",
            id="a-layer-more-at-the-end",
        ),
        pytest.param(
            [],
            "Layer 1 of 2 should be a convolution with output (1, 6, 28, 28); yours has no further convolution.",
            id="none",
        ),
    ],
)
def test_the_first_difference_is_told_with_both_shapes(layers: list[Row], message: str) -> None:
    finding = check(traced(*layers))

    assert (finding.outcome, finding.message) == (Outcome.FAILED, message)
    assert finding.evidence["layers"] == [["Conv2d", [1, 6]]]


def test_the_first_difference_is_kept_for_display() -> None:
    finding = check(traced(CONV, ("Linear", [1, 12], [1, 1176])))

    wanted, found = ["linear layer", [1, 10], [1, 1176]], ["linear layer", [1, 12], [1, 1176]]
    assert finding.evidence["differs"] == [2, wanted, found]
    assert finding.evidence["trace"][1] == found


def test_the_output_of_the_whole_network_counts_too() -> None:
    finding = check(traced(*LAYERS, output=[1, 10, 1, 1]))

    assert (finding.outcome, finding.message) == (Outcome.FAILED, "The network gives (1, 10, 1, 1), expected (1, 10).")


@pytest.mark.parametrize(
    ("observation", "message"),
    [
        (Missing("LeNet"), "`LeNet` is not defined."),
        (Raised("NotImplementedError"), "`LeNet` is still the stub: it raises NotImplementedError."),
        (Raised("TypeError", "x"), "`LeNet` raised TypeError at `x`."),
        (TimedOut(2.5), "`LeNet` gave no answer in 2.5 s."),
        (Died("gone"), "`LeNet` ended the kernel: gone."),
    ],
    ids=["missing", "stub", "raised", "timed-out", "died"],
)
def test_what_happened_instead_is_said_in_a_sentence(observation: Observation, message: str) -> None:
    finding = check(observation)

    assert (finding.outcome, finding.message) == (Outcome.FAILED, message)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"layers": None},
        {"layers": [["Conv2d"]], "output": 5},
        {"layers": [[1, 2], ["Conv2d", ["wide"], [1]], ["Conv2d", 5, 6]], "modules": [[{}, {}]], "output": ["1", 10]},
    ],
    ids=repr,
)
def test_what_is_no_trace_has_no_layers(value: object) -> None:
    finding = check(Returned(value))

    assert finding.outcome is Outcome.FAILED
    assert finding.message.endswith("yours has no further convolution.")


# ---- against the real reference --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "shape"), [("LeNet", [1, 1, 28, 28]), ("ResNet18", [1, 1, 96, 96])], ids=["lenet", "resnet18"]
)
def test_the_reference_has_its_own_shapes(target: str, shape: list[int]) -> None:
    assert check_network(target, getattr(solutions, target), shape).outcome is Outcome.PASSED


def test_arguments_of_the_constructor_come_from_the_rubric() -> None:
    arch = [[1, 16], [2, 32]]

    right = check_network("VGG", solutions.VGG, [1, 1, 8, 8], args=[arch])
    wrong = check_network("VGG", misconceived_networks.VGGSingleConvolutions, [1, 1, 8, 8], args=[arch])

    assert right.outcome is Outcome.PASSED
    assert wrong.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "mistaken",
    [misconceived_networks.LeNetUnpadded, misconceived_networks.LeNetPaddedTwice],
    ids=lambda each: each.__name__,
)
def test_a_network_of_other_shapes_fails(mistaken: type[nn.Module]) -> None:
    finding = check_network("LeNet", mistaken, [1, 1, 28, 28])

    assert finding.outcome is Outcome.FAILED
    assert finding.message.startswith(" ".join((mistaken.__doc__ or "").split()))
    assert "should be a" in finding.message


# ---- one layer wrong -------------------------------------------------------------------------------------------------


class LeNetNarrow(solutions.LeNet):
    def __init__(self) -> None:
        super().__init__()
        self.net[7] = nn.LazyLinear(100)


class LeNetLonger(solutions.LeNet):
    def __init__(self) -> None:
        super().__init__()
        self.net.insert(9, nn.LazyLinear(120))


class LeNetShorter(solutions.LeNet):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(*self.net[:7], *self.net[9:])


class LeNetUnpooled(solutions.LeNet):
    def __init__(self) -> None:
        super().__init__()
        self.net[2] = nn.Identity()


class LeNetNeverPooled(LeNetUnpooled):
    def __init__(self) -> None:
        super().__init__()
        self.net[5] = nn.Identity()


class LeNetTwoWrong(solutions.LeNet):
    def __init__(self) -> None:
        super().__init__()
        self.net[0], self.net[9] = nn.LazyConv2d(6, kernel_size=5), nn.LazyLinear(85)


@pytest.mark.parametrize(
    "network",
    [misconceived_networks.LeNetUnpadded, LeNetNarrow, LeNetLonger, LeNetShorter, LeNetUnpooled],
    ids=lambda each: each.__name__,
)
def test_one_wrong_layer_earns_the_share_that_the_rubric_gives(network: type[nn.Module]) -> None:
    strict = check_network("LeNet", network, [1, 1, 28, 28])
    kind = check_network("LeNet", network, [1, 1, 28, 28], credit={"one_layer": 0.5})

    assert (strict.outcome, strict.credit) == (Outcome.FAILED, 0.0)
    assert (kind.outcome, kind.credit) == (Outcome.PARTIAL, 0.5)
    assert "which earns 50 % of the points" in kind.message


@pytest.mark.parametrize("network", [LeNetTwoWrong, LeNetNeverPooled, nn.Identity], ids=lambda each: each.__name__)
def test_two_wrong_layers_earn_nothing(network: type[nn.Module]) -> None:
    assert check_network("LeNet", network, [1, 1, 28, 28], credit={"one_layer": 0.5}).credit == 0


class LeNetPaddedByHand(solutions.LeNet):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.ZeroPad2d(2), nn.LazyConv2d(6, kernel_size=5), *self.net[1:])


class LeNetPooledSlowly(solutions.LeNet):
    """Three layers are wrong, each by little."""

    def __init__(self) -> None:
        super().__init__()
        self.net[0] = nn.LazyConv2d(6, kernel_size=3)
        self.net[2], self.net[5] = nn.AvgPool2d(2, stride=1), nn.AvgPool2d(2, stride=1)


def test_a_border_of_zeros_is_padding() -> None:
    assert check_network("LeNet", LeNetPaddedByHand, [1, 1, 28, 28]).outcome is Outcome.PASSED


def test_several_small_mistakes_are_not_one() -> None:
    assert check_network("LeNet", LeNetPooledSlowly, [1, 1, 28, 28], credit={"one_layer": 0.5}).credit == 0


def test_a_cause_is_claimed_only_where_kernels_and_paddings_show_it() -> None:
    class LeNetWide(solutions.LeNet):
        def __init__(self) -> None:
            super().__init__()
            self.net[0] = nn.LazyConv2d(6, kernel_size=7, padding=1)  # as narrow as 5 x 5 without padding

    finding = check_network("LeNet", LeNetWide, [1, 1, 28, 28])

    assert finding.message.startswith("Layer 1 of 5 should be")


@pytest.mark.parametrize("credit", [{"one_layer": 1}, {"one_layer": True}, {"on_layer": 0.5}, {"one_layer": "half"}])
def test_a_share_that_is_none_is_a_mistake_of_the_rubric(credit: dict[str, Any]) -> None:
    with pytest.raises(RubricError, match="lenet-shapes: credit"):
        has_shapes(FakeSession(), FakeReference(), ITEM, input=[1, 1, 28, 28], credit=credit)


@pytest.mark.parametrize(
    ("before", "read", "same"),
    [((24, 24), "1, 1", True), ((12, 12), "1, 1", True), ((24, 24), "3, 3", True), ((12, 12), "3, 3", False)],
)
def test_pixels_that_a_1x1_convolution_leaves_out_may_be_left_out_before(
    before: tuple[int, int], read: str, same: bool
) -> None:
    kernel = [int(side) for side in read.split(", ")]
    row = ("Conv2d", [1, 128, 12, 12], [1, 64, 24, 24], [128, 64, *kernel, 2, 2, 0, 0])
    mine = ("Conv2d", [1, 128, 12, 12], [1, 64, *before], [128, 64, *kernel, 1, 1, 0, 0])
    answers = [{("shapes", "LeNet"): traced(each, output=each[1])} for each in (mine, row)]

    finding = has_shapes(FakeSession(answers[0]), FakeReference(answers[1]), ITEM, input=[1, 64, 24, 24])

    assert (finding.outcome is Outcome.PASSED) is same


def test_functions_instead_of_layers_have_the_same_shapes() -> None:
    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.filters, self.last = nn.Parameter(torch.zeros(6, 1, 5, 5)), nn.Linear(6 * 14 * 14, 10)

        def forward(self, X: torch.Tensor) -> torch.Tensor:
            hidden = torch.sigmoid(nn.functional.conv2d(X, self.filters, padding=2))
            scores: torch.Tensor = self.last(nn.functional.avg_pool2d(hidden, 2).flatten(1))
            return scores

    reference = FakeReference({("shapes", "LeNet"): traced(*LAYERS)})

    assert (
        has_shapes(FakeSession(defining(Functional)), reference, ITEM, input=[1, 1, 28, 28]).outcome is Outcome.PASSED
    )
