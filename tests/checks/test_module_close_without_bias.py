"""A convolution needs no bias of its own where BatchNorm follows it, and elsewhere only if the rubric says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from grader.answer_key import AnswerKey
from grader.checks.module_close import module_close
from grader.errors import RubricError
from grader.records import Finding, Outcome
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


def check(key: AnswerKey, name: str, target: Any, inputs: str, cases: int = 2, **options: Any) -> Finding:
    session, asked = FakeSession(defining(target)), item("module_close", name)
    return module_close(session, key, asked, inputs=inputs, cases=cases, **options)


class WithoutBias(nn.Module):
    """A right block whose convolutions have no bias, because BatchNorm follows them; its shortcut has one."""

    def __init__(self, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.LazyConv2d(num_channels, 3, padding=1, stride=strides, bias=False)
        self.conv2 = nn.LazyConv2d(num_channels, 3, padding=1, bias=False)
        self.conv3 = nn.LazyConv2d(num_channels, 1, stride=strides) if use_1x1conv else nn.Identity()
        self.bn1, self.bn2 = nn.LazyBatchNorm2d(), nn.LazyBatchNorm2d()

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        Y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(X)))))
        return torch.relu(Y + self.conv3(X))


class OneBias(WithoutBias):
    """As before, only that the first convolution has a bias."""

    def __init__(self, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__(num_channels, use_1x1conv, strides)
        self.conv1 = nn.LazyConv2d(num_channels, 3, padding=1, stride=strides)


class WithoutBiasInFloat32(WithoutBias):
    """As before, only bound to float32 by a constant."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return super().forward(X) @ torch.eye(X.shape[-1], dtype=torch.float32)


class WithoutAnyBias(WithoutBias):
    """Wrong: no BatchNorm follows the shortcut, whose bias is lacking."""

    def __init__(self, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__(num_channels, use_1x1conv, strides)
        self.conv3 = nn.LazyConv2d(num_channels, 1, stride=strides, bias=False)


class WithoutAnyBiasAndStatistics(WithoutAnyBias):
    """Wrong for another reason: BatchNorm has no weight and bias of its own, whose gradients are vectors, too."""

    def __init__(self, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__(num_channels, use_1x1conv, strides)
        self.bn2 = nn.LazyBatchNorm2d(affine=False)


class WithoutAnyBiasAndShortcut(WithoutAnyBias):
    """Wrong for another reason: no gradient reaches the shortcut."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        Y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(X)))))
        return torch.relu(Y + self.conv3(X).detach())


class WithoutBiasOfTheNorm(WithoutAnyBias):
    """Wrong for another reason: the bias of the last BatchNorm is never trained."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        self.bn2.bias.requires_grad_(False)
        return super().forward(X)


class WithoutBiasAndReLU(WithoutBias):
    """Wrong for another reason: no ReLU follows the addition."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        Y: torch.Tensor = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(X))))) + self.conv3(X)
        return Y


class BiasAfterBatchNorm(OneBias):
    """Wrong: the one bias that is there is added where it has an effect."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        assert self.conv1.bias is not None
        first = self.bn1(self.conv1(X)) + self.conv1.bias[:, None, None]
        return torch.relu(self.bn2(self.conv2(torch.relu(first))) + self.conv3(X))


class CutOffWeight(solutions.Conv2D):
    """Wrong: no gradient reaches the weight."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return solutions.corr2d(x, self.weight.data) + self.bias


class WithoutScale(WithoutBias):
    """Wrong: BatchNorm has no weight and bias of its own, so that more is lacking than the convolutions' biases."""

    def __init__(self, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__(num_channels, use_1x1conv, strides)
        self.bn1 = nn.LazyBatchNorm2d(affine=False)


class LeNetWithoutBias(solutions.LeNet):
    """Wrong: nothing makes up for the bias of the first convolution."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(lr, num_classes)
        self.net[0] = nn.LazyConv2d(6, kernel_size=5, padding=2, bias=False)


class ResNetWithoutBias(solutions.ResNet):
    """A right network whose blocks and stem have no biases before BatchNorm."""

    def b1(self) -> nn.Sequential:
        stem = super().b1()
        stem[0] = nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3, bias=False)
        return stem

    def block(self, num_residuals: int, num_channels: int, first_block: bool = False) -> nn.Sequential:
        first = WithoutBias(num_channels) if first_block else WithoutBias(num_channels, use_1x1conv=True, strides=2)
        return nn.Sequential(first, *(WithoutBias(num_channels) for _ in range(num_residuals - 1)))


class ResNetWithoutAnyBias(ResNetWithoutBias):
    """A network whose shortcuts have none either; the gradients of two vectors are equal there."""

    def block(self, num_residuals: int, num_channels: int, first_block: bool = False) -> nn.Sequential:
        first = WithoutBias(num_channels) if first_block else WithoutAnyBias(num_channels, True, 2)
        return nn.Sequential(first, *(WithoutBias(num_channels) for _ in range(num_residuals - 1)))


@pytest.mark.parametrize(
    ("target", "inputs"),
    [
        (WithoutBias, "residual_identity_inputs"),
        (WithoutBias, "residual_1x1_inputs"),
        (OneBias, "residual_1x1_inputs"),
        (WithoutBiasInFloat32, "residual_identity_inputs"),
    ],
)
def test_a_convolution_before_batch_norm_needs_no_bias(key: AnswerKey, target: Any, inputs: str) -> None:
    finding = check(key, "Residual", target, inputs, cases=4)

    assert (finding.outcome, finding.credit) == (Outcome.PASSED, 1.0)


def test_a_network_of_such_blocks_earns_everything(key: AnswerKey) -> None:
    assert check(key, "ResNet", ResNetWithoutBias, "resnet_inputs").credit == 1.0


def test_where_no_bias_is_asked_for_a_shortcut_needs_none(key: AnswerKey) -> None:
    optional = check(key, "Residual", WithoutAnyBias, "residual_1x1_inputs", 4, convolution_bias="optional")

    assert (optional.outcome, optional.credit) == (Outcome.PASSED, 1.0)
    assert check(key, "ResNet", ResNetWithoutAnyBias, "resnet_inputs", convolution_bias="optional").credit == 1.0


@pytest.mark.parametrize(
    "target",
    [WithoutAnyBiasAndStatistics, WithoutAnyBiasAndShortcut, WithoutBiasOfTheNorm, WithoutBiasAndReLU, WithoutScale],
)
def test_nothing_else_may_be_lacking_then(key: AnswerKey, target: Any) -> None:
    finding = check(key, "Residual", target, "residual_1x1_inputs", convolution_bias="optional")

    assert (finding.outcome, finding.credit) == (Outcome.FAILED, 0.0)


def test_a_bias_is_needed_or_optional(key: AnswerKey) -> None:
    with pytest.raises(RubricError, match="convolution_bias: 'no' is not needed or optional"):
        check(key, "Residual", WithoutBias, "residual_1x1_inputs", convolution_bias="no")


@pytest.mark.parametrize(
    ("name", "target", "inputs"),
    [
        ("Residual", WithoutAnyBias, "residual_1x1_inputs"),
        ("Residual", WithoutScale, "residual_identity_inputs"),
        ("Residual", BiasAfterBatchNorm, "residual_identity_inputs"),
        ("LeNet", LeNetWithoutBias, "lenet_inputs"),
        ("Conv2D", mistaken("Conv2D", "Conv2DWithoutBias"), "conv2d_inputs"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_bias_that_has_an_effect_is_needed(key: AnswerKey, name: str, target: Any, inputs: str) -> None:
    finding = check(key, name, target, inputs)

    assert (finding.outcome, finding.credit) == (Outcome.FAILED, 0.0)


def test_outputs_that_are_right_without_a_needed_bias_earn_no_share(key: AnswerKey) -> None:
    session = FakeSession(defining(LeNetWithoutBias))

    finding = module_close(
        session, key, item("module_close", "LeNet"), inputs="lenet_inputs", cases=2, credit={"forward": 0.5}
    )

    assert finding.credit == 0.0
    assert finding.message.startswith("Your module has no parameter tensors of shape (6,); 1 is expected.")


def test_a_module_without_biases_is_explained_as_if_it_had_them(key: AnswerKey) -> None:
    finding = check(key, "Residual", WithoutBiasAndReLU, "residual_identity_inputs")

    sentence = " ".join((mistaken("Residual", "ResidualWithoutFinalReLU").__doc__ or "").split())
    assert finding.message.startswith(f"{sentence} 2 of 2 cases are wrong.")


@pytest.mark.parametrize(
    ("name", "target", "inputs", "biases"),
    [
        ("Residual", WithoutBias, "residual_identity_inputs", [None, None, "zero", "zero"]),
        ("Residual", solutions.Residual, "residual_identity_inputs", [None, None]),
        ("Residual", mistaken("Residual", "ResidualWithoutSkip"), "residual_identity_inputs", [None, None]),
        ("Conv2D", CutOffWeight, "conv2d_inputs", [None, None]),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_only_what_lacks_gradients_of_vectors_is_asked_once_more(
    key: AnswerKey, name: str, target: Any, inputs: str, biases: list[object]
) -> None:
    session = FakeSession(defining(target))

    module_close(session, key, item("module_close", name), inputs=inputs, cases=2)

    assert [probe.options.get("bias") for probe in session.asked] == biases
