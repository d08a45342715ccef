"""The sandboxes that one worker trains in: on a graphics card that is lent to it for one submission at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from grader.kernel.sandbox import Confinement
from grader.kernel.template import Sandboxes
from grader.leases import Cards


class Lending:
    """Keeps a template for each card it was ever lent; no process in them has touched a card before a session does.

    Args:
        cards: what is lent.
        confinement: of sessions that do not train, which see no card.
        warm: whether sessions are forked.
        alone: whether a card is wanted whole, because beside others its memory was too little.
    """

    def __init__(self, cards: Cards, confinement: Confinement, *, warm: bool, alone: bool) -> None:
        self._cards = cards
        self._confinement = confinement
        self._warm = warm
        self._alone = alone
        self._sandboxes: dict[str, Sandboxes] = {}

    @contextlib.contextmanager
    def lend(self) -> Iterator[Sandboxes]:
        """Wait for a card; sandboxes that see it and no other one."""
        with self._cards.lease(alone=self._alone) as name:
            if name not in self._sandboxes:
                self._sandboxes[name] = Sandboxes(replace(self._confinement, device=name), warm=self._warm)
            yield self._sandboxes[name]

    def lost(self) -> bool:
        """Whether a session may have died since this was last asked because its template did."""
        lost = [each.lost() for each in self._sandboxes.values()]  # all of them are to forget it
        return any(lost)

    def close(self) -> None:
        """End what is kept warm."""
        for each in self._sandboxes.values():
            each.__exit__()
