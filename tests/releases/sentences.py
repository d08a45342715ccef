"""What is said of every named mistake, by a reference and by the vectors that were made of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grader import checks
from grader.answer_key import AnswerKey
from grader.checks import module_answers
from grader.checks.asking import Reference
from grader.probes import Observation, Probe, Returned, Session, Version
from grader.records import Assignment, Finding
from grader.releases import part
from grader.verifying.candidates import Defined


@dataclass(frozen=True)
class Biasless:
    """A session whose modules leave out every bias without effect, as many people write them before BatchNorm."""

    session: Session

    def versions(self, target: str) -> Sequence[Version]:
        return self.session.versions(target)

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        for probe, observation in zip(probes, self.session.ask(probes), strict=True):
            if probe.question == "module" and isinstance(observation, Returned) and isinstance(observation.value, dict):
                yield Returned(module_answers.without_idle_biases(observation.value))
            else:
                yield observation


def unlike(reference: AnswerKey, vectors: Reference, assignment: Assignment) -> tuple[int, list[str]]:
    """How many sentences were compared, and those that differ, in both words."""
    count, found = 0, []
    for mistake in reference.mistakes():
        session = Defined({**vars(reference.solutions), **mistake.names()}, assignment.items)
        for student in (session, Biasless(session)):
            by_reference = _judged(student, reference, assignment, mistake.target)
            by_vectors = _judged(student, vectors, assignment, mistake.target)
            count += len(by_reference)
            for item, said in by_reference.items():
                if by_vectors[item] != said:
                    found.append(f"{mistake.name}, {type(student).__name__}, {item}: {by_vectors[item]}, not {said}")
    return count, found


def _judged(
    student: Session, reference: Reference, assignment: Assignment, target: str
) -> dict[str, tuple[str, float]]:
    """By item about a target what is said and credited."""
    found = {}
    for item in filter(part.asked, assignment.items):
        if target in (item.target, item.options.get("layers")):
            finding: Finding = checks.kinds()[item.check].check(student, reference, item, **item.options)
            # Where differences are all but equal, rounding decides which of them is called the greatest.
            found[item.id] = (re.sub(r" at index \(.*?\); \S+ is allowed", "", finding.message), finding.credit)
    return found
