"""Wrong versions of the networks of 7.6 and 8.2 and of the blocks of 8.2 and 8.6.

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


class LeNetOnePooling(solutions.LeNet):
    """No pooling follows the second convolution; each of the two convolutions has one."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(lr, num_classes)
        self.net[5] = nn.Identity()


class LeNetTanh(solutions.LeNet):
    """The activations are tanh; the LeNet of 7.6 has sigmoids."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(lr, num_classes)
        self.net = replaced(self.net, nn.Sigmoid, nn.Tanh)


class LeNetLogSoftmax(solutions.LeNet):
    """A log-softmax follows the last layer; the loss already contains one, so the network returns plain scores."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return super().forward(X).log_softmax(dim=1)


class LeNetSigmoidAtEnd(solutions.LeNet):
    """A sigmoid follows the last layer; the network returns plain scores."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return super().forward(X).sigmoid()


class LeNetLinearHidden(solutions.LeNet):
    """No sigmoid follows the hidden layers with 120 and 84 units; 7.6 has one after each of them."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(lr, num_classes)
        self.net[8] = nn.Identity()
        self.net[10] = nn.Identity()


class LeNetOneHidden(solutions.LeNet):
    """There is one hidden layer; LeNet has two, with 120 and 84 units."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(lr, num_classes)
        self.net = nn.Sequential(*self.net[:9], self.net[11])


class LeNetSmallKernels(solutions.LeNet):
    """The convolutions have kernels of 3 x 3; LeNet's are 5 x 5."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(lr, num_classes)
        self.net[0] = nn.LazyConv2d(6, kernel_size=3, padding=2)
        self.net[3] = nn.LazyConv2d(16, kernel_size=3)


class LeNetBatchNorm(solutions.LeNet):
    """Batch normalisation follows the convolutions; the LeNet of 7.6 has none."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(lr, num_classes)
        first, second = self.net[0], self.net[3]
        self.net[0] = nn.Sequential(first, nn.LazyBatchNorm2d())
        self.net[3] = nn.Sequential(second, nn.LazyBatchNorm2d())


class LeNetTenClasses(solutions.LeNet):
    """num_classes is ignored: the last layer always gives 10 scores."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(lr)


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


def vgg_block_strided(num_convs: int, out_channels: int) -> nn.Sequential:
    """The last convolution halves the image by its stride; in VGG a max-pooling does, after stride 1."""
    *layers, _, _, _ = solutions.vgg_block(num_convs, out_channels)
    return nn.Sequential(*layers, nn.LazyConv2d(out_channels, kernel_size=3, padding=1, stride=2), nn.ReLU())


def vgg_block_large_kernels(num_convs: int, out_channels: int) -> nn.Sequential:
    """The kernels are 5 x 5 with padding 2; those of VGG are 3 x 3 with padding 1."""
    block = solutions.vgg_block(num_convs, out_channels)
    return replaced(block, nn.LazyConv2d, lambda: nn.LazyConv2d(out_channels, kernel_size=5, padding=2))


def vgg_block_unpooled(num_convs: int, out_channels: int) -> nn.Sequential:
    """The block has no pooling; it ends with a max-pooling that halves the image."""
    return solutions.vgg_block(num_convs, out_channels)[:-1]


def vgg_block_pooling_slow(num_convs: int, out_channels: int) -> nn.Sequential:
    """The pooling moves by one element; with stride 2 it halves the image."""
    block = solutions.vgg_block(num_convs, out_channels)
    return replaced(block, nn.MaxPool2d, lambda: nn.MaxPool2d(kernel_size=2, stride=1))


def vgg_block_sigmoid(num_convs: int, out_channels: int) -> nn.Sequential:
    """The activations are sigmoids; VGG has ReLU."""
    return replaced(solutions.vgg_block(num_convs, out_channels), nn.ReLU, nn.Sigmoid)


class VGGNarrow(solutions.VGG):
    """The hidden layers have 1024 units; VGG's have 4096."""

    def __init__(self, arch: Sequence[Sequence[int]], lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(arch, lr, num_classes)
        self.net[-7], self.net[-4] = nn.LazyLinear(1024), nn.LazyLinear(1024)


class VGGOneHidden(solutions.VGG):
    """There is one hidden layer with 4096 units; VGG has two."""

    def __init__(self, arch: Sequence[Sequence[int]], lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(arch, lr, num_classes)
        self.net = nn.Sequential(*self.net[:-4], self.net[-1])


class VGGSingleConvolutions(solutions.VGG):
    """Each block has one convolution; the first number of each pair in arch says how many."""

    def __init__(self, arch: Sequence[Sequence[int]], lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__([(1, out_channels) for _, out_channels in arch], lr, num_classes)


class VGGThreeHidden(solutions.VGG):
    """There are three hidden layers with 4096 units; VGG has two."""

    def __init__(self, arch: Sequence[Sequence[int]], lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(arch, lr, num_classes)
        self.net = nn.Sequential(*self.net[:-1], nn.LazyLinear(4096), nn.ReLU(), self.net[-1])


class VGGNoHidden(solutions.VGG):
    """The scores come right after the blocks; VGG has two hidden layers with 4096 units in between."""

    def __init__(self, arch: Sequence[Sequence[int]], lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(arch, lr, num_classes)
        self.net = nn.Sequential(*self.net[:-7], self.net[-1])


class VGGSigmoid(solutions.VGG):
    """The hidden layers are followed by sigmoids; VGG has ReLU."""

    def __init__(self, arch: Sequence[Sequence[int]], lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(arch, lr, num_classes)
        self.net = replaced(self.net, nn.ReLU, nn.Sigmoid)


class VGGLinearHidden(solutions.VGG):
    """No ReLU follows the hidden layers; VGG has one after each of them."""

    def __init__(self, arch: Sequence[Sequence[int]], lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(arch, lr, num_classes)
        self.net = replaced(self.net, nn.ReLU, nn.Identity)


class VGGSoftmax(solutions.VGG):
    """A softmax follows the last layer; the loss already contains one, so the network returns plain scores."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return super().forward(X).softmax(dim=1)


class VGGGlobalPooling(solutions.VGG):
    """Each channel is averaged before the hidden layers; VGG flattens the whole image."""

    def __init__(self, arch: Sequence[Sequence[int]], lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(arch, lr, num_classes)
        self.net = nn.Sequential(*self.net[:-8], nn.AdaptiveAvgPool2d((1, 1)), *self.net[-8:])


class VGGTenClasses(solutions.VGG):
    """num_classes is ignored: the last layer always gives 10 scores."""

    def __init__(self, arch: Sequence[Sequence[int]], lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__(arch, lr)


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


class ResidualStrideOnBothInPlace(ResidualStrideOnBoth):
    """Both 3 x 3 convolutions have the stride, so that `Y += X` fails; only the first one and the shortcut have it."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        Y: torch.Tensor = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(X)))))
        Y += X if self.conv3 is None else self.conv3(X)
        return torch.relu(Y)


class ResidualShortcutUnstrided(solutions.Residual):
    """The 1 x 1 convolution has no stride; it needs that of the first convolution, so that both sides get one size."""

    def __init__(self, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__(num_channels, use_1x1conv, strides)
        if use_1x1conv:
            self.conv3 = nn.LazyConv2d(num_channels, kernel_size=1)


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


class ResidualBatchNormAfterAddition(solutions.Residual):
    """The second batch normalisation comes after the addition; it belongs before it."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        Y: torch.Tensor = self.conv2(torch.relu(self.bn1(self.conv1(X))))
        shortcut: torch.Tensor = X if self.conv3 is None else self.conv3(X)
        return torch.relu(self.bn2(Y + shortcut))


class ResidualShortcutTwice(solutions.Residual):
    """The shortcut is added twice; it is added once, before the last ReLU."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        Y: torch.Tensor = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(X)))))
        shortcut: torch.Tensor = X if self.conv3 is None else self.conv3(X)
        return torch.relu(Y + shortcut + shortcut)


class ResidualReLUOnInput(solutions.Residual):
    """A ReLU changes the input before the shortcut takes it; the shortcut takes the input as it came."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        X.relu_()
        return super().forward(X)


class ResidualWithoutInnerReLU(solutions.Residual):
    """No ReLU stands between the two convolutions; one follows the first batch normalisation."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        Y: torch.Tensor = self.bn2(self.conv2(self.bn1(self.conv1(X))))
        shortcut: torch.Tensor = X if self.conv3 is None else self.conv3(X)
        return torch.relu(Y + shortcut)


class ResidualWithoutSecondBatchNorm(solutions.Residual):
    """The second batch normalisation is missing; one follows each 3 x 3 convolution."""

    def __init__(self, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__(num_channels, use_1x1conv, strides)
        self.bn2 = nn.Identity()  # type: ignore[assignment] # another layer on purpose


class ResidualAlways1x1(solutions.Residual):
    """The shortcut always has a 1 x 1 convolution; it has one only where use_1x1conv asks for it."""

    def __init__(self, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__(num_channels, True, strides)


class ResidualBatchNormOnShortcut(solutions.Residual):
    """A batch normalisation follows the 1 x 1 convolution of the shortcut; the block of 8.6 has none there."""

    def __init__(self, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__(num_channels, use_1x1conv, strides)
        if self.conv3 is not None:
            self.conv3 = nn.Sequential(self.conv3, nn.LazyBatchNorm2d())  # type: ignore[assignment] # on purpose
