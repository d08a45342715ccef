"""The right answers of the lab in plain PyTorch.

Both notebooks call their network `CNN`. Here one class holds both and the images choose: a digit of MNIST has one
channel, a photograph of CIFAR-10 has three.
"""

from __future__ import annotations

import torch
from torch import nn


def digits_network() -> nn.Sequential:
    """Build the network for MNIST (1.1), from (batch, 1, 28, 28) to (batch, 10)."""
    return nn.Sequential(
        nn.Conv2d(1, 32, kernel_size=3, padding=1),  # (batch, 32, 28, 28)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (batch, 32, 14, 14)
        nn.Conv2d(32, 64, kernel_size=3, padding=1),  # (batch, 64, 14, 14)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (batch, 64, 7, 7)
        nn.Flatten(),  # (batch, 3136)
        nn.Linear(64 * 7 * 7, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )


def photographs_network() -> nn.Sequential:
    """Build the LeNet-5 for CIFAR-10 (1.2), from (batch, 3, 32, 32) to (batch, 10)."""
    return nn.Sequential(
        nn.Conv2d(3, 6, kernel_size=5),  # (batch, 6, 28, 28)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (batch, 6, 14, 14)
        nn.Conv2d(6, 16, kernel_size=5),  # (batch, 16, 10, 10)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (batch, 16, 5, 5)
        nn.Flatten(),  # (batch, 400)
        nn.Linear(16 * 5 * 5, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


class CNN(nn.Module):
    """The network of 1.1 for images with one channel and the network of 1.2 for images with three."""

    def __init__(self) -> None:
        super().__init__()
        self.digits = digits_network()
        self.photographs = photographs_network()

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Score a batch of images."""
        network = self.digits if X.shape[1] == 1 else self.photographs
        scores: torch.Tensor = network(X)  # (batch, 10)
        return scores
