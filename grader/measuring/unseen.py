"""Images that a network cannot have met: made from held-out ones of the training files, never from the test split."""

from __future__ import annotations

import torch

from grader import datasets

_NOISE = 3  # greatest change of a pixel by `noisy`, of 255


def noisy(images: torch.Tensor, seed: int, most: int = _NOISE) -> torch.Tensor:
    """The images with every pixel changed by so little that nobody sees it: uint8, the same shape."""
    generator = torch.Generator().manual_seed(seed)
    change = torch.randint(-most, most + 1, images.shape, generator=generator)
    return (images.to(torch.int64) + change).clamp(0, 255).to(torch.uint8)


def shifted(images: torch.Tensor, seed: int) -> torch.Tensor:
    """The images moved by one pixel up, down, left or right, each its own way: uint8, the same shape."""
    generator = torch.Generator().manual_seed(seed)
    ways = torch.randint(4, (len(images),), generator=generator)
    moves = [(1, 1), (-1, 1), (1, 2), (-1, 2)]
    moved = torch.stack([images.roll(by, dims=dim) for by, dim in moves])  # (4, N, H, W, ...)
    return moved[ways, torch.arange(len(images))]


def fresh(data: str, count: int, seed: int) -> torch.Tensor:
    """Images of a data set's form, half of them changed held-out ones, half mixtures with noise: uint8.

    Raises:
        DataMissing: the data set is not on this machine.
    """
    images = torch.from_numpy(datasets.held_out(data, count, seed).images.copy())
    half = len(images) // 2
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randint(0, 256, images[half:].shape, generator=generator).double()
    mixed = (0.6 * images[half:].double() + 0.4 * noise).to(torch.uint8)
    return torch.cat([noisy(shifted(images[:half], seed), seed, most=12), mixed])
