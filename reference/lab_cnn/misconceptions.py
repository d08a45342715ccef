"""The wrong versions of the two networks that students really write, in the order in which they are looked for.

A docstring is the sentence that a student reads when the answers equal those of the version. Each one is wrong for the
images of one notebook; for those of the other notebook it is the right network.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from .solutions import CNN


def replaced(network: nn.Sequential, kind: type[nn.Module], make: Callable[[], nn.Module]) -> nn.Sequential:
    """Give the same layers with each one of a kind made anew."""
    return nn.Sequential(*(make() if isinstance(layer, kind) else layer for layer in network))


def without(network: nn.Sequential, *positions: int) -> nn.Sequential:
    """Give the same layers but for those at some positions."""
    return nn.Sequential(*(layer for position, layer in enumerate(network) if position not in positions))


# ---- 1.1 MNIST


class DigitsWithoutReLU(CNN):
    """There is no ReLU between the layers of the MNIST network, so that it is linear but for its pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.digits = without(self.digits, 1, 4, 8)


class DigitsReLUOnlyOnConvolutions(CNN):
    """The ReLU after the fully connected layer with 128 units is missing in the MNIST network."""

    def __init__(self) -> None:
        super().__init__()
        self.digits = without(self.digits, 8)


class DigitsSigmoid(CNN):
    """The activations of the MNIST network are sigmoids; 1.1 asks for ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.digits = replaced(self.digits, nn.ReLU, nn.Sigmoid)


class DigitsAveragePooling(CNN):
    """The pooling of the MNIST network averages; 1.1 asks for the maximum."""

    def __init__(self) -> None:
        super().__init__()
        self.digits = replaced(self.digits, nn.MaxPool2d, lambda: nn.AvgPool2d(2))


class DigitsPooledOnce(CNN):
    """The second pooling of the MNIST network is missing; 7 x 7 pixels should reach its linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.digits = without(self.digits, 5)
        self.digits[6] = nn.Linear(64 * 14 * 14, 128)


class DigitsUnpadded(CNN):
    """The convolutions of the MNIST network are not padded; with padding 1 they keep the size of the image."""

    def __init__(self) -> None:
        super().__init__()
        self.digits[0] = nn.Conv2d(1, 32, kernel_size=3)
        self.digits[3] = nn.Conv2d(32, 64, kernel_size=3)
        self.digits[7] = nn.Linear(64 * 5 * 5, 128)


class DigitsSoftmax(CNN):
    """The MNIST network ends with a softmax; the loss takes the raw scores and applies the softmax itself."""

    def __init__(self) -> None:
        super().__init__()
        self.digits.append(nn.Softmax(dim=1))


class DigitsLogSoftmax(CNN):
    """The MNIST network ends with a logarithm of the softmax; the loss takes the raw scores."""

    def __init__(self) -> None:
        super().__init__()
        self.digits.append(nn.LogSoftmax(dim=1))


class DigitsWithoutHiddenLayer(CNN):
    """The fully connected layer with 128 units is missing in the MNIST network."""

    def __init__(self) -> None:
        super().__init__()
        self.digits = without(self.digits, 7, 8)
        self.digits[7] = nn.Linear(64 * 7 * 7, 10)


# ---- 1.2 CIFAR-10


class PhotographsWithoutReLU(CNN):
    """There is no ReLU between the layers of the CIFAR-10 network, so that it is linear but for its pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.photographs = without(self.photographs, 1, 4, 8, 10)


class PhotographsReLUOnlyOnConvolutions(CNN):
    """The fully connected layers of the CIFAR-10 network follow one another without a ReLU between them."""

    def __init__(self) -> None:
        super().__init__()
        self.photographs = without(self.photographs, 8, 10)


class PhotographsSigmoid(CNN):
    """The activations of the CIFAR-10 network are sigmoids, as in the first LeNet; 1.2 asks for ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.photographs = replaced(self.photographs, nn.ReLU, nn.Sigmoid)


class PhotographsAveragePooling(CNN):
    """The pooling of the CIFAR-10 network averages, as in the first LeNet; 1.2 asks for the maximum."""

    def __init__(self) -> None:
        super().__init__()
        self.photographs = replaced(self.photographs, nn.MaxPool2d, lambda: nn.AvgPool2d(2))


class PhotographsPooledOnce(CNN):
    """The second pooling of the CIFAR-10 network is missing; 5 x 5 pixels should reach its linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.photographs = without(self.photographs, 5)
        self.photographs[6] = nn.Linear(16 * 10 * 10, 120)


class PhotographsPadded(CNN):
    """The convolutions of the CIFAR-10 network are padded; 1.2 asks for none, so that 400 numbers are flattened."""

    def __init__(self) -> None:
        super().__init__()
        self.photographs[0] = nn.Conv2d(3, 6, kernel_size=5, padding=2)
        self.photographs[3] = nn.Conv2d(6, 16, kernel_size=5, padding=2)
        self.photographs[7] = nn.Linear(16 * 8 * 8, 120)


class PhotographsSoftmax(CNN):
    """The CIFAR-10 network ends with a softmax; the loss takes the raw scores and applies the softmax itself."""

    def __init__(self) -> None:
        super().__init__()
        self.photographs.append(nn.Softmax(dim=1))


class PhotographsWithoutSecondHiddenLayer(CNN):
    """The fully connected layer with 84 units is missing in the CIFAR-10 network."""

    def __init__(self) -> None:
        super().__init__()
        self.photographs = without(self.photographs, 9, 10)
        self.photographs[9] = nn.Linear(120, 10)


MISCONCEPTIONS: dict[str, tuple[Callable[..., Any], ...]] = {
    "CNN": (
        DigitsWithoutReLU,
        DigitsReLUOnlyOnConvolutions,
        DigitsSigmoid,
        DigitsAveragePooling,
        DigitsPooledOnce,
        DigitsUnpadded,
        DigitsSoftmax,
        DigitsLogSoftmax,
        DigitsWithoutHiddenLayer,
        PhotographsWithoutReLU,
        PhotographsReLUOnlyOnConvolutions,
        PhotographsSigmoid,
        PhotographsAveragePooling,
        PhotographsPooledOnce,
        PhotographsPadded,
        PhotographsSoftmax,
        PhotographsWithoutSecondHiddenLayer,
    ),
}
