"""What is asked of a session before a network's accuracy is measured: to train it; and what it says about that.

What it says is shown and never judged: the mark comes from answers on images that it has not seen (learns.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from grader import datasets
from grader.checks.asking import failed, sentence
from grader.errors import RubricError
from grader.probes import Observation, Probe, Raised, Returned, Session, TimedOut, Value
from grader.records import Finding, Item, Outcome

UNTRAINED = 200  # images that are answered before the first step
_RECIPE = ("steps", "batch", "lr", "size", "train")
_STEPS = 1 << 40
_STOPPED = ("budget", "enough", "end", "clock")
_SHOWN = 50  # losses, and points of a curve, kept as evidence


@dataclass(frozen=True, slots=True)
class Training:
    """What one training said of itself.

    Args:
        losses: of training batches on the way; None for one that is no number.
        curve: per look the step, the mean loss since the last one, and the accuracy on held-out images.
        steps: how many were taken; None if it does not say.
        stopped: budget, enough, end (the notebook's own), clock, or "".
        untrained: the logits before the first step, (images, classes), if there are such.
        changed: how many parameters it changed; None where that is not known.
        replaced: the steps before which something else than the optimiser had changed nearly all weights.
        touched: the steps before which it had changed any.
        by_hand: whether the notebook may have trained it by hand before an optimiser did.
    """

    losses: list[float | None]
    curve: list[list[float | None]]
    steps: int | None = None
    stopped: str = ""
    untrained: torch.Tensor | None = None
    changed: int | None = None
    replaced: int = 0
    touched: int = 0
    by_hand: bool = False

    def evidence(self, steps: float) -> dict[str, Any]:
        """What the feedback shows of it, as JSON values; `steps` of the recipe count where it does not say."""
        taken = int(steps) if self.steps is None else self.steps
        return {"losses": self.losses, "curve": self.curve, "steps": taken, "stopped": self.stopped}


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
    """The question to train an item's target by a recipe of the rubric; the arguments are its constructor's.

    It carries unlabelled images, `UNTRAINED` of them, which the network answers before its first step.

    Raises:
        RubricError: training would stop before full credit is reached.
        DataMissing: the data set is not on this machine.
    """
    settings = {"data": data, "device": device, **{name: recipe[name] for name in _RECIPE}}
    if "enough" in recipe:
        if recipe["enough"] < recipe["full"]:
            raise RubricError(
                f"{item.id}: training would stop from accuracy {recipe['enough']:g} (enough), "
                f"below what earns full credit ({recipe['full']:g})"
            )
        settings["enough"] = recipe["enough"]
    looked_at = torch.from_numpy(datasets.held_out(data, UNTRAINED, seed).images.copy())
    return Probe("train", item.target, tuple(args), kwargs or {}, seed, {**settings, "untrained": looked_at})


def in_the_notebook(item: Item, profile: str) -> dict[str, Any] | None:
    """What a session has to know beforehand to let a notebook train an item's network: a row of `following.Wanted`.

    None where the item, of another package's check perhaps, has no recipe for this profile.
    """
    options = item.options
    recipe = options.get("profiles", {}).get(profile)
    if recipe is None or "data" not in options:
        return None
    settings = {name: recipe[name] for name in ("steps", "batch", "size", "enough") if name in recipe}
    constructed = {name: options[name] for name in ("args", "kwargs") if name in options}
    return {"target": item.target, "data": options["data"], **settings, **constructed}


def settled(student: Session, train: Probe, repetition: int, *, otherwise: str) -> Probe | Finding:
    """Ask for the network that the notebook itself has trained.

    Args:
        student: the session.
        train: the question to train it by the rubric's recipe.
        repetition: 0, or which further start by chance is wanted.
        otherwise: where the notebook has trained none: recipe, or fail.

    Returns:
        The question that was answered, which may be asked again at no cost; else what to ask instead, or what it means
        that there is no such network.
    """
    probe = replace(train, question="trained", options={**train.options, "repetition": repetition})
    (observation,) = student.ask([probe])
    if (finding := untrained(observation, train)) is not None:
        return finding
    training = told(observation)
    if training.stopped == "clock":
        told_s = "Training in the notebook did not end within the limit of time on this machine."
        return Finding(Outcome.BROKEN, 0.0, told_s, evidence=training.evidence(0))
    if training.steps != 0:
        return probe
    if otherwise == "fail":
        return failed(f"The notebook trains no `{train.target}`: no cell takes a step of an optimiser on one.")
    return train


def untrained(observation: Observation, train: Probe) -> Finding | None:
    """What it means that there is no trained network; None when there is one. Of a card it may speak where one is."""
    on_card = train.options["device"] != "cpu"
    if isinstance(observation, TimedOut):
        return Finding(Outcome.BROKEN, 0.0, f"Training did not end within {observation.seconds:g} s on this machine.")
    if on_card and isinstance(observation, Raised) and observation.type == "OutOfMemoryError":
        return Finding(Outcome.BROKEN, 0.0, "The graphics card ran out of memory, perhaps because of others on it.")
    if not isinstance(observation, Returned):
        return failed(sentence(observation, train.target))
    if on_card and isinstance(observation.value, Mapping) and observation.value.get("no_card") is True:
        told_s = "The graphics card that was asked for cannot be used in the sandbox; `grader doctor` may say why."
        return Finding(Outcome.BROKEN, 0.0, told_s)
    return None


def told(observation: Observation) -> Training:
    """Read the answer to a train probe, which a student's code may have made up."""
    value = observation.value if isinstance(observation, Returned) else None
    answer: Mapping[str, Value] = value if isinstance(value, Mapping) else {}
    steps, stopped = answer.get("steps"), answer.get("stopped")
    return Training(
        losses=[_number(each) for each in _list(answer.get("losses")) if isinstance(each, float)],
        curve=[[_number(each) for each in row] for row in _list(answer.get("curve")) if _is_point(row)],
        steps=steps if isinstance(steps, int) and not isinstance(steps, bool) and 0 <= steps < _STEPS else None,
        stopped=stopped if stopped in _STOPPED else "",
        untrained=_logits(answer.get("untrained")),
        changed=_count(answer.get("changed")),
        replaced=_count(answer.get("replaced")) or 0,
        touched=_count(answer.get("touched")) or 0,
        by_hand=answer.get("by_hand") is True,
    )


def _logits(value: Value) -> torch.Tensor | None:
    return value if isinstance(value, torch.Tensor) and value.dim() == 2 and value.is_floating_point() else None


def _count(value: Value) -> int | None:
    return value if type(value) is int and 0 <= value < _STEPS else None


def _list(value: Value) -> list[Value]:
    return value[:_SHOWN] if isinstance(value, list) else []


def _is_point(row: Value) -> bool:
    return isinstance(row, list) and len(row) == 3 and all(each is None or type(each) in (int, float) for each in row)


def _number(value: float | None) -> float | None:
    """A number for JSON: where training diverged, there is none, which is worth seeing."""
    if value is None or not math.isfinite(value):
        return None
    return value if isinstance(value, int) else round(value, 4)
