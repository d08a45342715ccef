"""A student's weights in the reference's architecture: accepted only where that network then answers alike.

The bytes come from the sandbox, no more of them than were asked for, and are parsed by safetensors, which runs nothing.
Which tensor takes which place is told by what forward uses (kernel/inside/weights.py): first call by call, where both
sides call convolutions, linear layers and batch normalisation with weights of the same shapes; else, for layers written
by hand, tensor by tensor among those of one shape. A wrong guess costs nothing: such a network answers otherwise.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import nn

from grader.kernel.inside.pixels import prepared
from grader.kernel.inside.scores import answers
from grader.kernel.inside.weights import Use, uses
from grader.probes import Value

_NAME = re.compile(r"\d{5}\.(?P<use>\d{5})\.(?P<kind>conv|linear|norm|other|unused)\.(?P<role>\w{1,20})")
_MOST_TENSORS = 4096
_LAYERS = frozenset({"conv", "linear", "norm"})
_CLOSE = 1e-3  # of the spread of the logits: above what float32 rounds, far below what another operation does
_HEADER = 256 << 10  # bytes of a safetensors file beside its tensors
_FLOATS = frozenset({torch.float16, torch.bfloat16, torch.float32, torch.float64})

_Placed = list[tuple[torch.Tensor, torch.Tensor | None]]  # places of the reference, with what belongs there


@dataclass(frozen=True, slots=True)
class Architecture:
    """The reference's network of one target, ready to take weights.

    Args:
        network: in eval mode, on the device where it answers.
        uses: what its forward uses, in order.
    """

    network: nn.Module
    uses: Sequence[Use]

    @property
    def bytes(self) -> int:
        """How many bytes its weights may have as a file: of numbers twice as long as its own."""
        return 2 * sum(each.numel() * each.element_size() for each in self._tensors()) + _HEADER

    def _tensors(self) -> Iterator[torch.Tensor]:
        return (tensor for use in self.uses for tensor in use.tensors.values())


@functools.lru_cache(maxsize=4)  # filling a large network with values that nobody uses takes long
def _built(make: Any, args: Any, kwargs: Any, shape: tuple[int, ...], size: int, device: str) -> Architecture | None:
    with torch.random.fork_rng(devices=[]):
        network = make(*args, **dict(kwargs))
    if not isinstance(network, nn.Module):
        return None
    network.to(device).eval()
    batch = prepared(torch.zeros((2, *shape), dtype=torch.uint8, device=device), size)
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        network(batch)  # lazy layers take their shapes here
    return Architecture(network, uses(network, batch))


def architecture(
    make: Any, args: Sequence[Value], kwargs: Mapping[str, Value], *, shape: Sequence[int], size: int, device: str
) -> Architecture | None:
    """The reference's network for images of uint8 of this shape, made square of this size; None if it is no module."""
    return _built(make, _frozen(args), _frozen(sorted(kwargs.items())), tuple(shape), size, device)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(each) for each in value) if isinstance(value, list | tuple) else value


# ---- reading ---------------------------------------------------------------------------------------------------------


def read(content: Value, most: int) -> list[Use] | None:
    """What the sandbox sent as weights; None where it is no such file of at most so many bytes."""
    if not isinstance(content, torch.Tensor) or content.dtype != torch.uint8 or content.numel() > most:
        return None
    try:
        found = safetensors.torch.load(content.numpy().tobytes())
    except (safetensors.SafetensorError, LookupError, TypeError, ValueError, RuntimeError, OverflowError):
        return None  # a stranger wrote it
    rows = [(_NAME.fullmatch(name), tensor) for name, tensor in sorted(found.items())]
    if len(rows) > _MOST_TENSORS or any(name is None or tensor.dtype not in _FLOATS for name, tensor in rows):
        return None
    read: dict[str, tuple[str, dict[str, torch.Tensor]]] = {}
    for name, tensor in rows:
        if name is not None:
            _, tensors = read.setdefault(name["use"], (name["kind"], {}))
            tensors[name["role"]] = tensor.float()
    return [Use(kind, tensors) for kind, tensors in read.values()]


# ---- placing ---------------------------------------------------------------------------------------------------------


def placements(theirs: Sequence[Use], ours: Sequence[Use]) -> Iterator[_Placed]:
    """Ways to place their tensors in our network, the likeliest first."""
    for place in (_by_layer, _by_shape):
        placed = place(theirs, ours)
        if placed is not None:
            yield placed


def _by_layer(theirs: Sequence[Use], ours: Sequence[Use]) -> _Placed | None:
    """Layers of one kind with weights of one shape belong together in the order of their use."""
    waiting: dict[Any, list[Use]] = defaultdict(list)
    for use in theirs:
        waiting[_signature(use)].append(use)
    placed: _Placed = []
    for use in ours:
        if use.kind == "unused":
            continue
        if use.kind not in _LAYERS or not waiting[_signature(use)]:
            return None
        found = waiting[_signature(use)].pop(0).tensors
        for role, tensor in use.tensors.items():
            given = found.get(role)
            if given is None and role != "bias":
                return None
            if given is not None and given.numel() != tensor.numel():
                return None
            placed.append((tensor, given))
        if found.keys() - use.tensors.keys():
            return None
    return placed if not any(waiting[each] for each in waiting if each[0] != "unused") else None


def _signature(use: Use) -> tuple[str, tuple[int, ...]]:
    if use.kind == "unused":
        return "unused", ()
    weight = use.tensors.get("weight", next(iter(use.tensors.values())))
    return use.kind, tuple(weight.shape)


def _by_shape(theirs: Sequence[Use], ours: Sequence[Use]) -> _Placed | None:
    """Tensors of one shape belong together in the order of their use."""
    waiting: dict[tuple[int, ...], list[torch.Tensor]] = defaultdict(list)
    for tensor in _used(theirs):
        waiting[_plain(tensor)].append(tensor)
    placed: _Placed = []
    for tensor in _used(ours):
        if not waiting[_plain(tensor)]:
            return None
        placed.append((tensor, waiting[_plain(tensor)].pop(0)))
    return placed if not any(waiting.values()) else None


def _used(all_uses: Iterable[Use]) -> Iterator[torch.Tensor]:
    return (tensor for use in all_uses if use.kind != "unused" for tensor in use.tensors.values())


def _plain(tensor: torch.Tensor) -> tuple[int, ...]:
    """The shape without axes of length 1: what broadcasts is one number per channel."""
    return tuple(side for side in tensor.shape if side != 1)


# ---- accepting -------------------------------------------------------------------------------------------------------


def reproducing(
    into: Architecture, theirs: Sequence[Use], images: torch.Tensor, logits: torch.Tensor, *, size: int
) -> nn.Module | None:
    """The reference with these weights, where it gives these logits for these images of uint8; else None."""
    for placed in placements(theirs, into.uses):
        with torch.no_grad():
            for place, given in placed:
                place.copy_(torch.zeros_like(place) if given is None else given.reshape(place.shape))
        if alike(answers(into.network, images, size), logits):
            return into.network
    return None


def alike(ours: torch.Tensor, theirs: torch.Tensor) -> bool:
    """Whether logits, (N, classes), are the same but for rounding."""
    if ours.shape != theirs.shape:
        return False
    spread = (ours - ours.mean(dim=0)).abs().max() + ours.abs().max() * 1e-3
    # Written this way round because NaN fails every comparison.
    return bool(((ours - theirs).abs() <= _CLOSE * spread).all())
