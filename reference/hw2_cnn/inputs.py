"""Seeded input generators of HW2, under the names in the rubric's `inputs:` options.

All randomness comes from the generator. `case` chooses the regime (sizes, kind of values, dtype), so that every
regime occurs within the number of cases that the rubric asks for; the values of a case are always drawn anew. The
book's own code gives right answers on all of them: no integer dtypes, and no two dtypes in one call. Images stay
below about 12 x 15 where a student's answer is a Python loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import torch


class Arguments(NamedTuple):
    """The arguments of one call of a function; a dict {"layer": ..., "kwargs": ...} stands for a layer of torch.nn."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class ModuleArguments(NamedTuple):
    """The constructor arguments of one module, and the inputs of its forward."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: tuple[torch.Tensor, ...]


Fill: TypeAlias = Callable[[torch.Generator, tuple[int, ...]], torch.Tensor]


def normal(generator: torch.Generator, shape: tuple[int, ...]) -> torch.Tensor:
    """Draw from a normal distribution."""
    return torch.randn(shape, generator=generator)


def double(generator: torch.Generator, shape: tuple[int, ...]) -> torch.Tensor:
    """Draw from a normal distribution in float64."""
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def whole(generator: torch.Generator, shape: tuple[int, ...]) -> torch.Tensor:
    """Draw small whole numbers of both signs, as floats: easy to follow by hand."""
    return torch.randint(-5, 6, shape, generator=generator).float()


def negative(generator: torch.Generator, shape: tuple[int, ...]) -> torch.Tensor:
    """Draw negative numbers only."""
    return -0.1 - 5 * torch.rand(shape, generator=generator)


def positive(generator: torch.Generator, shape: tuple[int, ...]) -> torch.Tensor:
    """Draw from U(0, 1), like the pixels of an image."""
    return torch.rand(shape, generator=generator)


# ---- 7.2 Convolutions for images

CORR2D: tuple[tuple[Fill, tuple[int, int], tuple[int, int]], ...] = (  # values, image, kernel
    (whole, (4, 5), (2, 3)),
    (whole, (3, 3), (2, 2)),  # the sizes of the book's example
    (normal, (6, 8), (1, 2)),
    (normal, (8, 6), (3, 1)),
    (normal, (5, 5), (3, 3)),
    (normal, (4, 4), (1, 1)),
    (normal, (3, 4), (3, 4)),  # as large as the image
    (normal, (1, 1), (1, 1)),
    (negative, (5, 7), (2, 2)),
    (double, (6, 4), (3, 2)),
    (normal, (1, 9), (1, 4)),
    (normal, (9, 1), (4, 1)),
    (positive, (12, 15), (5, 3)),
    (normal, (2, 10), (2, 3)),
    (double, (7, 7), (4, 4)),
    (whole, (10, 3), (5, 2)),
    (normal, (11, 12), (2, 5)),
    (negative, (4, 9), (4, 2)),
    (normal, (8, 8), (7, 7)),
    (normal, (12, 10), (6, 1)),
)


def corr2d_inputs(generator: torch.Generator, case: int) -> Arguments:
    """Give X, (h, w), and K, (kh, kw)."""
    values, image, kernel = CORR2D[case % len(CORR2D)]
    return Arguments((values(generator, image), values(generator, kernel)), {})


def corr2d_gradient_inputs(generator: torch.Generator, case: int) -> Arguments:
    """Give X, (h, w), and K, (kh, kw), alternating float64 and float32."""
    image, kernel = (((5, 6), (2, 3)), ((3, 3), (2, 2)), ((7, 4), (1, 1)), ((4, 5), (4, 5)), ((6, 9), (3, 1)))[case % 5]
    values = normal if case % 2 else double
    return Arguments((values(generator, image), values(generator, kernel)), {})


def conv2d_inputs(generator: torch.Generator, case: int) -> ModuleArguments:
    """Give the kernel size of Conv2D and an image, (h, w)."""
    values, image, kernel = CORR2D[(0, 2, 5, 6, 8, 12)[case % 6]]
    return ModuleArguments((kernel,), {}, (values(generator, image),))


# ---- 7.3 Padding and stride

COMP_CONV2D: tuple[tuple[tuple[int, int], dict[str, Any]], ...] = (  # image, layer
    ((8, 8), {"kernel_size": 3, "padding": 1}),
    ((8, 8), {"kernel_size": (5, 3), "padding": (2, 1)}),
    ((8, 8), {"kernel_size": 3, "padding": 1, "stride": 2}),
    ((8, 8), {"kernel_size": (3, 5), "padding": (0, 1), "stride": (3, 4)}),
    ((6, 9), {"kernel_size": 1}),
    ((7, 5), {"kernel_size": (2, 3)}),
    ((4, 6), {"kernel_size": (4, 2), "stride": (1, 2)}),  # one row remains
    ((5, 11), {"kernel_size": 3, "padding": (0, 2), "stride": 3}),
    ((3, 3), {"kernel_size": 3}),  # one element remains
    ((12, 10), {"kernel_size": 5, "padding": 2}),
)


def comp_conv2d_inputs(generator: torch.Generator, case: int) -> Arguments:
    """Give a convolutional layer with one channel, as a dict, and X, (h, w)."""
    image, options = COMP_CONV2D[case % len(COMP_CONV2D)]
    kwargs = {"in_channels": 1, "out_channels": 1, **options}
    return Arguments(({"layer": "Conv2d", "kwargs": kwargs}, normal(generator, image)), {})


# ---- 7.4 Multiple input and output channels

CHANNELS: tuple[tuple[Fill, int, tuple[int, int], int, tuple[int, int]], ...] = (  # values, in, image, out, kernel
    (whole, 2, (3, 4), 3, (2, 2)),
    (whole, 2, (3, 3), 3, (2, 2)),  # the sizes of the book's example
    (normal, 3, (5, 4), 2, (2, 3)),
    (normal, 1, (4, 6), 2, (3, 2)),
    (normal, 4, (6, 6), 1, (3, 3)),
    (normal, 3, (4, 4), 3, (1, 1)),
    (normal, 2, (3, 5), 4, (3, 5)),  # as large as the image
    (double, 3, (6, 5), 2, (2, 2)),
    (normal, 1, (1, 1), 1, (1, 1)),
    (negative, 2, (5, 7), 3, (2, 1)),
    (normal, 5, (3, 8), 2, (1, 3)),
    (positive, 3, (9, 10), 2, (3, 3)),
    (double, 2, (7, 3), 5, (4, 2)),
    (normal, 6, (4, 5), 6, (2, 2)),
    (negative, 3, (8, 2), 2, (3, 1)),
)


def corr2d_multi_in_inputs(generator: torch.Generator, case: int) -> Arguments:
    """Give X, (c, h, w), and K, (c, kh, kw)."""
    values, channels, image, _, kernel = CHANNELS[case % len(CHANNELS)]
    return Arguments((values(generator, (channels, *image)), values(generator, (channels, *kernel))), {})


def corr2d_multi_in_out_inputs(generator: torch.Generator, case: int) -> Arguments:
    """Give X, (c, h, w), and K, (o, c, kh, kw)."""
    values, channels, image, out, kernel = CHANNELS[case % len(CHANNELS)]
    return Arguments((values(generator, (channels, *image)), values(generator, (out, channels, *kernel))), {})


def corr2d_1x1_inputs(generator: torch.Generator, case: int) -> Arguments:
    """Give X, (c, h, w), and K, (o, c, 1, 1)."""
    values, channels, image, out, _ = CHANNELS[case % len(CHANNELS)]
    return Arguments((values(generator, (channels, *image)), values(generator, (out, channels, 1, 1))), {})


# ---- 7.5 Pooling

POOL2D: tuple[tuple[Fill, tuple[int, int], tuple[int, int]], ...] = (  # values, image, window
    (whole, (4, 5), (2, 3)),
    (positive, (3, 3), (2, 2)),  # the sizes of the book's example
    (negative, (4, 5), (2, 2)),
    (normal, (6, 4), (3, 2)),
    (normal, (5, 8), (1, 3)),
    (negative, (7, 5), (4, 1)),
    (normal, (4, 4), (1, 1)),
    (normal, (3, 5), (3, 5)),  # as large as the image
    (double, (6, 7), (2, 4)),
    (negative, (1, 1), (1, 1)),
    (whole, (8, 3), (5, 2)),
    (positive, (12, 15), (4, 3)),
    (double, (9, 6), (3, 3)),
    (normal, (1, 10), (1, 4)),
    (negative, (10, 2), (3, 2)),
)


def pool2d_max_inputs(generator: torch.Generator, case: int) -> Arguments:
    """Give X, (h, w), and a window; the mode is left out, given by position or by keyword in turn."""
    values, image, window = POOL2D[case % len(POOL2D)]
    X = values(generator, image)
    return (Arguments((X, window), {}), Arguments((X, window, "max"), {}), Arguments((X, window), {"mode": "max"}))[
        case % 3
    ]


def pool2d_avg_inputs(generator: torch.Generator, case: int) -> Arguments:
    """Give X, (h, w), and a window; the mode is given by position or by keyword in turn."""
    values, image, window = POOL2D[case % len(POOL2D)]
    X = values(generator, image)
    return Arguments((X, window), {"mode": "avg"}) if case % 2 else Arguments((X, window, "avg"), {})


def library_pooling_inputs(generator: torch.Generator, case: int) -> Arguments:
    """Give X for the layer of the same number in `solutions.LIBRARY_POOLING`: (1, 1, 7, 8), at last two channels."""
    return Arguments((normal(generator, (1, 2 if case % 3 == 2 else 1, 7, 8)),), {})


# ---- 7.6 LeNet


def lenet_inputs(generator: torch.Generator, case: int) -> ModuleArguments:
    """Give the constructor's arguments and images, (batch, 1, 28, 28)."""
    batch, kwargs = ((2, {}), (3, {"lr": 0.05}), (1, {"lr": 0.1, "num_classes": 7}))[case % 3]
    return ModuleArguments((), dict(kwargs), (positive(generator, (batch, 1, 28, 28)),))


# ---- 8.2 VGG


def vgg_block_inputs(generator: torch.Generator, case: int) -> ModuleArguments:
    """Give the number of convolutions and output channels, and images, (batch, channels, h, w)."""
    args, shape = (
        ((2, 4), (2, 3, 8, 6)),
        ((1, 5), (1, 1, 6, 10)),
        ((3, 2), (2, 2, 7, 9)),  # odd sizes: the last row and column are dropped
        ((2, 6), (3, 6, 2, 4)),
    )[case % 4]
    return ModuleArguments(args, {}, (_bright(normal(generator, shape), case),))


def vgg_inputs(generator: torch.Generator, case: int) -> ModuleArguments:
    """Give a tiny architecture, as the hidden layers are large, and images, (batch, 1, h, w)."""
    args, kwargs, shape = (
        ((((1, 3), (2, 4)),), {"num_classes": 5}, (2, 1, 8, 8)),
        ((((2, 2), (1, 5)), 0.01), {}, (3, 1, 9, 12)),
    )[case % 2]
    return ModuleArguments(args, dict(kwargs), (normal(generator, shape),))


# ---- 8.6 ResNet


def residual_identity_inputs(generator: torch.Generator, case: int) -> ModuleArguments:
    """Give the number of channels and images with as many, (batch, channels, h, w)."""
    shape = ((4, 3, 6, 6), (2, 5, 4, 7), (3, 1, 5, 3), (2, 8, 3, 8))[case % 4]
    return ModuleArguments((shape[1],), {}, (_bright(normal(generator, shape), case),))


def residual_1x1_inputs(generator: torch.Generator, case: int) -> ModuleArguments:
    """Give channels and stride for a block with a 1x1 convolution, and images, (batch, channels, h, w)."""
    args, kwargs, shape = (
        ((6,), {"use_1x1conv": True, "strides": 2}, (4, 3, 6, 6)),
        ((4,), {"use_1x1conv": True}, (2, 2, 5, 6)),
        ((3, True, 2), {}, (2, 5, 7, 4)),  # odd height
        ((2,), {"use_1x1conv": True, "strides": 3}, (3, 4, 6, 9)),
    )[case % 4]
    return ModuleArguments(args, dict(kwargs), (_bright(normal(generator, shape), case),))


def _bright(images: torch.Tensor, case: int) -> torch.Tensor:
    """Make the first case's values so large that an activation with a ceiling, such as ReLU6, shows."""
    return images * 20 if case == 0 else images


def resnet_inputs(generator: torch.Generator, case: int) -> ModuleArguments:
    """Give a small architecture and images, (batch, 1, h, w), that leave batch norm several values per channel."""
    args, kwargs, shape = (
        ((((1, 64), (2, 16)),), {"num_classes": 5}, (2, 1, 32, 32)),
        ((((2, 64), (1, 32), (1, 16)), 0.01), {}, (2, 1, 32, 40)),
    )[case % 2]
    return ModuleArguments(args, dict(kwargs), (normal(generator, shape),))
