"""A network learns a data set: trained in the sandbox by the rubric's recipe, measured outside it on the test split.

The test labels never enter the sandbox. How the accuracy is measured stands in grader/measuring/, what speaks against
it in doubts.py.

Where a start by chance could decide, chance is asked three times: an accuracy that does not lie clearly above full
credit is measured with two more seeds, and the median counts. Right networks die of a start now and then, and give one
answer to every image from the first step to the last (a VGG by profile quick, say); such a training is left out
where another one learned. So is a repetition that gives no accuracy (it ran out of time, say). Of two that
are left the better counts, because neither may cost anything. Each training has the whole time limit of a training.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from grader import datasets
from grader.checks import hyperparameters
from grader.checks.asking import Reference, failed, passed, sentence
from grader.checks.doubts import Doubts, doubts
from grader.checks.trainings import UNTRAINED, Training, settled, told, train_probe, untrained
from grader.errors import DataMissing
from grader.probes import Died, Probe, Returned, Session, TimedOut, Value
from grader.records import Finding, Item, Outcome

_REPETITIONS = 2
_SURE = 2.0  # standard errors above full credit from which one training decides


@dataclass(frozen=True, slots=True)
class Measured:
    """One training: the seed it started from, what it said of itself, what was measured and what speaks against it."""

    seed: int
    training: Training
    found: Mapping[str, Value]
    doubts: Doubts

    @property
    def accuracy(self) -> float:
        """On the test split."""
        return float(self.found["accuracy"])

    @property
    def images(self) -> int:
        """How many it was measured on."""
        return int(self.found["images"])

    @property
    def error(self) -> float:
        """The standard error of the accuracy."""
        return math.sqrt(self.accuracy * (1 - self.accuracy) / self.images)

    def evidence(self, steps: float) -> dict[str, Value]:
        """What the feedback shows of it, as JSON values; `steps` of the recipe count where training does not say."""
        return {
            "accuracy": round(self.accuracy, 4),
            "confusion": self.found["confusion"],
            "measured_by": self.found["by"],
            **self.training.evidence(steps),
            "seed": self.seed,
        }


def learns(
    student: Session,
    reference: Reference,
    item: Item,
    *,
    data: str,
    profiles: Mapping[str, Mapping[str, float]],
    args: Sequence[Value] = (),
    kwargs: Mapping[str, Value] | None = None,
    without_training: str = "recipe",
    asked: Mapping[str, float] | None = None,
    on_other: float = 1.0,
    profile: str = "quick",
    device: str = "cpu",
) -> Finding:
    """Train for a number of steps, then measure; credit rises linearly from accuracy `none` to `full`.

    The session answers `measured` as `measuring.session.Measuring` does.

    With profile `full` the notebook's own cells train. Where they train no such network, `without_training` says
    what then: `recipe`, to train its class as with profile `quick`, or `fail`.

    Where the notebook's source trains by other hyper-parameters than those `asked` (epochs, lr, batch_size), that is
    said, and the share `on_other` of the credit stays.
    """
    recipe = profiles[profile]

    def measured(number: int) -> Measured | Finding:
        seed = reference.seed(item.id, number)
        train = train_probe(item, seed, recipe, data=data, device=device, args=args, kwargs=kwargs)
        own = settled(student, train, number, otherwise=without_training) if profile == "full" else train
        if isinstance(own, Finding):
            return own
        found = trained_once(student, own, recipe, data=data, device=device)
        if isinstance(found, Measured) and found.training.by_hand and found.doubts.before:
            # What steps by hand have taught it and what was brought along look alike: the class tells which it is.
            return trained_once(student, train, recipe, data=data, device=device)
        return found

    try:
        runs = _as_often_as_needed(measured, recipe)
    except DataMissing as error:
        return Finding(Outcome.BROKEN, 0.0, str(error))
    if isinstance(runs, Finding):
        return runs
    counts = _counting(runs)
    shown = {"data": data, "recipe": dict(recipe), "device": device, "profile": profile}
    evidence = {**counts.evidence(recipe["steps"]), **_together(runs), **shown}
    if certain := [each.doubts.certain for each in runs if each.doubts.certain]:
        return failed(certain[0], evidence=evidence)
    finding = _ramp(counts, recipe, _spread(runs) + _constant(counts, data), evidence)
    return finding if asked is None else hyperparameters.judged(finding, student, item, asked, on_other)


def _as_often_as_needed(
    measured: Callable[[int], Measured | Finding], recipe: Mapping[str, float]
) -> list[Measured] | Finding:
    """One training, or three where chance could decide; a finding where the first gives no accuracy."""
    first = measured(0)
    if isinstance(first, Finding):
        return first
    if first.doubts.certain or not _undecided(first, recipe):
        return [first]
    repeated = [measured(number) for number in range(1, 1 + _REPETITIONS)]
    return [first, *(each for each in repeated if isinstance(each, Measured))]


def _together(runs: Sequence[Measured]) -> dict[str, Value]:
    """What the feedback shows of all trainings, as JSON values."""
    return {
        "accuracies": [round(each.accuracy, 4) for each in runs],
        "seeds": [each.seed for each in runs],
        "doubts": list(dict.fromkeys(sentence for each in runs for sentence in each.doubts.odd)),
    }


def trained_once(
    student: Session, train: Probe, recipe: Mapping[str, float], *, data: str, device: str
) -> Measured | Finding:
    """Train once and measure; a finding where there is nothing to measure.

    Raises:
        DataMissing: the data set is not on this machine.
    """
    wanted = {"data": data, "test": int(recipe["test"]), "size": recipe["size"], "device": device}
    measure = Probe("measured", train.target, train.args, train.kwargs, train.seed, wanted)
    known = torch.from_numpy(datasets.held_out(data, UNTRAINED, train.seed).labels)
    (trained,) = student.ask([train])
    if (finding := untrained(trained, train)) is not None:
        return finding
    (measured,) = student.ask([measure])
    if isinstance(measured, TimedOut | Died):
        return Finding(Outcome.BROKEN, 0.0, f"The trained network gave no logits: {sentence(measured, train.target)}")
    if not isinstance(measured, Returned):
        return failed(sentence(measured, train.target))
    if measured.value is None:
        return failed(f"The trained `{train.target}` does not give one row of logits per image.")
    training = told(trained)
    return Measured(train.seed, training, measured.value, doubts(train.target, training, known, measured.value))


def _undecided(run: Measured, recipe: Mapping[str, float]) -> bool:
    """Whether another seed could well have given more credit, or less."""
    return run.accuracy < recipe["full"] + _SURE * run.error


def _counting(runs: Sequence[Measured]) -> Measured:
    """The median of an odd number of trainings, the better of two; those that died count where all did."""
    alive = _alive(runs)
    return sorted(alive, key=lambda run: run.accuracy)[len(alive) // 2]


def _alive(runs: Sequence[Measured]) -> Sequence[Measured]:
    """Those that answer more than one class; all where none does."""
    return [run for run in runs if len(_said(run)) > 1] or runs


def _spread(runs: Sequence[Measured]) -> str:
    """How the accuracy that counts was chosen, with all of them."""
    if len(runs) == 1:
        return ""
    told = ", ".join(f"{each:.3f}" for each in sorted(run.accuracy for run in runs))
    if len(_alive(runs)) < len(runs):
        return f" Of these trainings those that died of their start do not count: {told}."
    chosen = "median of three" if len(runs) == 3 else "better of two"
    return f" This is the {chosen} trainings: {told}."


def _constant(run: Measured, data: str) -> str:
    """A word on a network that has one answer for everything."""
    said = _said(run)
    names = datasets.CLASSES.get(data, tuple(map(str, range(10))))
    return f" It answers {names[said[0]]} to every image." if len(said) == 1 else ""


def _said(run: Measured) -> list[int]:
    """The classes that it answers."""
    return [label for label, column in enumerate(zip(*run.found["confusion"], strict=True)) if any(column)]


def _ramp(run: Measured, recipe: Mapping[str, float], remark: str, evidence: Mapping[str, Value]) -> Finding:
    none, full = recipe["none"], recipe["full"]
    credit = round(min(1.0, max(0.0, (run.accuracy - none) / (full - none))), 4)
    measured = (
        f"Test accuracy {run.accuracy:.3f} ± {run.error:.3f} on {run.images} images "
        f"after {evidence['steps']} steps; full credit from {full:g}.{remark}"
    )
    if credit >= 1:
        return passed(measured, evidence)
    if credit <= 0:
        return failed(f"{measured} Nothing was learned up to {none:g}.", evidence=evidence)
    return Finding(Outcome.PARTIAL, credit, measured, evidence=evidence)
