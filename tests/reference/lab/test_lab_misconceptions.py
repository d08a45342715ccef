"""Every misconception of the lab fails where it is wrong, is told by its own sentence, and is right elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader import checks, rubric
from grader.answer_key import AnswerKey
from grader.records import Assignment, Finding, Item, Outcome
from reference.lab_cnn.misconceptions import MISCONCEPTIONS
from reference.lab_cnn.solutions import CNN
from tests.fakes import FakeSession, defining

ROOT = Path(__file__).parents[3]
EVERY = MISCONCEPTIONS["CNN"]


@pytest.fixture(scope="module")
def key() -> AnswerKey:
    return AnswerKey(ROOT, "lab_cnn", secret=b"of no gradebook")


@pytest.fixture(scope="module")
def lab() -> Assignment:
    return rubric.choose(rubric.load(ROOT, checks.bind), "lab-cnn")


def judged(item: Item, network: Any, key: AnswerKey) -> Finding:
    """What the item's check finds out about a network."""
    return checks.kinds()[item.check].check(FakeSession(defining(network)), key, item, **item.options)


def items(lab: Assignment, data: str) -> list[Item]:
    return [item for item in lab.items if item.id in (f"{data}-forward", f"{data}-shapes")]


@pytest.mark.parametrize("data", ["mnist", "cifar10"])
def test_the_right_network_earns_everything(lab: Assignment, key: AnswerKey, data: str) -> None:
    assert [judged(item, CNN, key).outcome for item in items(lab, data)] == [Outcome.PASSED] * 2


@pytest.mark.parametrize("mistaken", EVERY, ids=lambda each: each.__name__)
def test_a_misconception_is_told_by_its_own_sentence(lab: Assignment, key: AnswerKey, mistaken: Any) -> None:
    mine, others = ("mnist", "cifar10") if mistaken.__name__.startswith("Digits") else ("cifar10", "mnist")

    forward = judged(items(lab, mine)[0], mistaken, key)

    assert forward.outcome is not Outcome.PASSED
    assert forward.message.startswith(" ".join(mistaken.__doc__.split()))
    assert all(judged(item, mistaken, key).outcome is Outcome.PASSED for item in items(lab, others))


@pytest.mark.parametrize("mistaken", EVERY, ids=lambda each: each.__name__)
def test_a_sentence_is_short_and_ends(mistaken: Any) -> None:
    told = mistaken.__doc__

    assert told.endswith(".") and "\n" not in told and 40 < len(told) < 140


def test_all_sentences_are_different_and_each_network_has_several() -> None:
    assert len({mistaken.__doc__ for mistaken in EVERY}) == len(EVERY)
    assert sum(mistaken.__name__.startswith("Digits") for mistaken in EVERY) >= 3
    assert sum(mistaken.__name__.startswith("Photographs") for mistaken in EVERY) >= 3
