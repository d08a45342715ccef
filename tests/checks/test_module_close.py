"""A module computes what the reference computes with the same weights."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from grader.answer_key import AnswerKey
from grader.checks.module_answers import differences
from grader.checks.module_close import module_close
from grader.errors import RubricError
from grader.probes import Died, Missing, Observation, Probe, Raised, Returned, TimedOut
from grader.records import Finding, Mismatch, Outcome
from reference.hw2_cnn import solutions
from reference.hw2_cnn.misconceptions import MISCONCEPTIONS
from tests.fakes import FakeSession, defining, item

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def key() -> AnswerKey:
    return AnswerKey(ROOT, "hw2_cnn")


def mistaken(target: str, name: str) -> Any:
    """A misconception of the reference by its name."""
    return next(each for each in MISCONCEPTIONS[target] if each.__name__ == name)


def check(key: AnswerKey, target: str, answer: Callable[[Probe], Observation], inputs: str, cases: int = 2) -> Finding:
    return module_close(FakeSession(answer), key, item("module_close", target), inputs=inputs, cases=cases)


class OtherResidual(nn.Module):
    """A right block in another style: other names, another order of creation, layers that are never used."""

    def __init__(self, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__()
        self.shortcut = nn.LazyConv2d(num_channels, 1, stride=strides) if use_1x1conv else nn.Identity()
        self.relu = nn.ReLU(inplace=True)
        self.path = nn.Sequential(
            nn.LazyConv2d(num_channels, 3, padding=1, stride=strides),
            nn.LazyBatchNorm2d(),
            self.relu,
            nn.LazyConv2d(num_channels, 3, padding=1),
            nn.LazyBatchNorm2d(),
        )

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        Y: torch.Tensor = self.relu(self.shortcut(X) + self.path(X))
        return Y


class Float32(nn.Module):
    """A right layer bound to float32 by a constant."""

    def __init__(self, kernel_size: tuple[int, int]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h, w = self.weight.shape
        windows = x.unfold(0, h, 1).unfold(1, w, 1).reshape(-1, h * w)
        one = torch.ones(h * w, 1, dtype=torch.float32)
        return ((windows * self.weight.reshape(-1)) @ one).reshape(x.shape[0] - h + 1, -1) + self.bias


@pytest.mark.parametrize(
    ("target", "inputs"),
    [("Residual", "residual_identity_inputs"), ("Residual", "residual_1x1_inputs"), ("Conv2D", "conv2d_inputs")],
)
def test_the_reference_agrees_with_itself(key: AnswerKey, target: str, inputs: str) -> None:
    finding = check(key, target, defining(getattr(solutions, target)), inputs)

    assert (finding.outcome, finding.credit) == (Outcome.PASSED, 1.0)
    assert finding.message == "Outputs and gradients agree with the reference in 2 of 2 cases."


@pytest.mark.parametrize("inputs", ["residual_identity_inputs", "residual_1x1_inputs"])
def test_a_right_module_in_another_style_passes(key: AnswerKey, inputs: str) -> None:
    assert check(key, "Residual", defining(OtherResidual), inputs).outcome is Outcome.PASSED


def test_a_right_module_that_is_bound_to_float32_passes(key: AnswerKey) -> None:
    assert check(key, "Conv2D", defining(Float32), "conv2d_inputs").outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("target", "version", "inputs"),
    [
        ("Residual", mistaken("Residual", "ResidualWithoutSkip"), "residual_identity_inputs"),
        ("Residual", mistaken("Residual", "ResidualWithoutFinalReLU"), "residual_identity_inputs"),
        ("Conv2D", mistaken("Conv2D", "Conv2DWithoutBias"), "conv2d_inputs"),
        ("LeNet", mistaken("LeNet", "LeNetReLU"), "lenet_inputs"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_misconception_is_named_before_what_differs(key: AnswerKey, target: str, version: Any, inputs: str) -> None:
    finding = check(key, target, defining(version), inputs)

    assert (finding.outcome, finding.credit) == (Outcome.FAILED, 0.0)
    assert finding.message.startswith(" ".join(version.__doc__.split()))
    assert "2 of 2 cases are wrong." in finding.message


@pytest.mark.parametrize("name", ["ResidualStrideOnBoth", "ResidualReLUOnInput", "ResidualIgnores1x1"])
def test_a_misconception_that_raises_or_changes_its_input_is_named_too(key: AnswerKey, name: str) -> None:
    version = mistaken("Residual", name)

    finding = check(key, "Residual", defining(version), "residual_1x1_inputs", cases=4)

    assert finding.message.startswith(" ".join(version.__doc__.split()))


def test_a_wrong_output_is_measured_in_its_mode(key: AnswerKey) -> None:
    class Doubled(solutions.Conv2D):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 2 * super().forward(x)

    finding = check(key, "Conv2D", defining(Doubled), "conv2d_inputs", cases=1)

    assert finding.message.startswith("Output in eval mode: 9 of 9 elements differ; the greatest difference is ")
    assert finding.mismatch is not None


def test_what_wrong_modules_have_in_common_is_told_where_no_misconception_fits(key: AnswerKey) -> None:
    class Tripled(solutions.Conv2D):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 3 * super().forward(x)

    finding = check(key, "Conv2D", defining(Tripled), "conv2d_inputs")

    assert finding.message.startswith(
        "Every value of the output is 3 times too large. 2 of 2 cases are wrong. Output in eval mode: "
    )


def test_batch_norm_in_the_wrong_mode_is_told(key: AnswerKey) -> None:
    class AlwaysTraining(solutions.Residual):
        def forward(self, X: torch.Tensor) -> torch.Tensor:
            self.bn1.train()
            self.bn2.train()
            return super().forward(X)

    finding = check(key, "Residual", defining(AlwaysTraining), "residual_identity_inputs")

    assert finding.message.startswith("In eval mode, BatchNorm uses the statistics of the batch;")


def test_an_input_that_is_cut_off_is_told_once(key: AnswerKey) -> None:
    class Detached(solutions.Conv2D):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x.detach())

    finding = check(key, "Conv2D", defining(Detached), "conv2d_inputs")

    assert finding.message == (
        "The outputs are right, but no gradient reaches the input: is it cut off by .data, detach() or no_grad()? "
        "2 of 2 cases are wrong. There is no gradient with respect to the input."
    )


def test_a_module_without_its_parameters_is_told_which_are_lacking(key: AnswerKey) -> None:
    finding = check(key, "Conv2D", defining(mistaken("Conv2D", "Conv2DPlainTensors")), "conv2d_inputs")

    assert finding.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("observation", "message"),
    [
        (Missing("Conv2D"), "`Conv2D` is not defined."),
        (TimedOut(10.0), "`Conv2D` gave no answer in 10 s."),
        (Died("gone"), "`Conv2D` ended the kernel: gone."),
        (Raised("NotImplementedError"), "`Conv2D` is still the stub: it raises NotImplementedError."),
        (Raised("TypeError", "Y = X + 1"), "2 of 2 cases are wrong. `Conv2D` raised TypeError at `Y = X + 1`."),
    ],
    ids=["missing", "timed-out", "died", "stub", "raised"],
)
def test_what_happened_instead_is_said_in_a_sentence(key: AnswerKey, observation: Observation, message: str) -> None:
    finding = check(key, "Conv2D", lambda probe: observation, "conv2d_inputs")

    assert (finding.outcome, finding.message) == (Outcome.FAILED, message)


def test_what_is_no_answer_to_the_question_fails(key: AnswerKey) -> None:
    assert check(key, "Conv2D", lambda probe: Returned(torch.ones(3)), "conv2d_inputs").outcome is Outcome.FAILED


# ---- a share of the points -------------------------------------------------------------------------------------------


SHARES = {"forward": 0.5, "shape": 0.2}


class CutOff(solutions.Conv2D):
    """Right forward, but no gradient reaches the input."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.detach())


class Tripled(solutions.Conv2D):
    """The right shape only."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 3 * super().forward(x)


class Infinite(solutions.Conv2D):
    """The right shape, but no numbers."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) / 0


class Cropped(solutions.Conv2D):
    """The right shape for small images only."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x)[:5]


@pytest.mark.parametrize(
    ("target", "credit", "share", "because"),
    [
        (CutOff, SHARES, 0.5, "The outputs are right in train and eval mode, which earns 50 % of the points."),
        (CutOff, {"shape": 0.2}, 0.2, "The outputs have the right shapes, which earns 20 % of the points."),
        (Tripled, SHARES, 0.2, "The outputs have the right shapes, which earns 20 % of the points."),
        (Tripled, {"forward": 0.5}, 0.0, ""),
        (Infinite, SHARES, 0.0, ""),
        (Cropped, SHARES, 0.0, ""),
        (CutOff, {}, 0.0, ""),
        (solutions.Conv2D, SHARES, 1.0, ""),
    ],
    ids=["forward", "only-shape-counts", "shape", "only-forward-counts", "infinite", "cropped", "no-shares", "right"],
)
def test_what_is_right_earns_its_share(
    key: AnswerKey, target: Any, credit: dict[str, float], share: float, because: str
) -> None:
    session = FakeSession(defining(target))
    finding = module_close(session, key, item("module_close", "Conv2D"), inputs="conv2d_inputs", cases=6, credit=credit)

    outcomes = {0.0: Outcome.FAILED, 1.0: Outcome.PASSED}
    assert (finding.credit, finding.outcome) == (share, outcomes.get(share, Outcome.PARTIAL))
    assert finding.message.endswith(because)
    assert bool(because) == ("earns" in finding.message)


def test_a_share_of_something_else_is_a_mistake_in_the_rubric(key: AnswerKey) -> None:
    with pytest.raises(RubricError, match=r"^rubric.yaml: the-item: credit: 'backward' is none of forward, shape$"):
        module_close(FakeSession(), key, item("module_close"), inputs="conv2d_inputs", credit={"backward": 0.5})


# ---- the order in which differences are told -------------------------------------------------------------------------


def answer(changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An answer to the question `module`."""
    return {
        "eval.output": torch.ones(2, 3),
        "train.output": torch.ones(2, 3),
        "eval.input_changed": False,
        "train.input_changed": False,
        "train.input_gradient": [torch.ones(2)],
        "gradients": [([2], torch.tensor([1.0, 2.0])), ([2], torch.tensor([3.0, 4.0])), ([1], torch.ones(1))],
        "buffers": [([2], torch.ones(2))],
        **(changes or {}),
    }


def found(observed: Mapping[str, Any]) -> Mismatch:
    mismatch = differences(observed, answer())
    assert mismatch is not None
    return mismatch


def test_equal_answers_have_no_difference() -> None:
    assert differences(answer(), answer()) is None


def test_gradients_of_one_shape_count_in_any_order() -> None:
    swapped = [([2], torch.tensor([3.0, 4.0])), ([1], torch.ones(1)), ([2], torch.tensor([1.0, 2.0]))]

    assert differences(answer({"gradients": swapped}), answer()) is None


def test_one_right_gradient_does_not_count_for_two() -> None:
    twice = answer({"gradients": [([2], torch.ones(2)), ([2], torch.ones(2))]})
    once = answer({"gradients": [([2], torch.ones(2)), ([2], torch.zeros(2))]})

    assert differences(once, twice) is not None
    assert differences(twice, twice) is None


def test_parameters_the_reference_does_not_have_are_no_mistake() -> None:
    more = [*answer()["gradients"], ([7], torch.ones(7))]

    assert differences(answer({"gradients": more}), answer()) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"eval.output": torch.zeros(2, 3)},
            "Output in eval mode: 6 of 6 elements differ; the greatest difference is 1",
        ),
        ({"train.output": torch.ones(2, 4)}, "Output in train mode: Expected shape (2, 3), got (2, 4)."),
        ({"eval.input_changed": True}, "The module changes its input in place."),
        ({"train.input_gradient": [torch.zeros(2)]}, "Gradient with respect to the input: 2 of 2 elements differ"),
        ({"train.input_gradient": [None]}, "There is no gradient with respect to the input."),
        ({"train.input_gradient": None}, "Gradient with respect to the input: Expected 1 values, got None"),
        (
            {"gradients": [([2], torch.tensor([1.0, 2.0])), ([2], torch.tensor([3.0, 4.0]))]},
            "Expected 1 parameter gradient of shape (1,), found 0.",
        ),
        (
            {"gradients": [([2], torch.tensor([1.0, 2.0])), ([1], torch.ones(1))]},
            "Expected 2 parameter gradients of shape (2,), found 1.",
        ),
        (
            {"gradients": [([2], torch.tensor([1.0, 2.0]))] * 2 + [([1], torch.ones(1))]},
            "A parameter gradient of shape (2,) differs from the reference's.",
        ),
        ({"gradients": None}, "Expected 2 parameter gradients of shape (2,), found 0."),
        ({"buffers": [([2], torch.zeros(2))]}, "A running statistic of shape (2,) differs from the reference's."),
    ],
    ids=lambda each: "" if isinstance(each, str) else "-".join(each),
)
def test_every_difference_has_its_sentence(changes: dict[str, Any], message: str) -> None:
    assert found(answer(changes)).message.startswith(message)


def test_the_output_is_told_before_what_follows_from_it() -> None:
    zeros = torch.zeros(2, 3)

    assert found(
        answer({"eval.output": zeros, "train.output": zeros, "gradients": [], "buffers": []})
    ).message.startswith("Output in eval mode:")


@pytest.mark.parametrize("rows", [5, [5], [[5, 5]], [[["wide"], 5]], [[[[2]], 5]], [None]], ids=repr)
@pytest.mark.parametrize("bag", ["gradients", "buffers"])
def test_what_is_no_collection_of_gradients_differs(bag: str, rows: object) -> None:
    assert "found 0" in found(answer({bag: rows})).message


@pytest.mark.parametrize("odd", [torch.ones(2), True, [["dropout"]], [["dropout", torch.ones(2), 3]]], ids=repr)
def test_what_is_no_list_of_dropouts_differs(odd: object) -> None:
    expected = answer({"train.dropout": [["dropout", 0.5, 3]]})
    mismatch = differences(answer({"train.dropout": odd}), expected)

    assert mismatch is not None and "drops 0.5 of its values" in mismatch.message


@pytest.mark.parametrize("key", sorted(answer()))
def test_an_answer_that_leaves_something_out_differs(key: str) -> None:
    lacking = {name: value for name, value in answer().items() if name != key}

    assert differences(lacking, answer()) is not None


# ---- dropout ---------------------------------------------------------------------------------------------------------


class VGGHead(nn.Module):
    """The reference's VGG, its two dropouts made in another way.

    Args:
        drop: takes the place of a dropout layer.
    """

    def __init__(self, drop: Callable[[], nn.Module], arch: Any, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__()
        net = solutions.VGG(arch, lr, num_classes).net
        self.net = nn.Sequential(*(drop() if isinstance(layer, nn.Dropout) else layer for layer in net))

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.net(X)
        return scores


class Masked(nn.Module):
    """A dropout written by hand."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return X * (torch.rand_like(X) > 0.5) * 2 if self.training else X


class Functional(nn.Module):
    """A dropout by function; `always` forgets to ask for the mode."""

    def __init__(self, always: bool = False) -> None:
        super().__init__()
        self.always = always

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return nn.functional.dropout(X, 0.5, self.always or self.training)


def check_vgg(key: AnswerKey, drop: Callable[[], nn.Module]) -> Finding:
    return check(key, "VGG", defining(functools.partial(VGGHead, drop)), "vgg_inputs", 1)


@pytest.mark.parametrize("drop", [nn.Dropout, Functional, Masked])
def test_dropout_may_be_written_in_any_way(key: AnswerKey, drop: Callable[[], nn.Module]) -> None:
    assert check_vgg(key, drop).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("drop", "told"),
    [
        (
            nn.Identity,
            "In train mode the book's module drops 0.5 and 0.5 of its values, each in its place; yours does otherwise.",
        ),
        (lambda: nn.Dropout(0.1), "In train mode the book's module drops 0.5"),
        (lambda: nn.AlphaDropout(0.5), "In train mode the book's module drops 0.5"),
        (lambda: Functional(always=True), "In eval mode the book's module drops nothing; yours does otherwise."),
    ],
    ids=["none", "another-rate", "another-kind", "always"],
)
def test_dropout_has_to_be_what_is_asked_for(key: AnswerKey, drop: Callable[[], nn.Module], told: str) -> None:
    finding = check_vgg(key, drop)

    assert finding.outcome is Outcome.FAILED
    assert told in finding.message


def test_noise_is_no_dropout_by_hand(key: AnswerKey) -> None:
    class Noise(nn.Module):
        def forward(self, X: torch.Tensor) -> torch.Tensor:
            return X * 0 + torch.randn_like(X) if self.training else X

    finding = check_vgg(key, Noise)

    assert finding.outcome is Outcome.FAILED
    assert "no gradient reaches a parameter" in finding.message


class Misplaced(solutions.VGG):
    """Both dropouts stand before the first hidden layer."""

    def __init__(self, arch: Any, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(arch, lr, num_classes)
        layers = list(self.net)
        kept = [layer for layer in layers if not isinstance(layer, nn.Dropout)]
        flat = next(n for n, layer in enumerate(kept) if isinstance(layer, nn.Flatten))
        self.net = nn.Sequential(*kept[: flat + 1], nn.Dropout(0.5), nn.Dropout(0.5), *kept[flat + 1 :])


def test_dropout_has_its_place(key: AnswerKey) -> None:
    assert check(key, "VGG", defining(Misplaced), "vgg_inputs", 1).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda *_: None, "`vgg_block` gives None (is a `return` missing?); an nn.Module is asked for."),
        (lambda *_: [nn.ReLU()], "`vgg_block` gives a list; an nn.Module is asked for."),
    ],
    ids=["nothing", "list"],
)
def test_what_is_no_module_is_said_to_be_what_it_is(key: AnswerKey, made: Any, told: str) -> None:
    assert told in check(key, "vgg_block", defining(made), "vgg_block_inputs").message


class Silent(solutions.LeNet):
    def forward(self, X: torch.Tensor) -> None:  # type: ignore[override]  # forgets to return
        super().forward(X)


def test_a_forward_without_return_is_told_so(key: AnswerKey) -> None:
    assert "got None (is a `return` missing?)" in check(key, "LeNet", defining(Silent), "lenet_inputs").message


def test_dropout_by_hand_excuses_nothing_in_eval_mode(key: AnswerKey) -> None:
    wrong = functools.partial(VGGHead, lambda: nn.Sequential(Masked(), nn.Tanh()))

    assert check(key, "VGG", defining(wrong), "vgg_inputs", 1).outcome is Outcome.FAILED
