"""Where gradient descent on squared errors leads a kernel from PyTorch's first weights; `learned_weight` asks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

_EXACTLY = 1e-4  # what outputs may differ by from those of one kernel
_FORGOTTEN = 1e-3  # what is left of the start in a direction that tells nothing of it
_PROJECTIONS = 50
_MUCH_NEARER = 0.05  # what steps leave of an error in the direction in which they work best
_FAR_AWAY = 1e5
_NEAR = 0.02  # of what descent leads to; float32 on the way leaves less


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is to be learned: the kernel that an image and its output determine."""

    windows: torch.Tensor  # of the image, (count, kernel elements)
    kernel: torch.Tensor  # (kernel elements,)

    def leads_to(self, weight: Sequence[float], *, steps: int, lr: float) -> bool:
        """Whether so many steps down the gradient of the sum of squared errors end at a weight.

        The error of the weight is multiplied by the same matrix in each step. So the weight itself tells where it would
        have begun, which must be where PyTorch draws the first weights of a convolution: ±1/√(kernel elements).
        Where the steps work well in no direction, or lead so far away that rounding does, too, nothing is known.
        """
        drawn_within = 1 / math.sqrt(len(self.kernel))
        end = torch.tensor(weight, dtype=torch.float64)
        rates, directions = torch.linalg.eigh(2 * self.windows.T @ self.windows)
        grown = (1 - lr * rates) ** steps
        if float(grown.abs().min()) > _MUCH_NEARER or float(grown.abs().max()) > _FAR_AWAY:
            return False
        known = grown.abs() > _FORGOTTEN
        start = directions.T @ self.kernel + (directions.T @ (end - self.kernel)) / grown.where(known, 1.0)
        began = torch.zeros_like(end)
        for _ in range(_PROJECTIONS):  # to and fro, until it has the known directions and lies within the bounds
            along = directions.T @ began
            began = (directions @ start.where(known, along)).clamp(-drawn_within, drawn_within)
        ends = self.kernel + directions @ (grown * (directions.T @ (began - self.kernel)))
        return bool(((ends - end).abs() <= _NEAR * end.abs().max()).all())


def lesson(image: torch.Tensor, output: torch.Tensor, kernel: Sequence[int]) -> Lesson | None:
    """What an image, (h, w), and its output, (h - kh + 1, w - kw + 1), teach; None where they determine no kernel."""
    if min(image.shape[0] - kernel[0], image.shape[1] - kernel[1]) < 0:
        return None
    windows = functional.unfold(image.double()[None, None], tuple(kernel))[0].T
    flat = output.double().reshape(-1, 1)
    if len(windows) != len(flat) or int(torch.linalg.matrix_rank(windows)) < windows.shape[1]:
        return None
    found = torch.linalg.lstsq(windows, flat).solution
    return Lesson(windows, found.flatten()) if torch.allclose(windows @ found, flat, atol=_EXACTLY) else None
