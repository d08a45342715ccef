"""Wrong versions of the networks of 7.6, 8.2 and 8.6 and of their blocks.

Each docstring is the sentence that a student reads when the answers equal those of the version below it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn

from . import solutions


def replaced(net: nn.Sequential, kind: type[nn.Module], make: Callable[[], nn.Module]) -> nn.Sequential:
    """Give the same layers with each one of a kind made anew."""
    return nn.Sequential(*(make() if isinstance(layer, kind) else layer for layer in net))


# ---- 7.6 LeNet


class LeNetReLU(solutions.LeNet):
    """The activations are ReLU; the LeNet of 7.6 has sigmoids."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(lr, num_classes)
        self.net = replaced(self.net, nn.Sigmoid, nn.ReLU)


class LeNetMaxPooling(solutions.LeNet):
    """The pooling takes the maximum; the LeNet of 7.6 averages."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(lr, num_classes)
        self.net = replaced(self.net, nn.AvgPool2d, lambda: nn.MaxPool2d(kernel_size=2, stride=2))


class LeNetModern(solutions.LeNet):
    """This is the modernised LeNet with ReLU and max-pooling; 7.6 asks for sigmoids and average pooling."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(lr, num_classes)
        self.net = replaced(self.net, nn.Sigmoid, nn.ReLU)
        self.net = replaced(self.net, nn.AvgPool2d, lambda: nn.MaxPool2d(kernel_size=2, stride=2))


class LeNetUnpadded(solutions.LeNet):
    """The first convolution has no padding; with padding 2 it keeps the 28 x 28 pixels."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(lr, num_classes)
        self.net[0] = nn.LazyConv2d(6, kernel_size=5)


class LeNetPaddedTwice(solutions.LeNet):
    """Both convolutions are padded; only the first one is, so that the second leaves 10 x 10 pixels."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(lr, num_classes)
        self.net[3] = nn.LazyConv2d(16, kernel_size=5, padding=2)


class LeNetSoftmax(solutions.LeNet):
    """A softmax follows the last layer; the loss already contains one, so the network returns plain scores."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return super().forward(X).softmax(dim=1)


class LeNetMissingSigmoid(solutions.LeNet):
    """No sigmoid follows the convolutions; 7.6 has one after each of them and after both hidden layers."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(lr, num_classes)
        self.net[1] = nn.Identity()
        self.net[4] = nn.Identity()


# ---- 8.2 VGG


def vgg_block_average(num_convs: int, out_channels: int) -> nn.Sequential:
    """The block ends with average pooling; VGG takes the maximum."""
    block = solutions.vgg_block(num_convs, out_channels)
    return replaced(block, nn.MaxPool2d, lambda: nn.AvgPool2d(kernel_size=2, stride=2))


def vgg_block_unpadded(num_convs: int, out_channels: int) -> nn.Sequential:
    """The convolutions have no padding, so that each one cuts off a border; padding 1 keeps the size."""
    block = solutions.vgg_block(num_convs, out_channels)
    return replaced(block, nn.LazyConv2d, lambda: nn.LazyConv2d(out_channels, kernel_size=3))


def vgg_block_linear(num_convs: int, out_channels: int) -> nn.Sequential:
    """There is no ReLU between the convolutions; one follows each of them."""
    return replaced(solutions.vgg_block(num_convs, out_channels), nn.ReLU, nn.Identity)


def vgg_block_last_relu_only(num_convs: int, out_channels: int) -> nn.Sequential:
    """Only the last convolution is followed by a ReLU; each one has to be."""
    *inner, pooling = replaced(solutions.vgg_block(num_convs, out_channels), nn.ReLU, nn.Identity)
    return nn.Sequential(*inner, nn.ReLU(), pooling)


def vgg_block_single(num_convs: int, out_channels: int) -> nn.Sequential:
    """The number of convolutions is ignored: the block always has one."""
    return solutions.vgg_block(1, out_channels)


def vgg_block_pooling_everywhere(num_convs: int, out_channels: int) -> nn.Sequential:
    """A pooling follows every convolution; it comes once, at the end of the block."""
    return nn.Sequential(*(solutions.vgg_block(1, out_channels) for _ in range(num_convs)))


class VGGNarrow(solutions.VGG):
    """The hidden layers have 1024 units; VGG's have 4096."""

    def __init__(self, arch: Sequence[Sequence[int]], lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(arch, lr, num_classes)
        self.net = nn.Sequential(
            *(
                nn.LazyLinear(1024) if isinstance(layer, nn.LazyLinear) and layer.out_features == 4096 else layer
                for layer in self.net
            )
        )


class VGGOneHidden(solutions.VGG):
    """There is one hidden layer with 4096 units; VGG has two."""

    def __init__(self, arch: Sequence[Sequence[int]], lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(arch, lr, num_classes)
        self.net = nn.Sequential(*self.net[:-4], self.net[-1])


class VGGSingleConvolutions(solutions.VGG):
    """Each block has one convolution; the first number of each pair in arch says how many."""

    def __init__(self, arch: Sequence[Sequence[int]], lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__([(1, out_channels) for _, out_channels in arch], lr, num_classes)


# ---- 8.6 ResNet


class ResidualWithoutSkip(solutions.Residual):
    """The input is not added to the output: without the shortcut this is no residual block."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(X))))))


class ResidualWithoutFinalReLU(solutions.Residual):
    """No ReLU follows the addition; the block ends with one."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        Y: torch.Tensor = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(X)))))
        shortcut: torch.Tensor = X if self.conv3 is None else self.conv3(X)
        return Y + shortcut


class ResidualReLUBeforeAddition(solutions.Residual):
    """The last ReLU comes before the addition; it belongs after it."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        Y = torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(X))))))
        shortcut: torch.Tensor = X if self.conv3 is None else self.conv3(X)
        return Y + shortcut


class ResidualStrideOnBoth(solutions.Residual):
    """Both 3 x 3 convolutions have the stride; only the first one and the shortcut have it."""

    def __init__(self, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__(num_channels, use_1x1conv, strides)
        self.conv2 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1, stride=strides)


class ResidualStrideOnSecond(solutions.Residual):
    """The second convolution has the stride; it belongs to the first one."""

    def __init__(self, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__(num_channels, use_1x1conv)
        self.conv2 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1, stride=strides)
        if use_1x1conv:
            self.conv3 = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides)


class ResidualIgnores1x1(solutions.Residual):
    """use_1x1conv is ignored: with it, a 1 x 1 convolution adapts the shortcut."""

    def __init__(self, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__(num_channels, False, strides)


class ResidualAddsIntoInput(solutions.Residual):
    """The block adds into its own input and so changes it for everyone else; make a new tensor instead."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        Y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(X)))))
        shortcut: torch.Tensor = X if self.conv3 is None else self.conv3(X)
        shortcut += Y
        return torch.relu(shortcut)


class ResidualWithoutBatchNorm(solutions.Residual):
    """The batch normalisation is missing; one follows each 3 x 3 convolution."""

    def __init__(self, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__(num_channels, use_1x1conv, strides)
        self.bn1, self.bn2 = nn.Identity(), nn.Identity()  # type: ignore[assignment] # other layers on purpose


class ResidualSharedBatchNorm(solutions.Residual):
    """One batch normalisation serves both convolutions; each has its own."""

    def __init__(self, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__(num_channels, use_1x1conv, strides)
        self.bn2 = self.bn1


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


class ResNetStemWithoutPooling(solutions.ResNet):
    """The stem has no max-pooling; it ends with one of stride 2."""

    def b1(self) -> nn.Sequential:
        return super().b1()[:-1]


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
