"""Every named misconception, handed in by a student and put before the real checks with hidden inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from grader import checks, rubric
from grader.answer_key import AnswerKey
from grader.kernel.inside.answering import answer
from grader.kernel.wire import observation_frame, read_observation
from grader.probes import Observation, Probe, Version
from grader.records import Finding, Item
from reference.hw2_cnn import solutions
from reference.hw2_cnn.misconceptions import MISCONCEPTIONS, VALUES
from tests.reference.asking import EVERY, sentence

ROOT = Path(__file__).parents[2]
ITEMS = [
    item
    for item in rubric.load(ROOT, checks.bind).assignments["hw2-cnn"].items
    if item.check not in ("learns", "answered")
]


class Student:
    """A session in which the right answers are defined, but for the names that one misconception binds."""

    def __init__(self, bound: Mapping[str, Any]) -> None:
        self._names = {**vars(solutions), **bound}

    def versions(self, target: str) -> Sequence[Version]:
        """One version of everything; of `pool2d` the layers that it is bound to after its definition."""
        kinds = ["definition", *["library" for _ in self._layers(target)]]
        return [Version(number, kind) for number, kind in enumerate(kinds, 1)]

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        for probe in probes:
            yield read_observation(observation_frame(answer(probe, self)))

    @contextmanager
    def entered(self, target: str, stand_ins: Mapping[str, str]) -> Iterator[tuple[Any, dict[str, Any]]]:
        bare, _, number = target.partition("@")
        value = None if ", " in bare else self._names[bare]
        yield [value, *self._layers(bare)][int(number or 0)], self._names

    def _layers(self, target: str) -> Sequence[Any]:
        layers: Sequence[Any] = self._names["LIBRARY_POOLING"]
        return layers if target == "pool2d" else ()


@pytest.fixture(scope="module")
def key() -> AnswerKey:
    return AnswerKey(ROOT, "hw2_cnn", secret=b"hidden inputs")


def asked(target: str) -> list[Item]:
    """The items whose misconceptions stand under a target."""
    return [item for item in ITEMS if item.options.get("layers", item.target) == target]


def found(student: Student, key: AnswerKey, target: str) -> dict[str, Finding]:
    """What the checks find out about a student, by item."""
    return {item.id: checks.kinds()[item.check].check(student, key, item, **item.options) for item in asked(target)}


@pytest.mark.parametrize(("target", "version"), EVERY, ids=[version.__name__ for _, version in EVERY])
def test_a_misconception_fails_and_is_told_by_its_own_sentence(
    key: AnswerKey, target: str, version: Callable[..., Any]
) -> None:
    student = Student(version() if target in VALUES else {target: version})

    findings = found(student, key, target)

    wrong = {id: finding.message for id, finding in findings.items() if finding.credit < 1}
    assert wrong
    assert {id: message for id, message in wrong.items() if not message.startswith(sentence(version) + " ")} == {}


@pytest.mark.parametrize("target", MISCONCEPTIONS)
def test_the_right_answer_passes_the_items_of_a_target(key: AnswerKey, target: str) -> None:
    findings = found(Student({}), key, target)

    assert findings
    assert {finding.credit for finding in findings.values()} == {1.0}
