"""A network learns a data set: trained in the sandbox by the rubric's recipe, measured here on the test split.

The test labels never enter the sandbox; its images do so unlabelled, after training is over.

Where a start by chance could decide, chance is asked three times: an accuracy that does not lie clearly above full
credit, nor clearly below any, is measured with two more seeds, and the median counts. A repetition that gives no
accuracy (it ran out of time, say) is left out; of two that are left the better counts, because what the machine did
not finish must cost nothing. Each training has the whole time limit of a training.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

import torch

from grader import datasets
from grader.checks.asking import Reference, failed, passed, sentence
from grader.checks.trainings import Training, told, train_probe, untrained
from grader.errors import DataMissing
from grader.probes import Died, Probe, Returned, Session, TimedOut, Value
from grader.records import Finding, Item, Outcome

_REPETITIONS = 2
_SURE_PASS, _SURE_FAIL = 2.0, 3.0  # standard errors beyond full and below no credit from which one training decides


@dataclass(frozen=True, slots=True)
class _Measured:
    """One training: the seed it started from, the test accuracy it reached, what it said of itself."""

    seed: int
    accuracy: float
    training: Training


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
    images = torch.from_numpy(test.images.copy())

    def measured(number: int) -> _Measured | Finding:
        seed = reference.seed(item.id, number)
        train = train_probe(item, seed, recipe, data=data, device=device, args=args, kwargs=kwargs)
        ask_logits = Probe("logits", item.target, (images,), {}, seed, {"size": recipe["size"]})
        return _measured(student, train, ask_logits, torch.from_numpy(test.labels))

    first = measured(0)
    if isinstance(first, Finding):
        return first
    runs = [first]
    if _undecided(first.accuracy, len(test.labels), recipe):
        repeated = [measured(number) for number in range(1, 1 + _REPETITIONS)]
        runs += [each for each in repeated if isinstance(each, _Measured)]
    counts = _counting(runs)
    evidence = {
        "accuracy": round(counts.accuracy, 4),
        "accuracies": [round(each.accuracy, 4) for each in runs],
        **counts.training.evidence(recipe["steps"]),
        "seed": counts.seed,
        "device": device,
        "profile": profile,
    }
    return _ramp(counts.accuracy, len(test.labels), recipe, _spread(runs), evidence)


def _measured(student: Session, train: Probe, ask_logits: Probe, labels: torch.Tensor) -> _Measured | Finding:
    """Train once and compare the logits with the labels; a finding where there is nothing to compare."""
    trained, measured = student.ask([train, ask_logits])
    if (finding := untrained(trained, train.target)) is not None:
        return finding
    if isinstance(measured, TimedOut | Died):
        return Finding(Outcome.BROKEN, 0.0, f"The trained network gave no logits: {sentence(measured, train.target)}")
    if not isinstance(measured, Returned):
        return failed(sentence(measured, train.target))
    logits = measured.value
    if not _one_row_each(logits, len(labels)):
        return failed(f"The trained `{train.target}` does not give one row of logits per image.")
    accuracy = float((logits.argmax(dim=1) == labels).double().mean())
    return _Measured(train.seed, accuracy, told(trained))


def _one_row_each(logits: Value, images: int) -> TypeGuard[torch.Tensor]:
    return (
        isinstance(logits, torch.Tensor)
        and logits.is_floating_point()
        and logits.dim() == 2
        and logits.shape[0] == images
        and logits.shape[1] > 0
    )


def _undecided(accuracy: float, images: int, recipe: Mapping[str, float]) -> bool:
    """Whether another seed could well have given other credit."""
    error = _error(accuracy, images)
    return recipe["none"] - _SURE_FAIL * error <= accuracy < recipe["full"] + _SURE_PASS * error


def _counting(runs: Sequence[_Measured]) -> _Measured:
    """The median of an odd number of trainings, the better of two."""
    return sorted(runs, key=lambda run: run.accuracy)[len(runs) // 2]


def _spread(runs: Sequence[_Measured]) -> str:
    """How the accuracy that counts was chosen, with all of them."""
    if len(runs) == 1:
        return ""
    chosen = "median of three" if len(runs) == 3 else "better of two"
    return f" This is the {chosen} trainings: {', '.join(f'{each:.3f}' for each in sorted(r.accuracy for r in runs))}."


def _error(accuracy: float, images: int) -> float:
    """The standard error of an accuracy measured on so many images."""
    return math.sqrt(accuracy * (1 - accuracy) / images)


def _ramp(
    accuracy: float, images: int, recipe: Mapping[str, float], spread: str, evidence: Mapping[str, Value]
) -> Finding:
    none, full = recipe["none"], recipe["full"]
    credit = round(min(1.0, max(0.0, (accuracy - none) / (full - none))), 4)
    measured = (
        f"Test accuracy {accuracy:.3f} ± {_error(accuracy, images):.3f} on {images} images "
        f"after {evidence['steps']} steps; full credit from {full:g}.{spread}"
    )
    if credit >= 1:
        return passed(measured, evidence)
    if credit <= 0:
        return failed(f"{measured} Nothing was learned up to {none:g}.", evidence=evidence)
    return Finding(Outcome.PARTIAL, credit, measured, evidence=evidence)
