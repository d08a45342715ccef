"""Wrong versions of the residual networks of 8.6.

Each docstring is the sentence that a student reads when the answers equal those of the version below it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from . import solutions


class ResNetWithoutGlobalPooling(solutions.ResNet):
    """The head flattens the whole image; ResNet averages each channel first."""

    def __init__(self, arch: Sequence[Sequence[int]], lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(arch, lr, num_classes)
        self.net[-1] = nn.Sequential(nn.Flatten(), nn.LazyLinear(num_classes))


class ResNetGlobalMaximum(solutions.ResNet):
    """The head takes each channel's maximum; ResNet takes its average."""

    def __init__(self, arch: Sequence[Sequence[int]], lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(arch, lr, num_classes)
        self.net[-1] = nn.Sequential(nn.AdaptiveMaxPool2d((1, 1)), nn.Flatten(), nn.LazyLinear(num_classes))


class ResNetFirstStageHalves(solutions.ResNet):
    """The first stage halves the image, too; it keeps the size and the channels of the stem."""

    def block(self, num_residuals: int, num_channels: int, first_block: bool = False) -> nn.Sequential:
        return super().block(num_residuals, num_channels)


class ResNetNeverHalves(solutions.ResNet):
    """No stage halves the image; each one but the first starts with stride 2."""

    def block(self, num_residuals: int, num_channels: int, first_block: bool = False) -> nn.Sequential:
        stage = super().block(num_residuals, num_channels, first_block=True)
        if not first_block:
            stage[0] = solutions.Residual(num_channels, use_1x1conv=True)
        return stage


class ResNetEveryBlockHalves(solutions.ResNet):
    """Every block of a stage halves the image; only its first one does."""

    def block(self, num_residuals: int, num_channels: int, first_block: bool = False) -> nn.Sequential:
        if first_block:
            return super().block(num_residuals, num_channels, first_block)
        halving = [solutions.Residual(num_channels, use_1x1conv=True, strides=2) for _ in range(num_residuals)]
        return nn.Sequential(*halving)


class ResNetStemWithoutPooling(solutions.ResNet):
    """The stem has no max-pooling; it ends with one of stride 2."""

    def b1(self) -> nn.Sequential:
        return super().b1()[:-1]


class ResNetStemUnpaddedPooling(solutions.ResNet):
    """The max-pooling of the stem has no padding; it has padding 1."""

    def b1(self) -> nn.Sequential:
        return nn.Sequential(*super().b1()[:-1], nn.MaxPool2d(kernel_size=3, stride=2))


class ResNetStemSmallKernel(solutions.ResNet):
    """The convolution of the stem is 3 x 3; it is 7 x 7 with padding 3."""

    def b1(self) -> nn.Sequential:
        return nn.Sequential(nn.LazyConv2d(64, kernel_size=3, stride=2, padding=1), *super().b1()[1:])


class ResNetStemWithoutReLU(solutions.ResNet):
    """No ReLU stands in the stem; one follows its batch normalisation."""

    def b1(self) -> nn.Sequential:
        convolution, norm, _, pooling = super().b1()
        return nn.Sequential(convolution, norm, pooling)


class ResNetStemWithoutBatchNorm(solutions.ResNet):
    """No batch normalisation stands in the stem; one follows its convolution."""

    def b1(self) -> nn.Sequential:
        convolution, _, *others = super().b1()
        return nn.Sequential(convolution, *others)


class ResNetWithout1x1(solutions.ResNet):
    """The first block of a stage has no 1 x 1 convolution on its shortcut; it needs one for the change of size."""

    def block(self, num_residuals: int, num_channels: int, first_block: bool = False) -> nn.Sequential:
        stage = super().block(num_residuals, num_channels, first_block=True)
        if not first_block:
            stage[0] = solutions.Residual(num_channels, strides=2)
        return stage


class ResNetOneBlockMore(solutions.ResNet):
    """Each stage has one residual block too many; the first number of each pair in arch says how many."""

    def block(self, num_residuals: int, num_channels: int, first_block: bool = False) -> nn.Sequential:
        return super().block(num_residuals + 1, num_channels, first_block)


class ResNetTenClasses(solutions.ResNet):
    """num_classes is ignored: the last layer always gives 10 scores."""

    def __init__(self, arch: Sequence[Sequence[int]], lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(arch, lr)


class ResNetSoftmax(solutions.ResNet):
    """A softmax follows the last layer; the loss already contains one, so the network returns plain scores."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return super().forward(X).softmax(dim=1)


class ResNet18OneBlock(solutions.ResNet):
    """Each stage has one residual block; ResNet-18 has two in each."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(((1, 64), (1, 128), (1, 256), (1, 512)), lr, num_classes)


class ResNet18ThreeStages(solutions.ResNet):
    """There are three stages; ResNet-18 has four, with 64, 128, 256 and 512 channels."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(((2, 64), (2, 128), (2, 256)), lr, num_classes)


class ResNet18SlowGrowth(solutions.ResNet):
    """The channels double too late; the stages of ResNet-18 have 64, 128, 256 and 512."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(((2, 64), (2, 64), (2, 128), (2, 256)), lr, num_classes)


class ResNet18EveryBlockHalves(solutions.ResNet18, ResNetEveryBlockHalves):
    """Every block of a stage halves the image; only its first one does."""


class ResNet18NeverHalves(solutions.ResNet18, ResNetNeverHalves):
    """No stage halves the image; each one but the first starts with stride 2."""


class ResNet18FirstStageHalves(solutions.ResNet18, ResNetFirstStageHalves):
    """The first stage halves the image, too; it keeps the size and the channels of the stem."""


class ResNet18StemWithoutPooling(solutions.ResNet18, ResNetStemWithoutPooling):
    """The stem has no max-pooling; it ends with one of stride 2."""


class ResNet18Deeper(solutions.ResNet):
    """The stages have 3, 4, 6 and 3 residual blocks, which makes ResNet-34; ResNet-18 has two in each."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(((3, 64), (4, 128), (6, 256), (3, 512)), lr, num_classes)
