"""How exactly float32 is computed: on a graphics card, and on processors with units for shorter formats.

Torch has two sets of settings for it, an older one (`allow_tf32`, `set_float32_matmul_precision`) and since 2.9
`fp32_precision`, which operations inherit from their library and that from all. What a notebook sets in one makes
torch refuse to tell the other, so both are written here, and what torch refuses to tell is not asked for.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import torch

# How the rubric's recipe trains on a card. Off until it has been measured to be faster without changing a verdict.
TF32 = False  # products of matrices, and convolutions, with ten bits of mantissa
BF16 = False  # autocast to bfloat16

T = TypeVar("T")


def exact() -> None:
    """From now on float32 is computed in float32, whatever was set."""
    _set("ieee")


def kept() -> Callable[[], None]:
    """The settings as they are now; calling what is returned puts them back."""
    products = _told(torch.get_float32_matmul_precision)
    convolutions = _told(lambda: torch.backends.cudnn.allow_tf32)
    operations = _on_cards() + _on_processors()
    each = [operation.fp32_precision for operation in operations]

    def put_back() -> None:
        torch.set_float32_matmul_precision(products or "highest")
        torch.backends.cudnn.allow_tf32 = convolutions is not False  # torch starts with True
        _write(operations, each)

    return put_back


@contextlib.contextmanager
def chosen(device: torch.device) -> Iterator[None]:
    """Train in here as chosen for a device; afterwards it is as before. The processor computes as always."""
    if device.type != "cuda" or not TF32:
        yield
        return
    put_back = kept()
    _set("tf32")
    try:
        yield
    finally:
        put_back()


def forward(device: torch.device) -> contextlib.AbstractContextManager[Any]:
    """What a training's forward pass is computed in; the backward pass follows by itself."""
    if device.type != "cuda" or not BF16:
        return contextlib.nullcontext()
    return torch.autocast("cuda", torch.bfloat16)


def _set(cards: str) -> None:
    """One format for everything on cards; processors compute in float32."""
    torch.set_float32_matmul_precision("high" if cards == "tf32" else "highest")
    torch.backends.cudnn.allow_tf32 = cards == "tf32"
    _write(_on_cards(), [cards] * len(_on_cards()))
    _write(_on_processors(), ["ieee"] * len(_on_processors()))


def _write(operations: Sequence[Any], wanted: Sequence[str]) -> None:
    """Only where it differs: what is written is no longer inherited."""
    for operation, precision in zip(operations, wanted, strict=True):
        if operation.fp32_precision != precision:
            operation.fp32_precision = precision


@functools.cache
def _on_cards() -> list[Any]:
    backends = torch.backends
    return _known(backends.cuda.matmul, *(getattr(backends.cudnn, name, None) for name in ("conv", "rnn")))


@functools.cache
def _on_processors() -> list[Any]:
    return _known(*(getattr(torch.backends.mkldnn, name, None) for name in ("matmul", "conv", "rnn")))


def _known(*operations: Any) -> list[Any]:
    """Those that have a setting of their own; none before torch 2.9."""
    return [each for each in operations if hasattr(each, "fp32_precision")]


def _told(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except RuntimeError:
        return None
