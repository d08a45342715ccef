"""How a graphics card computes while the rubric's recipe trains a network: the one place where that is chosen.

Everything is off until it has been measured on a card to be faster without changing a verdict. The processor computes
as always. What a notebook trains by itself it computes as it says.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch

TF32 = False  # products of matrices, and convolutions, with ten bits of mantissa
BF16 = False  # autocast to bfloat16


@contextlib.contextmanager
def chosen(device: torch.device) -> Iterator[None]:
    """Compute in here as chosen for a device; afterwards as before."""
    if device.type != "cuda":
        yield
        return
    backends: tuple[Any, ...] = (torch.backends.cuda.matmul, torch.backends.cudnn)
    before = [each.allow_tf32 for each in backends]
    for each in backends:
        each.allow_tf32 = TF32
    try:
        with torch.autocast("cuda", torch.bfloat16, enabled=BF16):
            yield
    finally:
        for each, was in zip(backends, before, strict=True):
            each.allow_tf32 = was
