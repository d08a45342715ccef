"""Helpers made of torch's own operations, which replace a student's wrong helper where another item builds on it.

The source text of each one runs in the student's kernel, so each stands alone and uses no names but torch, nn and F.
A class that the student derives from a wrong one is derived from what stands in for it.
None of them is a convolution operator where the items built on it may not use one.
"""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F


def corr2d(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """Compute the cross-correlation of (h, w) with (kh, kw), as (h - kh + 1, w - kw + 1) (7.2.1)."""
    windows = X.unfold(0, K.shape[0], 1).unfold(1, K.shape[1], 1)  # (h - kh + 1, w - kw + 1, kh, kw)
    return (windows * K).sum(dim=(2, 3))


def corr2d_multi_in(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """Compute the cross-correlation of (c, h, w) with (c, kh, kw), summed over channels (7.4.1)."""
    windows = X.unfold(1, K.shape[1], 1).unfold(2, K.shape[2], 1)  # (c, h - kh + 1, w - kw + 1, kh, kw)
    return (windows * K[:, None, None]).sum(dim=(0, 3, 4))


def vgg_block(num_convs: int, out_channels: int) -> nn.Sequential:
    """Build the VGG block from (batch, channels, h, w) to (batch, out_channels, h // 2, w // 2) (8.2.1)."""
    block = nn.Sequential()
    for _ in range(num_convs):
        block.append(nn.LazyConv2d(out_channels, kernel_size=3, padding=1))
        block.append(nn.ReLU())
    return block.append(nn.MaxPool2d(kernel_size=2, stride=2))


class Residual(nn.Module):
    """A residual block from (batch, channels, h, w) to (batch, num_channels, h / strides, w / strides) (8.6.2)."""

    def __init__(self, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1, stride=strides)
        self.conv2 = nn.LazyConv2d(num_channels, kernel_size=3, padding=1)
        self.conv3 = nn.LazyConv2d(num_channels, kernel_size=1, stride=strides) if use_1x1conv else None
        self.bn1 = nn.LazyBatchNorm2d()
        self.bn2 = nn.LazyBatchNorm2d()

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Add the shortcut to the two convolutions."""
        Y = F.relu(self.bn1(self.conv1(X)))  # (batch, num_channels, h', w')
        Y = self.bn2(self.conv2(Y))  # (batch, num_channels, h', w')
        return F.relu(Y + (X if self.conv3 is None else self.conv3(X)))


class ResNet(nn.Module):
    """A residual network from (batch, channels, h, w) to (batch, num_classes) (8.6.3)."""

    class Block(nn.Module):
        """A residual block; where it halves the image, the shortcut does so, too."""

        def __init__(self, channels: int, halves: bool) -> None:
            super().__init__()
            self.conv1 = nn.LazyConv2d(channels, kernel_size=3, padding=1, stride=1 + halves)
            self.conv2 = nn.LazyConv2d(channels, kernel_size=3, padding=1)
            self.conv3 = nn.LazyConv2d(channels, kernel_size=1, stride=2) if halves else nn.Identity()
            self.bn1 = nn.LazyBatchNorm2d()
            self.bn2 = nn.LazyBatchNorm2d()

        def forward(self, X: torch.Tensor) -> torch.Tensor:
            """Add the shortcut to the two convolutions."""
            Y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(X)))))  # (batch, channels, h', w')
            return F.relu(Y + self.conv3(X))

    def __init__(self, arch: tuple[tuple[int, int], ...], lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__()
        self.arch, self.lr, self.num_classes = arch, lr, num_classes
        stages = [self.block(*each, first_block=number == 0) for number, each in enumerate(arch)]
        head = nn.Sequential(nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.LazyLinear(num_classes))
        self.net = nn.Sequential(self.b1(), *stages, head)

    def b1(self) -> nn.Sequential:
        """Build the stem, from (batch, channels, h, w) to (batch, 64, h / 4, w / 4)."""
        return nn.Sequential(
            nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3),
            nn.LazyBatchNorm2d(),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
        )

    def block(self, num_residuals: int, num_channels: int, first_block: bool = False) -> nn.Sequential:
        """Build one stage, which halves the image unless it is the first."""
        first = [number == 0 and not first_block for number in range(num_residuals)]
        return nn.Sequential(*(self.Block(num_channels, halves) for halves in first))

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Score a batch of images."""
        scores: torch.Tensor = self.net(X)  # (batch, num_classes)
        return scores

    def save_hyperparameters(self, *args: object, **kwargs: object) -> None:
        """Do nothing: it is a method of d2l.Classifier that a constructor may call."""


STAND_INS: dict[str, Callable[..., Any]] = {
    "corr2d": corr2d,
    "corr2d_multi_in": corr2d_multi_in,
    "vgg_block": vgg_block,
    "Residual": Residual,
    "ResNet": ResNet,
}


def source(name: str) -> str:
    """Give the source text of the stand-in for a helper."""
    return inspect.getsource(STAND_INS[name])
