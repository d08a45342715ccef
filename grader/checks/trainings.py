"""What is asked of a session before a network's accuracy is measured: to train it; and what it says about that.

What it says is shown and never judged: the mark comes from answers on images that it has not seen (learns.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.checks.asking import failed, sentence
from grader.probes import Observation, Probe, Raised, Returned, TimedOut, Value
from grader.records import Finding, Item, Outcome

_RECIPE = ("steps", "batch", "lr", "size", "train")
_SHOWN = 50  # losses kept as evidence


@dataclass(frozen=True, slots=True)
class Training:
    """What one training said of itself.

    Args:
        losses: of training batches on the way; None for one that is no number.
    """

    losses: list[float | None]

    def evidence(self) -> dict[str, Any]:
        """What the feedback shows of it, as JSON values."""
        return {"losses": self.losses}


def train_probe(
    item: Item,
    seed: int,
    recipe: Mapping[str, float],
    *,
    data: str,
    device: str,
    args: Sequence[Value] = (),
    kwargs: Mapping[str, Value] | None = None,
) -> Probe:
    """The question to train an item's target by a recipe of the rubric; the arguments are its constructor's."""
    settings = {"data": data, "device": device, **{name: recipe[name] for name in _RECIPE}}
    return Probe("train", item.target, tuple(args), kwargs or {}, seed, settings)


def untrained(observation: Observation, target: str) -> Finding | None:
    """What it means that there is no trained network; None when there is one."""
    if isinstance(observation, TimedOut):
        return Finding(Outcome.BROKEN, 0.0, f"Training did not end within {observation.seconds:g} s on this machine.")
    if isinstance(observation, Raised) and observation.type == "OutOfMemoryError":
        return Finding(Outcome.BROKEN, 0.0, "The graphics card ran out of memory, perhaps because of others on it.")
    if not isinstance(observation, Returned):
        return failed(sentence(observation, target))
    return None


def told(observation: Observation) -> Training:
    """Read the answer to a train probe, which a student's code may have made up."""
    value = observation.value if isinstance(observation, Returned) else None
    losses = value.get("losses") if isinstance(value, Mapping) else None
    return Training(
        losses=[_number(each) for each in losses[:_SHOWN] if isinstance(each, float)]
        if isinstance(losses, list)
        else []
    )


def _number(value: float) -> float | None:
    """A number for JSON: where training diverged, there is none, which is worth seeing."""
    return round(value, 4) if math.isfinite(value) else None
