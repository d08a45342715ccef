"""From bytes to what a network is given."""

from __future__ import annotations

import torch
from torch.nn import functional as F


def prepared(pixels: torch.Tensor, size: int) -> torch.Tensor:
    """uint8 (N, H, W) or (N, H, W, 3) → float32 (N, 1 or 3, size, size) in [0, 1]."""
    channels_first = pixels[:, None] if pixels.dim() == 3 else pixels.permute(0, 3, 1, 2)
    batch = channels_first.float() / 255
    if batch.shape[-1] == size:
        return batch
    return F.interpolate(batch, size=(size, size), mode="bilinear", align_corners=False, antialias=True)
