"""A reference that remembers what it was asked: what public vectors have to hold so that checks find it there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from grader.checks.asking import Reference
from grader.probes import Observation, Probe, Value, Version
from grader.recording import key

Case: TypeAlias = tuple[tuple[Value, ...], dict[str, Value], Any]
Asked: TypeAlias = dict[str, tuple[Probe, Observation]]  # by key of the probe


@dataclass(slots=True)
class Listening:
    """A `grader.checks.asking.Reference` before another one.

    Args:
        reference: who answers; public cases only.
        cases: what was asked for, by generator, seed and number.
        answers: what the reference said.
        mistakes: by target each mistake's sentence and what it says to every probe that was asked of any.
    """

    reference: Reference
    cases: dict[tuple[str, int, int], Case] = field(default_factory=dict)
    answers: Asked = field(default_factory=dict)
    mistakes: dict[str, list[tuple[str, Asked]]] = field(default_factory=dict)

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """As the reference."""
        for probe in probes:
            name = key(probe)
            if name not in self.answers:
                (observation,) = self.reference.ask([probe])
                self.answers[name] = probe, observation
            yield self.answers[name][1]

    def versions(self, target: str) -> Sequence[Version]:
        """As the reference."""
        return self.reference.versions(target)

    def case(self, generator_name: str, seed: int, number: int) -> Case:
        """As the reference."""
        known = (generator_name, seed, number)
        if known not in self.cases:
            self.cases[known] = self.reference.case(generator_name, seed, number)
        return self.cases[known]

    def seed(self, item: str, number: int) -> int:
        """As the reference."""
        return self.reference.seed(item, number)

    def public_seed(self, item: str, number: int) -> int:
        """As the reference."""
        return self.reference.public_seed(item, number)

    def misconceptions(self, probes: Sequence[Probe]) -> Iterator[tuple[str, Sequence[Observation]]]:
        """As the reference; but all of them are asked, however few of them are wanted."""
        names = [key(probe) for probe in probes]
        found = list(self.reference.misconceptions(probes))
        known = self.mistakes.setdefault(probes[0].name, [(text, {}) for text, _ in found])
        for (_, asked), (_, observations) in zip(known, found, strict=True):
            asked.update(zip(names, zip(probes, observations, strict=True), strict=True))
        return iter(found)

    def learn(self, other: Listening, told: str) -> None:
        """Take over what was asked there, and of the mistakes what those answered whose sentence was told."""
        self.cases.update(other.cases)
        self.answers.update(other.answers)
        for target, mistakes in other.mistakes.items():
            known = self.mistakes.setdefault(target, [(text, {}) for text, _ in mistakes])
            for (text, asked), (_, more) in zip(known, mistakes, strict=True):
                if text in told:
                    asked.update(more)
