"""Seeded input generators of Softmax regression from scratch, under the names in the rubric's `inputs:` options.

All randomness comes from the generator. `case` chooses sizes and the kind of values, so that every kind occurs within
the number of cases that the rubric asks for; the values are drawn anew.
"""

from __future__ import annotations

from typing import Any, NamedTuple

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


SIZES = ((4, 3), (3, 3), (2, 5), (1, 4), (6, 2), (5, 10), (7, 7), (3, 1), (12, 4), (2, 2))  # examples, classes


def _scores(generator: torch.Generator, case: int) -> torch.Tensor:
    """Draw scores, (n, classes): whole, normal or far apart; float64 in every fourth case."""
    size = SIZES[case % len(SIZES)]
    match case % 4:
        case 0:
            return torch.randint(-4, 5, size, generator=generator).float()
        case 1:
            return torch.randn(size, generator=generator)
        case 2:
            return 4 * torch.randn(size, generator=generator)
        case _:
            return torch.randn(size, generator=generator, dtype=torch.float64)


def _labels(generator: torch.Generator, count: int, classes: int) -> torch.Tensor:
    return torch.randint(classes, (count,), generator=generator)


def _probabilities(generator: torch.Generator, case: int) -> torch.Tensor:
    """Draw rows, (n, classes), of positive numbers that are 1 together; none is 1 alone, where a clamp has its edge."""
    dtype = torch.float64 if case % 4 == 3 else torch.float32
    count, classes = SIZES[case % len(SIZES)]
    drawn = 0.05 + torch.rand((count, max(2, classes)), generator=generator, dtype=dtype)
    return drawn / drawn.sum(dim=1, keepdim=True)


def accuracy_inputs(generator: torch.Generator, case: int) -> Arguments:
    """Give y_hat, (n, classes), without ties, and y, (n,): more right ones than by chance, and in turn all or none.

    There are two classes at least: the accuracy of earlier editions of the book takes one column for predictions.
    """
    count, classes = SIZES[case % len(SIZES)]
    scores = torch.randn((count, max(2, classes)), generator=generator)
    best, drawn = scores.argmax(dim=1), _labels(generator, *scores.shape)
    right = torch.rand(len(best), generator=generator) < (0.5, 1.1, 0.5, -0.1)[case % 4]
    return Arguments((scores, torch.where(right, best, drawn)), {})


def softmax_inputs(generator: torch.Generator, case: int) -> Arguments:
    """Give X, (n, classes), of moderate size: a softmax needs no protection against overflow here."""
    return Arguments((_scores(generator, case),), {})


def cross_entropy_inputs(generator: torch.Generator, case: int) -> Arguments:
    """Give y_hat, (n, classes), probabilities, and y, (n,)."""
    y_hat = _probabilities(generator, case)
    return Arguments((y_hat, _labels(generator, *y_hat.shape)), {})


def model_inputs(generator: torch.Generator, case: int) -> ModuleArguments:
    """Give num_inputs, num_outputs, lr and perhaps sigma, and images, (n, 1, h, w), or rows, (n, num_inputs)."""
    args, kwargs, shape = (
        ((12, 3), {"lr": 0.1}, (4, 1, 3, 4)),
        ((16, 10, 0.5), {}, (5, 16)),
        ((9, 2, 0.1, 0.5), {}, (1, 1, 3, 3)),
        ((20, 5), {"lr": 0.1, "sigma": 1.0}, (3, 1, 4, 5)),
    )[case % 4]
    return ModuleArguments(args, dict(kwargs), (torch.rand(shape, generator=generator),))


def train_step_inputs(generator: torch.Generator, case: int) -> Arguments:
    """Give W, (d, classes), b, (classes,), X, (n, d), y, (n,), and the learning rate."""
    count, inputs, classes = ((4, 5, 3), (1, 3, 2), (6, 4, 10), (3, 3, 3), (8, 2, 4))[case % 5]
    dtype = torch.float64 if case % 3 == 2 else torch.float32
    W, b, X = (
        torch.randn(shape, generator=generator, dtype=dtype)
        for shape in ((inputs, classes), (classes,), (count, inputs))
    )
    return Arguments((W, b, X, _labels(generator, count, classes), (0.1, 1.0, 0.5)[case % 3]), {})
