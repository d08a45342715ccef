"""What speaks against an accuracy: what is certain costs the item, what is odd is told to staff."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from grader.checks.doubts import Doubts, doubts
from grader.checks.trainings import Training
from tests.checks.test_learns import reached

LABELS = torch.arange(100) % 10
HONEST: dict[str, Any] = {
    "by": "answers",
    "clean": 0.8,
    "noisy": 0.79,
    "unmoved": 0.8,
    "shifted": 0.7,
    "batch": 0.0,
    "redrawn": 0.12,
}


def untrained(right: int) -> torch.Tensor:
    """Logits before training that give this many of the hundred images their class."""
    said = LABELS.clone()
    said[right:] = (said[right:] + 1) % 10
    return torch.nn.functional.one_hot(said, 10).float()


def found(training: Training | None = None, **measured: Any) -> Doubts:
    value = {**reached(80).value, **measured}
    return doubts("LeNet", training or Training([], [], untrained=untrained(10), changed=10), LABELS, value)


def test_nothing_speaks_against_an_honest_network() -> None:
    assert found() == Doubts()
    assert found(**HONEST) == Doubts()


@pytest.mark.parametrize(
    ("training", "sentence"),
    [
        (
            Training([], [], untrained=untrained(60), changed=10),
            "`LeNet` gives 60% of unseen images their class before it is trained at all.",
        ),
        (Training([], [], untrained=untrained(10), changed=0), "Training changes none of the parameters of `LeNet`."),
        (
            Training([], [], untrained=untrained(10), changed=10, steps=150, replaced=1, touched=1),
            "While `LeNet` is trained, its weights are replaced by others that the training did not make.",
        ),
    ],
    ids=["knows-before", "unchanged", "replaced"],
)
def test_a_training_that_teaches_nothing_costs_the_item(training: Training, sentence: str) -> None:
    assert found(training).certain == sentence


@pytest.mark.parametrize(
    ("measured", "piece"),
    [
        ({"redrawn": 0.75}, "its answers do not come from what it has learned."),
        ({"noisy": 0.2}, "it knows these files, not what they show."),
        ({"batch": 0.7}, "gives 70% of the images another class when other images are in the batch."),
    ],
    ids=["without-parameters", "by-pixels", "by-company"],
)
def test_answers_that_are_not_learned_cost_the_item(measured: dict[str, float], piece: str) -> None:
    doubtful = found(**{**HONEST, **measured})

    assert doubtful.certain.endswith(piece)
    assert doubtful.odd == (doubtful.certain,)


@pytest.mark.parametrize(
    ("training", "measured"),
    [
        (Training([], [], untrained=untrained(35), changed=10), {}),
        (Training([], [], untrained=untrained(10), changed=10, steps=40, replaced=40, touched=40), {}),
        (Training([], [], untrained=untrained(10), changed=10, replaced=0, touched=2), {}),
        (None, {**HONEST, "batch": 0.2}),
        (None, {**HONEST, "shifted": 0.15}),
        (None, {**HONEST, "redrawn": None}),
        (None, {"carried": ["Cell 3 of ada.ipynb holds 300,000 characters of data."]}),
    ],
    ids=["a-good-start", "bounded-weights", "a-touch", "batch-statistics", "moved", "no-answer", "carried"],
)
def test_what_is_only_odd_is_told_to_staff_and_costs_nothing(
    training: Training | None, measured: dict[str, Any]
) -> None:
    doubtful = found(training, **measured)

    assert doubtful.certain == ""
    assert len(doubtful.odd) == 1


@pytest.mark.parametrize("logits", [None, torch.zeros(3, 10), torch.zeros(100, 0)], ids=["none", "few", "no-classes"])
def test_odd_answers_before_training_say_nothing(logits: torch.Tensor | None) -> None:
    assert found(Training([], [], untrained=logits, changed=10)) == Doubts()


def test_a_weak_network_is_not_suspected_of_what_chance_does() -> None:
    weak = {**HONEST, "accuracy": 0.3, "clean": 0.3, "noisy": 0.15, "unmoved": 0.3, "shifted": 0.1, "redrawn": 0.25}

    assert found(**weak) == Doubts()
