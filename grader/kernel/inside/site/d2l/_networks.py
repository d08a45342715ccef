"""The networks and blocks that later sections of the book take from earlier ones."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ._models import Classifier


def corr2d(X: Tensor, K: Tensor) -> Tensor:
    """Cross-correlate the matrix `X`, (H, W), with the kernel `K`, (h, w); returns (H - h + 1, W - w + 1).

    The result has the default dtype whatever the arguments have, as the book's function gives.
    """
    h, w = K.shape
    windows = X.unfold(0, h, 1).unfold(1, w, 1)  # (H - h + 1, W - w + 1, h, w)
    return (windows * K).sum((-2, -1)).to(torch.get_default_dtype())


def init_cnn(module: nn.Module) -> None:
    """Draw the weight of a linear or convolutional layer by Xavier's uniform rule; for `net.apply`."""
    # By exact type: a subclass brings an initialisation of its own.
    if type(module) in (nn.Linear, nn.Conv2d):
        nn.init.xavier_uniform_(module.weight)  # type: ignore[arg-type]  # both types have a weight


class LeNet(Classifier):
    """The network of section 7.6, for one-channel images of 28 x 28."""

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__()
        self.save_hyperparameters()
        features: list[nn.Module] = []
        for channels, padding in ((6, 2), (16, 0)):
            features += [nn.LazyConv2d(channels, kernel_size=5, padding=padding), nn.Sigmoid(), nn.AvgPool2d(2, 2)]
        dense: list[nn.Module] = []
        for width in (120, 84):
            dense += [nn.LazyLinear(width), nn.Sigmoid()]
        self.net = nn.Sequential(*features, nn.Flatten(), *dense, nn.LazyLinear(num_classes))


class Residual(nn.Module):
    """The block of section 8.6: two 3 x 3 convolutions and a shortcut around them."""

    def __init__(self, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.LazyConv2d(num_channels, kernel_size=3, stride=strides, padding=1)
        self.conv2 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1)
        self.conv3 = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides) if use_1x1conv else None
        self.bn1 = nn.LazyBatchNorm2d()
        self.bn2 = nn.LazyBatchNorm2d()

    def forward(self, X: Tensor) -> Tensor:
        """(N, C, H, W) to (N, num_channels, H / strides, W / strides)."""
        inner = F.relu(self.bn1(self.conv1(X)))
        inner = self.bn2(self.conv2(inner))
        shortcut = X if self.conv3 is None else self.conv3(X)
        return F.relu(inner + shortcut)


class ResNeXtBlock(nn.Module):
    """The grouped block of section 8.6: 1 x 1, grouped 3 x 3, 1 x 1, and a shortcut around them."""

    def __init__(
        self, num_channels: int, groups: int, bot_mul: float, use_1x1conv: bool = False, strides: int = 1
    ) -> None:
        super().__init__()
        narrow = round(num_channels * bot_mul)
        self.conv1 = nn.LazyConv2d(narrow, kernel_size=1)
        # `groups` is the width of one group in the book, not their number.
        self.conv2 = nn.LazyConv2d(narrow, kernel_size=3, stride=strides, padding=1, groups=narrow // groups)
        self.conv3 = nn.LazyConv2d(num_channels, kernel_size=1)
        self.bn1 = nn.LazyBatchNorm2d()
        self.bn2 = nn.LazyBatchNorm2d()
        self.bn3 = nn.LazyBatchNorm2d()
        self.conv4: Any = None
        if use_1x1conv:
            self.conv4 = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides)
            self.bn4 = nn.LazyBatchNorm2d()

    def forward(self, X: Tensor) -> Tensor:
        """(N, C, H, W) to (N, num_channels, H / strides, W / strides)."""
        inner = F.relu(self.bn1(self.conv1(X)))
        inner = F.relu(self.bn2(self.conv2(inner)))
        inner = self.bn3(self.conv3(inner))
        shortcut = X if self.conv4 is None else self.bn4(self.conv4(X))
        return F.relu(inner + shortcut)
