"""Where the weights of a network come from that a notebook trains: what it was before, and what training made of it.

Weights that nearly all change between two steps of an optimiser are a new beginning: drawn anew, which is fine, or
brought along, which shows because such a network knows images before it is trained. What nearly all changes after the
last step, a checkpoint perhaps, is set back to what training had made.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TypeAlias

import torch
from torch import Tensor, nn

_LOOKED_AT = 16  # elements of each parameter
_REPLACED = 0.5  # of the elements looked at
_State: TypeAlias = list[Tensor]  # of all parameters and buffers, on the CPU


class Provenance:
    """Of one network, from before its first step on; `stepping` and `stepped` stand around every step."""

    def __init__(self, model: nn.Module, continued: Provenance | None = None) -> None:
        generator = torch.Generator().manual_seed(0)
        self._model = model
        self._places = [
            (each, torch.randint(each.numel(), (_LOOKED_AT,), generator=generator).to(each.device))
            for each in model.parameters()
            if each.numel()
        ]
        self._before: _State = continued._before if continued is not None else self._state()
        self._made: _State | None = None  # by training, at the last look
        self._known = self._looked()

    def same(self, other: nn.Module) -> bool:
        """Whether another network has this one's weights, as a copy does that is trained on."""
        theirs = list(other.parameters())
        ours = [each for each, _ in self._places]
        return len(ours) == len(theirs) and all(
            a.shape == b.shape and torch.equal(a, b) for a, b in zip(ours, theirs, strict=True)
        )

    def stepping(self) -> None:
        """An optimiser is about to step."""
        if self._replaced():
            self._before = self._state()

    def stepped(self) -> None:
        """It has stepped."""
        self._known = self._looked()

    def keep(self) -> None:
        """Remember what training has made."""
        self._made = self._state()

    def settle(self) -> None:
        """Undo what has replaced the weights since the last step."""
        if self._replaced() and self._made is not None:
            self._set(self._made)

    @contextlib.contextmanager
    def before(self) -> Iterator[None]:
        """The network as it was before it was trained."""
        now = self._state()
        self._set(self._before)
        try:
            yield
        finally:
            self._set(now)

    def _replaced(self) -> bool:
        return bool((self._looked() != self._known).float().mean() > _REPLACED)

    def _tensors(self) -> list[Tensor]:
        tensors: list[Tensor] = [*self._model.parameters(), *self._model.buffers()]
        return [each for each in tensors if not nn.parameter.is_lazy(each)]

    def _state(self) -> _State:
        return [each.detach().to("cpu", copy=True) for each in self._tensors()]

    @torch.no_grad()
    def _set(self, state: _State) -> None:
        for tensor, value in zip(self._tensors(), state, strict=True):
            tensor.copy_(value)

    @torch.no_grad()
    def _looked(self) -> Tensor:
        picked = [each.detach().reshape(-1)[places].double() for each, places in self._places]
        return torch.cat(picked) if picked else torch.zeros(0)
