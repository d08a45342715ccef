"""From bytes to what a network is given: images stay bytes, on the device, and become numbers a batch at a time."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from grader.kernel.inside import images

_SHARE_OF_MEMORY = 4  # a data set may take one part in so many of what a GPU has free
_AT_ONCE = 8  # images resized in one piece on a CPU, so that their levels in float64 stay in its cache


@dataclass(frozen=True, slots=True)
class Pictures:
    """Labelled images where a network is trained.

    Args:
        data: uint8, (N, H, W) or (N, H, W, 3), on the device.
        labels: int64, (N,), on the device.
        size: pixels of the square images that batches consist of.
    """

    data: Tensor
    labels: Tensor
    size: int

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Images, float32 (n, 1 or 3, size, size) in [0, 1], and labels (n,); `rows` may lie on any device."""
        rows = rows.to(self.data.device)
        return prepared(self.data[rows], self.size), self.labels[rows]

    def first(self, count: int) -> Pictures:
        """The first images alone, not copied."""
        return Pictures(self.data[:count], self.labels[:count], self.size)


def resident(name: str, split: str, size: int, device: torch.device) -> Pictures:
    """One split of a data set on a device, as it is in its files; batches are of `size`.

    At 224 x 224 it would be 3 GB instead of 47 MB. Resizing a batch of 128 takes a hundredth of what a network of the
    book computes on it.

    Raises:
        FileNotFoundError: the data set is not on this machine.
    """
    return _resident(name, split, size, device, images.serving())


@functools.cache  # uploaded once for a session, however many networks it trains
def _resident(name: str, split: str, size: int, device: torch.device, _: images.Serving) -> Pictures:
    data, labels = images.load(name, split)
    return Pictures(data.to(device), labels.to(device), size)


def prepared(pixels: Tensor, size: int) -> Tensor:
    """uint8 (N, H, W) or (N, H, W, 3) → float32 (N, 1 or 3, size, size) in [0, 1]."""
    channels_first = pixels[:, None] if pixels.dim() == 3 else pixels.permute(0, 3, 1, 2)
    return resized(channels_first, (size, size)).float() / 255


def resized(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize bytes (..., H, W) as Pillow does, bilinearly; whole levels, in float32 where anything was to do.

    Both passes round to whole levels and their weights are 22-bit fractions, as in Pillow, so for the square sizes
    of the book every pixel is the same as by torchvision's Resize.
    """
    height, width = pictures.shape[-2:]
    if (height, width) == tuple(size):
        return pictures
    if pictures.dim() > 2 and pictures.device.type == "cpu" and len(pictures) > _AT_ONCE:
        return torch.cat([resized(part, size) for part in pictures.split(_AT_ONCE)])
    levels = pictures.double() @ _resampling(width, size[1], pictures.device)
    levels = _resampling(height, size[0], pictures.device).T @ levels.add_(0.5).floor_()
    return levels.add_(0.5).floor_().float()


@functools.cache
def _resampling(old: int, new: int, device: torch.device) -> Tensor:
    """The matrix (old, new) that resamples a row of pixels: what interpolation makes of unit impulses."""
    impulses = torch.eye(old, dtype=torch.float64)[None, None]
    weights = F.interpolate(impulses, size=(old, new), mode="bilinear", antialias=True)[0, 0]
    return ((weights * 2**22 + 0.5).floor_() / 2**22).to(device)
