"""Parameters that are kept in another layout than the reference's are those of the reference all the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from grader.answer_key import AnswerKey
from grader.checks.asking import Answer
from grader.checks.has_shapes import has_shapes
from grader.checks.layouts import other_layouts
from grader.checks.module_close import module_close
from grader.errors import RubricError
from grader.probes import Probe, Returned, Value
from grader.records import Finding, Outcome
from tests.fakes import FakeReference, FakeSession, defining, item

ROOT = Path(__file__).parents[2]
ITEM = item("module_close", "LeNet", id="lenet-forward")
SHAPES = item("has_shapes", "LeNet", id="lenet-shapes")


class Dense(nn.Module):
    """A linear layer whose weight has the inputs first."""

    def __init__(self, inputs: int, outputs: int, *, row: bool = True, bias: bool = True) -> None:
        super().__init__()
        self.W = nn.Parameter(torch.rand(inputs, outputs))
        self.b = nn.Parameter(torch.zeros(1, outputs) if row else torch.zeros(outputs))
        self.bias = bias

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return X @ self.W + (self.b if self.bias else 0 * self.b)


class Convolution(nn.Module):
    """A convolution whose weight is a matrix, one column an output."""

    def __init__(self, channels: int, outputs: int, padding: int) -> None:
        super().__init__()
        self.W = nn.Parameter(torch.rand(channels * 25, outputs))
        self.b = nn.Parameter(torch.zeros(outputs, 1))
        self.padding = padding

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        rows = X.shape[2] + 2 * self.padding - 4
        columns = F.unfold(X, 5, padding=self.padding)
        output: torch.Tensor = (self.W.T @ columns + self.b).unflatten(2, (rows, -1))
        return output


class LeNet(nn.Module):
    def __init__(
        self, lr: float = 0.1, num_classes: int = 10, activation: type[nn.Module] = nn.Sigmoid, bias: bool = True
    ) -> None:
        super().__init__()
        self.net = nn.Sequential(
            Convolution(1, 6, 2), activation(), nn.AvgPool2d(2), Convolution(6, 16, 0), activation(), nn.AvgPool2d(2),
            nn.Flatten(), Dense(400, 120), activation(), Dense(120, 84, row=False, bias=bias), activation(),
            nn.Linear(84, num_classes),
        )  # fmt: skip

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = self.net(X)
        return output


class Rectified(LeNet):
    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(lr, num_classes, nn.ReLU)


class Unbiased(LeNet):
    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(lr, num_classes, bias=False)


def check(network: type[nn.Module], layout: str = "free") -> Finding:
    student = FakeSession(defining(network))
    return module_close(student, AnswerKey(ROOT, "hw2_cnn"), ITEM, inputs="lenet_inputs", cases=3, weight_layout=layout)


def test_matrix_products_compute_what_the_layers_compute() -> None:
    finding = check(LeNet)

    assert (finding.outcome, finding.message) == (
        Outcome.PASSED,
        "Outputs and gradients agree with the reference in 3 of 3 cases.",
    )


def test_where_the_layout_is_asked_for_it_has_to_be_kept() -> None:
    finding = check(LeNet, "fixed")

    assert finding.outcome is Outcome.FAILED
    assert finding.message.startswith("Your module has no parameter tensors of shape (6, 1, 5, 5); 1 is expected.")


def test_a_wrong_network_stays_wrong_and_is_told_why() -> None:
    finding = check(Rectified)

    assert finding.outcome is Outcome.FAILED
    assert finding.message.startswith(
        "The activations are ReLU; the LeNet of 7.6 has sigmoids. 3 of 3 cases are wrong."
    )


def test_a_bias_that_is_lacking_is_wrong_in_every_layout() -> None:
    assert check(Unbiased).outcome is Outcome.FAILED


def test_a_misspelt_layout_is_the_rubrics_mistake() -> None:
    with pytest.raises(RubricError, match="weight_layout: 'any' is not fixed or free"):
        check(LeNet, "any")


def trace(network: type[nn.Module], **options: Value) -> Finding:
    student = FakeSession(defining(network))
    return has_shapes(student, AnswerKey(ROOT, "hw2_cnn"), SHAPES, input=[1, 1, 28, 28], **options)


def test_layers_that_no_trace_shows_are_there_where_they_compute_the_same() -> None:
    assert trace(LeNet).outcome is Outcome.FAILED
    finding = trace(LeNet, inputs="lenet_inputs")

    assert (finding.outcome, finding.message) == (
        Outcome.PASSED,
        "The layers are written in another way, and compute what those of the reference compute.",
    )


def test_layers_that_compute_something_else_are_told_by_their_trace() -> None:
    finding = trace(Rectified, inputs="lenet_inputs")

    assert finding.outcome is Outcome.FAILED
    assert finding.message.startswith("Layer 1 of 5 should be a convolution")


def test_a_convolution_that_sees_the_whole_image_is_a_linear_layer() -> None:
    class Convolved(nn.Sequential):
        def __init__(self) -> None:
            super().__init__(
                nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                nn.AvgPool2d(2), nn.Conv2d(16, 120, 5), nn.Flatten(), nn.ReLU(), nn.Linear(120, 84), nn.Linear(84, 10),
            )  # fmt: skip

    assert trace(Convolved).outcome is Outcome.PASSED


# ---- what shapes suggest ---------------------------------------------------------------------------------------------


def ways(own: list[Value], theirs: list[Value]) -> list[list[Value]]:
    """The layouts that parameters of these shapes suggest."""

    def answer(shapes: list[Value]) -> Value:
        return {"gradients": [[shape, torch.zeros(1)] for shape in shapes], "unused": []}

    return list(other_layouts(Answer(Probe("module", "Net"), Returned(answer(own)), answer(theirs))))


@pytest.mark.parametrize(
    ("own", "theirs", "turned"),
    [
        ([3, 2], [2, 3], True),
        ([18, 4], [4, 2, 3, 3], True),
        ([4, 18], [4, 2, 3, 3], False),
        ([4, 2, 3, 3], [4, 18], False),
        ([1, 4], [4], False),
        ([5, 5], [1, 1, 5, 5], False),
    ],
)
def test_a_shape_of_as_many_elements_suggests_a_layout(own: list[int], theirs: list[int], turned: bool) -> None:
    assert ways([own], [theirs]) == [[[own, theirs, turned]]]


@pytest.mark.parametrize(
    ("own", "theirs"),
    [
        ([[2, 3]], [[2, 3]]),
        ([[2, 6]], [[3, 4]]),
        ([[3, 2], [3, 2]], [[2, 3]]),
        ([], [[2, 3]]),
        ([[0, 2]], [[2, 3]]),
        ([["3", 2]], [[2, 3]]),
        ([[]], [[1]]),
    ],
    ids=["the same", "other factors", "one too many", "none", "no elements", "odd", "no axes"],
)
def test_nothing_else_does(own: list[Value], theirs: list[Value]) -> None:
    assert ways(own, theirs) == []


def test_square_matrices_are_turned_around_in_a_second_way() -> None:
    found = ways([[3, 2], [4, 4]], [[2, 3], [4, 4]])

    assert found == [[[[3, 2], [2, 3], True]], [[[3, 2], [2, 3], True], [[4, 4], [4, 4], True]]]


def test_what_comes_out_of_the_sandbox_may_be_anything() -> None:
    odd = Returned({"gradients": [1, [], [[2]], [[-2, -3], 0]], "unused": 3})

    answer = Answer(Probe("module", "Net"), odd, {"gradients": [[[3, 2], torch.ones(6)]], "unused": []})

    assert list(other_layouts(answer)) == []


@pytest.mark.parametrize(("output", "outcome"), [([1, 10], Outcome.PASSED), ([1, 11], Outcome.FAILED)])
def test_with_arguments_of_its_own_the_trace_has_to_show_what_the_network_gives(
    output: list[int], outcome: Outcome
) -> None:
    layers = [["Linear", [1, 10], [1, 4], []]]
    zeros = {name: torch.zeros(1, 10) for name in ("train.output", "eval.output")}
    module = {**zeros, "train.input_changed": False, "eval.input_changed": False, "train.input_gradient": []}
    computed = Returned({**module, "gradients": [], "unused": [], "buffers": []})
    seen = {"layers": [], "modules": [], "output": output}
    student = FakeSession({("shapes", "LeNet"): Returned(seen), ("module", "LeNet"): computed})
    wanted = {"layers": layers, "modules": [], "output": [1, 10]}
    reference = FakeReference({("shapes", "LeNet"): Returned(wanted), ("module", "LeNet"): computed})

    finding = has_shapes(student, reference, SHAPES, input=[1, 4], args=[3], inputs="any")

    assert finding.outcome is outcome
