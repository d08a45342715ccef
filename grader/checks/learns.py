"""A network learns a data set: trained in the sandbox by the rubric's recipe, measured outside it on the test split.

The test labels never enter the sandbox. How the accuracy is measured stands in grader/measuring/, what speaks against
it in doubts.py.

Where a start by chance could decide, chance is asked three times: an accuracy that does not lie clearly above full
credit, nor clearly below any, is measured with two more seeds, and the median counts. A repetition that gives no
accuracy (it ran out of time, say) is left out; of two that are left the better counts, because what the machine did
not finish must cost nothing. Each training has the whole time limit of a training.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
_SURE_PASS, _SURE_FAIL = 2.0, 3.0  # standard errors beyond full and below no credit from which one training decides


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
        if profile == "full":
            settled_on = settled(student, train, number, otherwise=without_training)
            if isinstance(settled_on, Finding):
                return settled_on
            own = trained_once(student, settled_on, recipe, data=data, device=device)
            if not isinstance(own, Measured) or not (own.training.by_hand and own.doubts.before):
                return own
            # What steps by hand have taught it and what was brought along look alike: the class tells which it is.
        return trained_once(student, train, recipe, data=data, device=device)

    try:
        first = measured(0)
        if isinstance(first, Finding):
            return first
        runs = [first]
        images = int(first.found["images"])
        if not first.doubts.certain and _undecided(first.accuracy, images, recipe):
            repeated = [measured(number) for number in range(1, 1 + _REPETITIONS)]
            runs += [each for each in repeated if isinstance(each, Measured)]
    except DataMissing as error:
        return Finding(Outcome.BROKEN, 0.0, str(error))
    counts = _counting(runs)
    evidence = {
        **counts.evidence(recipe["steps"]),
        "accuracies": [round(each.accuracy, 4) for each in runs],
        "seeds": [each.seed for each in runs],
        "doubts": list(dict.fromkeys(sentence for each in runs for sentence in each.doubts.odd)),
        "data": data,
        "recipe": dict(recipe),
        "device": device,
        "profile": profile,
    }
    if certain := [each.doubts.certain for each in runs if each.doubts.certain]:
        return failed(certain[0], evidence=evidence)
    finding = _ramp(counts.accuracy, images, recipe, _spread(runs) + _constant(counts, data), evidence)
    return finding if asked is None else hyperparameters.judged(finding, student, item, asked, on_other)


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
    if (finding := untrained(trained, train.target)) is not None:
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


def _undecided(accuracy: float, images: int, recipe: Mapping[str, float]) -> bool:
    """Whether another seed could well have given other credit."""
    error = _error(accuracy, images)
    return recipe["none"] - _SURE_FAIL * error <= accuracy < recipe["full"] + _SURE_PASS * error


def _counting(runs: Sequence[Measured]) -> Measured:
    """The median of an odd number of trainings, the better of two."""
    return sorted(runs, key=lambda run: run.accuracy)[len(runs) // 2]


def _spread(runs: Sequence[Measured]) -> str:
    """How the accuracy that counts was chosen, with all of them."""
    if len(runs) == 1:
        return ""
    chosen = "median of three" if len(runs) == 3 else "better of two"
    return f" This is the {chosen} trainings: {', '.join(f'{each:.3f}' for each in sorted(r.accuracy for r in runs))}."


def _constant(run: Measured, data: str) -> str:
    """A word on a network that has one answer for everything."""
    said = [label for label, column in enumerate(zip(*run.found["confusion"], strict=True)) if any(column)]
    names = datasets.CLASSES.get(data, tuple(map(str, range(10))))
    return f" It answers {names[said[0]]} to every image." if len(said) == 1 else ""


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
