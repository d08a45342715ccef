"""What a notebook gives its network: size, channels and scale of its batches, by which our own images are made alike.

A notebook may resize and normalise as it likes; the network can only be asked about images prepared the same way.
Data sets have black and white pixels in every batch, so the darkest and the brightest value that were given tell what
0 and 255 had become. Nothing of this is trusted: who gives other images than these lowers the own accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_BATCHES = 3  # looked at
_ABOUT = 0.02  # of the range from 0 to 1: as near, values are as they are


@dataclass(frozen=True, slots=True)
class Scale:
    """How the batches of one network differ from images in [0, 1].

    Args:
        channels: of an image.
        size: height and width.
        low: what black has become, per channel; empty for 0.
        high: what white has become, per channel; empty for 1.
        dtype: of the batches.
    """

    channels: int
    size: tuple[int, int]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    dtype: torch.dtype = torch.float32

    def made(self, pictures: Tensor) -> Tensor:
        """Images (N, 1 or 3, H, W) in [0, 1] → (N, channels, *size) as the network was given them."""
        if tuple(pictures.shape[-2:]) != self.size:
            pictures = F.interpolate(pictures, size=self.size, mode="bilinear", align_corners=False, antialias=True)
        if pictures.shape[1] != self.channels:  # grey given as colour, or the other way round
            pictures = pictures.mean(dim=1, keepdim=True).expand(-1, self.channels, -1, -1)
        if self.low:
            low, high = (pictures.new_tensor(each)[:, None, None] for each in (self.low, self.high))
            pictures = low + pictures * (high - low)
        return pictures.to(self.dtype)

    def adapt(self, module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The same as a hook before a network's forward."""
        return (self.made(args[0]), *args[1:])


@dataclass(slots=True)
class Given:
    """Notes the first batches that a network is given, wherever it takes them in."""

    channels: int = 0
    size: tuple[int, int] = (0, 0)
    dtype: torch.dtype = torch.float32
    batches: int = 0
    _low: Any = None
    _high: Any = None
    _hooks: list[Any] = field(default_factory=list)

    def watch(self, model: nn.Module) -> None:
        """Note what this network, or its first layer where it is called past its forward, is given from now on."""
        layers = [each for each in model.modules() if not list(each.children()) and list(each.parameters())]
        for module in (model, *layers[:1]):
            self._hooks.append(module.register_forward_pre_hook(self._note))

    @property
    def complete(self) -> bool:
        """Whether enough batches were seen."""
        return self.batches >= _BATCHES

    def scale(self) -> Scale | None:
        """What was found out; None where no batch of images was seen."""
        self._stop()
        if not self.batches:
            return None
        low, high = self._low.tolist(), self._high.tolist()
        plain = all(each >= -_ABOUT for each in low) and all(each <= 1 + _ABOUT for each in high)
        ends: tuple[tuple[float, ...], tuple[float, ...]] = ((), ()) if plain else (tuple(low), tuple(high))
        return Scale(self.channels, self.size, *ends, dtype=self.dtype)

    def _note(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        batch = args[0] if args else None
        if not module.training or not isinstance(batch, Tensor) or batch.dim() != 4 or not batch.is_floating_point():
            return
        shape = (batch.shape[1], (batch.shape[2], batch.shape[3]))
        if self.batches and shape != (self.channels, self.size):  # a layer within, after the network itself
            return
        self.channels, self.size, self.dtype = *shape, batch.dtype
        low, high = batch.detach().float().amin(dim=(0, 2, 3)), batch.detach().float().amax(dim=(0, 2, 3))
        self._low = low if self._low is None else torch.minimum(self._low, low)
        self._high = high if self._high is None else torch.maximum(self._high, high)
        self.batches += 1
        if self.batches >= 2 * _BATCHES:  # a batch may be noted twice: by the network and by its first layer
            self._stop()

    def _stop(self) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()
