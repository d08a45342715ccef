"""Seeded input generators of the lab, under the names in the rubric's `inputs:` options.

All randomness comes from the generator. `CNN` is always made without arguments: students may give it some of their
own, with defaults.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch


class ModuleArguments(NamedTuple):
    """The constructor arguments of one module, and the inputs of its forward."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: tuple[torch.Tensor, ...]


def mnist_inputs(generator: torch.Generator, case: int) -> ModuleArguments:
    """Give images, (batch, 1, 28, 28): from 0 to 1 as ToTensor leaves them, or normalised around 0."""
    return _images(generator, case, (1, 28, 28))


def cifar10_inputs(generator: torch.Generator, case: int) -> ModuleArguments:
    """Give images, (batch, 3, 32, 32): from 0 to 1 as ToTensor leaves them, or normalised around 0."""
    return _images(generator, case, (3, 32, 32))


def _images(generator: torch.Generator, case: int, size: tuple[int, int, int]) -> ModuleArguments:
    batch = (2, 3, 1)[case % 3]
    draw = torch.randn if case % 2 else torch.rand
    return ModuleArguments((), {}, (draw((batch, *size), generator=generator),))
