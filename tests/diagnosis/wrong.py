"""Wrong versions of functions, asked what a check asks of them, so that they can be explained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch

from grader.compare import compare
from grader.diagnosis import Case, explain
from grader.probes import Observation, Raised, Returned
from reference.hw2_cnn.inputs import CHANNELS, CORR2D, POOL2D
from reference.hw2_cnn.solutions import corr2d, corr2d_multi_in, corr2d_multi_in_out, pool2d

Function: TypeAlias = Callable[..., Any]


def answered(function: Function, *args: Any) -> Observation:
    try:
        return Returned(function(*args))
    except (IndexError, RuntimeError) as error:
        return Raised(type(error).__name__)


def case(args: tuple[Any, ...], observed: Observation, expected: Any) -> Case:
    """A case as a check sees it."""
    right = isinstance(observed, Returned) and compare(observed.value, expected) is None
    return Case(args, {}, observed, expected, right)


def asked(right: Function, wrong: Function, arguments: Sequence[tuple[Any, ...]]) -> str:
    return explain([case(args, answered(wrong, *args), right(*args)) for args in arguments])


def drawn() -> torch.Generator:
    return torch.Generator().manual_seed(0)


IMAGES = [(fill(drawn(), image), fill(drawn(), kernel)) for fill, image, kernel in CORR2D]
WINDOWS = [(fill(drawn(), image), window) for fill, image, window in POOL2D]
VOLUMES = [
    (fill(drawn(), (c, *image)), fill(drawn(), (o, c, *kernel))) for fill, c, image, o, kernel in CHANNELS
]  # fmt: skip


def of_corr2d(wrong: Function) -> str:
    return asked(corr2d, wrong, IMAGES)


def of_pooling(wrong: Function) -> str:
    return asked(lambda X, size: pool2d(X, size, "avg"), wrong, WINDOWS)


def of_multi(wrong: Function) -> str:
    return asked(corr2d_multi_in_out, wrong, VOLUMES)


def of_first_kernel(wrong: Function) -> str:
    return asked(corr2d_multi_in, wrong, [(X, K[0]) for X, K in VOLUMES])


def average(X: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    return pool2d(X, size, "avg")


def negative_in(X: torch.Tensor) -> bool:
    return bool((X < 0).any())
