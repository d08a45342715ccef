"""Whatever stands in an answer where something else belongs is the student's mistake: never our fault, never a point.

Right answers of every kind of check are taken, and one place after the other is given a value that nobody expects there.
All of it can cross the pipe: our own code in the sandbox is as untrusted as the student's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from grader import checks, rubric
from grader.answer_key import AnswerKey
from grader.judging import judge
from grader.kernel.wire import observation_frame, read_observation
from grader.measuring.session import Measuring
from grader.probes import Layer, Observation, Opaque, Probe, Returned, Value, Version
from grader.records import Assignment, Item, Outcome, Profile
from tests.fakes import FakeSession

COURSE = Path(__file__).resolve().parents[2]
TENSORS = (
    torch.tensor(math.nan),
    torch.tensor([True, False]),
    torch.empty(0),
    torch.empty((0, 1 << 38), dtype=torch.int8),
    torch.full((1, 1, 1, 2), math.inf, dtype=torch.float64),
    torch.full((2, 3), 1e308 + 1j, dtype=torch.complex128),
    torch.full([1] * 8, -(1 << 63)),
)
ODD: tuple[Value, ...] = (
    *(None, True, 0, -1, 1 << 255, -math.inf, math.nan, "", "Conv2d", "\ud800", [], [[]], [None], (1, 2, 3), {}),
    *({"train.output": None}, [1 << 255] * 9, Opaque("function"), Layer("Conv2d", {}), *TENSORS),
)
ITEMS = (
    *("softmax-values", "corr2d-gradient", "conv2d-layer", "edge-detection", "learned-kernel"),
    *("init-cnn", "lenet-shapes", "lenet-accuracy", "train-step"),
)
OUTSIDE = ("calls", "imports", "recipes")  # read in the notebook's text, on this side
TRAINED = {
    "losses": [1.0, 0.5],
    "curve": [[1, 1.0, 0.5], [2, None, 0.6]],
    "steps": 5,
    "stopped": "budget",
    "untrained": torch.zeros(200, 10),
    "changed": 4,
    "replaced": 0,
    "touched": 0,
    "by_hand": False,
}


@dataclass(frozen=True, slots=True)
class Standard:
    """What is judged by: a course of the repository, on a processor."""

    assignment: Assignment
    key: AnswerKey
    device: str = "cpu"
    profile: Profile = Profile.QUICK


@cache
def course() -> dict[str, tuple[Item, Standard]]:
    """Every item with what it is judged by."""
    found = rubric.load(COURSE, checks.bind).assignments.values()
    standards = [Standard(each, AnswerKey(COURSE, each.reference)) for each in found]
    return {item.id: (item, standard) for standard in standards for item in standard.assignment.items}


def right(probe: Probe, standard: Standard) -> Value:
    """What the reference answers, and of trainings something that looks like one."""
    match probe.question:
        case "train":
            return TRAINED
        case "logits":
            return torch.zeros(len(probe.args[0]), 10)
        case "redraw":
            return True
        case "weights":
            return torch.zeros(100, dtype=torch.uint8)
        case question if question in OUTSIDE:
            return []
        case _:
            (observation,) = standard.key.ask([replace(probe, target=probe.name, stand_ins={})])
            assert isinstance(observation, Returned)
            return observation.value


def places(value: Value, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to every value within a value; of many alike the first three."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    for number, (key, each) in enumerate(inner):
        if isinstance(value, dict) or number < 3:
            yield from places(each, (*path, key))


def spoilt(value: Value, path: Sequence[Any], odd: Value) -> Value:
    """The value with another one at a place."""
    if not path:
        return odd
    if isinstance(value, dict):
        return {**value, path[0]: spoilt(value[path[0]], path[1:], odd)}
    return type(value)(spoilt(each, path[1:], odd) if key == path[0] else each for key, each in enumerate(value))


def outcome(item: Item, standard: Standard, answer: Callable[[Probe], Value]) -> tuple[Outcome, str]:
    """What becomes of an item when a session answers so."""

    def answered(probe: Probe) -> Observation:
        return read_observation(observation_frame(Returned(answer(probe))))

    versions = {target: [Version(1, "definition", "hw.ipynb")] for target in (item.target, "X, K")}
    session = Measuring(FakeSession(answered, versions), vars(standard.key.solutions))
    finding = judge(session, item, {}, standard)
    return finding.outcome, finding.message


@pytest.mark.parametrize("name", ITEMS)
def test_an_odd_value_anywhere_in_an_answer_is_no_fault_of_ours(name: str) -> None:
    item, standard = course()[name]
    asked: dict[str, list[Probe]] = {}

    def noted(probe: Probe) -> Value:
        asked.setdefault(probe.question, []).append(probe)
        return right(probe, standard)

    honest, told = outcome(item, standard, noted)
    assert honest is (Outcome.FAILED if item.check == "learns" else Outcome.PASSED), told
    faults = []
    for question, probes in asked.items():
        for path in places(right(probes[0], standard)) if question not in OUTSIDE else ():
            for odd in ODD[:: 3 if item.check == "learns" else 1]:  # measuring takes long

                def lying(probe: Probe, question: str = question, path: Any = path, odd: Value = odd) -> Value:
                    value = right(probe, standard)
                    return spoilt(value, path, odd) if probe.question == question else value

                found, told = outcome(item, standard, lying)
                if found is Outcome.BROKEN:
                    faults.append((question, path, odd, told))

    assert not faults, f"{len(faults)}, the first: {faults[0]}"
