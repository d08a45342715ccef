"""What torchvision's usual transforms make of many pictures at once: the same values, an order of magnitude sooner.

A loop over a data set through Pillow takes one picture at a time, so a loader starts workers, which a sandbox has no
use for: images are in memory already.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from grader.kernel.inside.pixels import resized

Batched: TypeAlias = Callable[[Tensor], Tensor]  # uint8 (N, H, W) or (N, H, W, 3) to (N, channels, H, W)


def batched(transform: Any) -> Batched | None:
    """A transform for many pictures; None where it is none of the usual ones: Resize, ToTensor, Normalize, Compose."""
    # Only in a sandbox: the grader's own process has no use for it, and it loads slowly.
    from torchvision import transforms  # type: ignore[import-untyped]  # it ships no annotations

    steps = transform.transforms if type(transform) is transforms.Compose else [transform]
    kinds = [type(step) for step in steps]
    if kinds.count(transforms.ToTensor) != 1:
        return None
    border = kinds.index(transforms.ToTensor)
    before, after = steps[:border], steps[border + 1 :]
    if not all(type(step) is transforms.Normalize and not step.inplace for step in after):
        return None
    sizes = [size for step in before if type(step) is transforms.Resize and (size := _size(step)) is not None]
    if len(sizes) < len(before):
        return None

    def made(pictures: Tensor) -> Tensor:
        levels = pictures[:, None] if pictures.dim() == 3 else pictures.permute(0, 3, 1, 2)
        for size in sizes:
            levels = resized(levels.to(torch.uint8), (size, size))
        batch = levels.to(torch.get_default_dtype()).div(255).contiguous()
        for step in after:
            batch = step(batch)
        return batch

    return made


def _size(step: Any) -> int | None:
    """The side of the squares that a Resize makes of squares by Pillow's bilinear rule; None if it does another."""
    size = step.size if isinstance(step.size, int) else (step.size[0] if len(set(step.size)) == 1 else None)
    plain = step.max_size is None and step.antialias in (True, None, "warn") and step.interpolation.value == "bilinear"
    return size if plain else None


def without_workers() -> None:
    """Let every DataLoader of this process load by itself, whatever number of workers it is told."""
    made = DataLoader.__init__
    signature = inspect.signature(made)

    @functools.wraps(made)
    def init(*args: Any, **kwargs: Any) -> None:
        bound = signature.bind(*args, **kwargs)
        if bound.arguments.get("num_workers"):
            for name in ("num_workers", "prefetch_factor", "persistent_workers", "timeout", "multiprocessing_context"):
                bound.arguments.pop(name, None)
        made(*bound.args, **bound.kwargs)

    setattr(DataLoader, "__init__", init)  # noqa: B010 - to mypy it is no method of this form
