"""Sessions without a kernel: canned answers to probes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, TypeAlias

from grader.kernel.inside.answering import answer
from grader.kernel.wire import observation_frame, read_observation
from grader.probes import Missing, Observation, Probe, Raised, Returned, Value, Version
from grader.records import Item

Canned: TypeAlias = Observation | Sequence[Observation]
Answers: TypeAlias = Mapping[tuple[str, str], Canned] | Callable[[Probe], Observation]
Case: TypeAlias = tuple[tuple[Value, ...], dict[str, Value], Any]


class FakeSession:
    """Answers by (question, target), or by a function of the probe.

    A list of observations is given out one by one, its last one again and again. What is not canned is missing.

    Args:
        answers: the table or the function.
        versions: captured bindings by target.
    """

    def __init__(self, answers: Answers | None = None, versions: Mapping[str, Sequence[Version]] | None = None) -> None:
        self.asked: list[Probe] = []
        self._answers = {} if answers is None else answers
        self._versions = versions or {}
        self._given: dict[tuple[str, str], int] = {}

    def versions(self, target: str) -> Sequence[Version]:
        return self._versions.get(target, [])

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        for probe in probes:
            self.asked.append(probe)
            yield self._answer(probe)

    def _answer(self, probe: Probe) -> Observation:
        if callable(self._answers):
            return self._answers(probe)
        place = (probe.question, probe.target)
        canned = self._answers.get(place, Missing(probe.target))
        if not isinstance(canned, Sequence):
            return canned
        number = self._given.get(place, 0)
        self._given[place] = number + 1
        return canned[min(number, len(canned) - 1)]


class FakeReference(FakeSession):
    """A `grader.checks.asking.Reference`: canned answers, and cases whose only argument is their number.

    Args:
        answers: as for a session.
        case: makes the case of a generator's name, seed and number.
        misconceptions: by sentence, what the misconception answers to a probe.
    """

    def __init__(
        self,
        answers: Answers | None = None,
        *,
        case: Callable[[str, int, int], Case] = lambda generator, seed, number: ((number,), {}, None),
        misconceptions: Mapping[str, Callable[[Probe], Observation]] | None = None,
    ) -> None:
        super().__init__(answers)
        self._case = case
        self._misconceptions = misconceptions or {}

    def case(self, generator_name: str, seed: int, number: int) -> Case:
        return self._case(generator_name, seed, number)

    def seed(self, item: str, number: int) -> int:
        return 1000 + number

    def public_seed(self, item: str, number: int) -> int:
        return 5000 + number

    def misconceptions(self, probes: Sequence[Probe]) -> Iterator[tuple[str, Sequence[Observation]]]:
        for sentence, mistaken in self._misconceptions.items():
            yield sentence, [mistaken(probe) for probe in probes]


def calling(function: Callable[..., Value]) -> Callable[[Probe], Observation]:
    """Answers of a session whose target is this function, whatever the question."""

    def answer(probe: Probe) -> Observation:
        try:
            return Returned(function(*probe.args, **probe.kwargs))
        except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
            return Raised(type(error).__name__, message=str(error))

    return answer


def defining(target: Any) -> Callable[[Probe], Observation]:
    """Answers of a session that defines this target, asked as a kernel asks it, whatever its name."""

    @contextmanager
    def entered(name: str, stand_ins: Mapping[str, str]) -> Iterator[tuple[Any, dict[str, Any]]]:
        yield target, {}

    bench = SimpleNamespace(entered=entered)
    return lambda probe: read_observation(observation_frame(answer(probe, bench)))


def item(check: str, target: str = "f", *, id: str = "the-item", section: str = "7.2", **options: Value) -> Item:
    """An item worth one point."""
    return Item(id, section, "an item", 1.0, check, target, options)
