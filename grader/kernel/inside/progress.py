"""The course of one training: losses, held-out accuracy on the way, and whether it has taken enough steps.

Held-out images come from the training files, so their labels may lie in the sandbox: all that a student could gain by
them is that the own training stops earlier. The mark comes from images of the test split, on the other side.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import torch
from torch import Tensor, nn

from grader.kernel.inside.certainty import certain
from grader.kernel.inside.pixels import Pictures

_FEWEST, _MOST = 200, 1000  # held-out images of a look
_LOOKS = 40  # at most
_SHARE = 0.3  # of the images of a training that all looks may see; a forward pass costs a third of a step
_AT_ONCE = 250
SETTLED: Final = 640  # images by which batch normalisation is settled before a network is measured
_SETTLED_FOR_A_LOOK: Final = 128


@dataclass(slots=True)
class Progress:
    """Watches a network while it is trained.

    Args:
        model: the network.
        held_out: labelled images that it is not trained on.
        steps: the budget, in optimisation steps.
        batch: images a step, by which the cost of looking is shared out.
        enough: the accuracy that has to be passed for certain to stop before the budget is spent; None to go on.
        adapted: makes of images in [0, 1] what this network is given.
        settle: makes the network ready to be asked, with so many images; called before every look.
    """

    model: nn.Module
    held_out: Pictures
    steps: int
    batch: int
    enough: float | None = None
    adapted: Callable[[Tensor], Tensor] = lambda images: images
    settle: Callable[[int], None] = lambda count: None
    taken: int = 0
    stopped: str = ""  # budget or enough, once it is over
    accuracy: float | None = None  # at the last look
    curve: list[list[float | int | None]] = field(default_factory=list)  # step, mean loss since the last, accuracy
    _sum: Any = 0.0
    _summed: int = 0
    _looks: int = 0

    def step(self, loss: Tensor | None) -> bool:
        """Note one step and the loss of its batch; whether the training is over."""
        self.taken += 1
        if loss is not None:
            self._sum = self._sum + loss.detach()  # on the device: nobody waits for it
            self._summed += 1
        last = self.taken >= self.steps
        if last:
            self.stopped = "budget"
        if last or self.taken % self._every == 0:
            self.look()
        return bool(self.stopped)

    def look(self) -> None:
        """Measure the accuracy on held-out images, and stop if that is enough."""
        loss = float(self._sum) / self._summed if self._summed else None
        self._sum, self._summed = 0.0, 0
        self.settle(SETTLED if self.stopped else _SETTLED_FOR_A_LOOK)
        right = self._right()
        self.accuracy = right / self._images if right is not None else None
        self.curve.append([self.taken, loss, self.accuracy])
        self._looks += 1
        if right is None or self.enough is None or self.stopped:
            return
        if certain(right, self._images, self.enough, self._looks):
            self.stopped = "enough"

    @property
    def _images(self) -> int:
        wanted = int(0.03 * self.steps * self.batch)
        return min(len(self.held_out), max(_FEWEST, min(_MOST, wanted)))

    @property
    def _every(self) -> int:
        """Steps between two looks."""
        looks = int(_SHARE * self.steps * self.batch / max(1, self._images))
        return max(1, -(-self.steps // (max(2, min(_LOOKS, looks)) + 1)))

    def _right(self) -> int | None:
        """How many held-out images are told; None where the network gives no row of scores for each."""
        right: Any = 0
        with evaluating(self.model):
            for first in range(0, self._images, _AT_ONCE):
                rows = torch.arange(first, min(first + _AT_ONCE, self._images))
                images, labels = self.held_out.batch(rows)
                try:
                    scores = self.model(self.adapted(images))
                except Exception:  # noqa: BLE001 - what goes wrong here alone must not end the student's training
                    return None
                if not isinstance(scores, Tensor) or scores.dim() != 2 or len(scores) != len(labels):
                    return None
                right = right + (scores.argmax(dim=1) == labels.to(scores.device)).sum()
        return int(right)


_FLAG: Final = "training"


@contextlib.contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Ask a network between two steps and leave no trace: modes and generators are as before."""
    modes = [(module, module.training) for module in model.modules()]
    devices = sorted({tensor.device.index or 0 for tensor in model.parameters() if tensor.device.type == "cuda"})
    with torch.random.fork_rng(devices=devices), torch.no_grad():
        for module, _ in modes:  # not by eval(), which a notebook may have overridden
            module.__dict__[_FLAG] = False
        try:
            yield
        finally:
            for module, mode in modes:
                module.__dict__[_FLAG] = mode
