"""What a network answers to images of bytes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from grader.kernel.inside.pixels import prepared


def device_of(model: nn.Module) -> torch.device:
    """Where a network computes; `parameters()` may give a list, as that of 4.4 of the book does."""
    return next(iter(model.parameters())).device


def moved(model: nn.Module, device: torch.device) -> nn.Module:
    """A network on a device, with those parameters, too, that are plain tensors of its own, as in 4.4 of the book."""
    model.to(device)
    for parameter in model.parameters():
        if not nn.parameter.is_lazy(parameter) and parameter.device.type != device.type:
            parameter.data = parameter.data.to(device)
    return model


@torch.no_grad()
def answers(model: nn.Module, pixels: Tensor, size: int, batches: Sequence[int] = (250,)) -> Tensor:
    """The logits of a network for images of uint8, in batches of these sizes in turn: float32 (N, classes), on the CPU.

    Args:
        model: in the mode in which it is to answer.
        pixels: (N, H, W) or (N, H, W, 3), anywhere.
        size: pixels of the square images that it is given.
        batches: how many at a time; the last is what is left.
    """
    device = device_of(model)
    given: list[Tensor] = []
    at = 0
    for count in itertools.cycle(batches):
        if at >= len(pixels):
            return torch.cat(given)
        given.append(model(prepared(pixels[at : at + count].to(device), size)).float().cpu())
        at += count
    raise ValueError("there are no sizes of batches")
