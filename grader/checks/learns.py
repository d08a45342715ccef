"""A network learns a data set: trained in the sandbox by the rubric's recipe, measured here on the test split.

The test labels never enter the sandbox; its images do so unlabelled, after training is over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeGuard

import torch

from grader import datasets
from grader.checks.asking import Reference, failed, passed, sentence
from grader.errors import DataMissing
from grader.probes import Died, Probe, Returned, Session, TimedOut, Value
from grader.records import Finding, Item, Outcome

_RECIPE = ("steps", "batch", "lr", "size", "train")


def learns(
    student: Session,
    reference: Reference,
    item: Item,
    *,
    data: str,
    profiles: Mapping[str, Mapping[str, float]],
    args: Sequence[Value] = (),
    kwargs: Mapping[str, Value] | None = None,
    profile: str = "quick",
    device: str = "cpu",
) -> Finding:
    """Train for a number of steps, then ask for logits; credit rises linearly from accuracy `none` to `full`."""
    recipe = profiles[profile]
    try:
        test = datasets.test_split(data, int(recipe["test"]))
    except DataMissing as error:
        return Finding(Outcome.BROKEN, 0.0, str(error))
    seed = reference.seed(item.id, 0)
    settings = {"data": data, "device": device, **{name: recipe[name] for name in _RECIPE}}
    images = torch.from_numpy(test.images.copy())
    train = Probe("train", item.target, tuple(args), kwargs or {}, seed, settings)
    ask_logits = Probe("logits", item.target, (images,), {}, seed, {"size": recipe["size"]})
    trained, measured = student.ask([train, ask_logits])
    if isinstance(trained, TimedOut):
        return Finding(Outcome.BROKEN, 0.0, f"Training did not end within {trained.seconds:g} s on this machine.")
    if not isinstance(trained, Returned):
        return failed(sentence(trained, item.target))
    if isinstance(measured, TimedOut | Died):
        return Finding(Outcome.BROKEN, 0.0, f"The trained network gave no logits: {sentence(measured, item.target)}")
    if not isinstance(measured, Returned):
        return failed(sentence(measured, item.target))
    logits = measured.value
    if not _one_row_each(logits, len(test.labels)):
        return failed(f"The trained `{item.target}` does not give one row of logits per image.")
    accuracy = float((logits.argmax(dim=1) == torch.from_numpy(test.labels)).double().mean())
    return _ramp(accuracy, len(test.labels), recipe, _evidence(accuracy, trained.value, recipe, seed, device, profile))


def _one_row_each(logits: Value, images: int) -> TypeGuard[torch.Tensor]:
    return (
        isinstance(logits, torch.Tensor)
        and logits.is_floating_point()
        and logits.dim() == 2
        and logits.shape[0] == images
        and logits.shape[1] > 0
    )


def _ramp(accuracy: float, images: int, recipe: Mapping[str, float], evidence: Mapping[str, Value]) -> Finding:
    none, full = recipe["none"], recipe["full"]
    credit = round(min(1.0, max(0.0, (accuracy - none) / (full - none))), 4)
    error = math.sqrt(accuracy * (1 - accuracy) / images)
    measured = (
        f"Test accuracy {accuracy:.3f} ± {error:.3f} on {images} images "
        f"after {int(recipe['steps'])} steps; full credit from {full:g}."
    )
    if credit >= 1:
        return passed(measured, evidence)
    if credit <= 0:
        return failed(f"{measured} Nothing was learned up to {none:g}.", evidence=evidence)
    return Finding(Outcome.PARTIAL, credit, measured, evidence=evidence)


def _evidence(
    accuracy: float, trained: Value, recipe: Mapping[str, float], seed: int, device: str, profile: str
) -> dict[str, Value]:
    losses = trained.get("losses") if isinstance(trained, Mapping) else None
    shown = losses[:50] if isinstance(losses, list) else []
    # A loss that is no number, where training diverged, has no place in JSON but is worth seeing.
    curve = [round(loss, 4) if math.isfinite(loss) else None for loss in shown if isinstance(loss, float)]
    return {
        "accuracy": round(accuracy, 4),
        "steps": int(recipe["steps"]),
        "losses": curve,
        "seed": seed,
        "device": device,
        "profile": profile,
    }
