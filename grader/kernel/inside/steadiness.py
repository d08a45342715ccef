"""Whether anything but the optimiser changes the weights of a network that is being trained.

A forward that loads weights made elsewhere changes nearly all of them between two steps of the optimiser; a network
that keeps its largest weights within a bound, say, changes some. A few elements of each parameter are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

_LOOKED_AT = 16  # elements of each parameter, at most


class Steadiness:
    """Watches parameters during one training. `stepped` follows every step of the optimiser, `stepping` precedes it."""

    def __init__(self, parameters: Sequence[torch.Tensor], seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self._looked_at = [(each, _spread(each.numel(), generator)) for each in parameters if each.numel()]
        self._first = self._known = self._looked()
        self._changes: list[torch.Tensor] = []

    def stepping(self) -> None:
        """Note what has changed since the last step of the optimiser."""
        self._changes.append((self._looked() != self._known).float().mean())

    def stepped(self) -> None:
        """Remember what the optimiser has made."""
        self._known = self._looked()

    def told(self) -> dict[str, float]:
        """By name: `changed`, the parameters that the training changed; `replaced`, the steps before which nearly all
        elements had been changed by something else; `touched`, those before which any had.
        """
        self.stepping()  # what happened after the last step
        shares = torch.stack(self._changes)
        counts = [len(range(places.stop)[places]) for _, places in self._looked_at]
        moved = (self._known != self._first).split(counts) if counts else ()
        return {
            "changed": sum(int(each.any()) for each in moved),
            "replaced": int((shares > 0.5).sum()),
            "touched": int((shares > 0).sum()),
        }

    @torch.no_grad()
    def _looked(self) -> torch.Tensor:
        """The elements looked at, one after the other.

        Slices cost nothing, so on a graphics card, where a small network waits for every operator to be launched, one
        look is one operator.
        """
        picked = [each.detach().reshape(-1)[places] for each, places in self._looked_at]
        return torch.cat(picked) if picked else torch.zeros(0)


def _spread(elements: int, generator: torch.Generator) -> slice:
    """Places at equal distances, of which nobody knows the first."""
    count = min(_LOOKED_AT, elements)
    distance = elements // count
    first = int(torch.randint(elements - distance * (count - 1), (), generator=generator))
    return slice(first, first + distance * (count - 1) + 1, distance)
