"""Expressions over the student's names have the values that they have in the reference."""

from __future__ import annotations

from collections.abc import Sequence

from grader.checks.asking import Answer, Reference, ask_both, failed, passed, sentence
from grader.probes import Observation, Probe, Returned, Session
from grader.records import Finding, Item


def evaluates_to(student: Session, reference: Reference, item: Item, *, expressions: Sequence[str]) -> Finding:
    """Evaluate each expression where the target was bound."""
    probes = [Probe("evaluate", item.target, options={"expression": each}) for each in expressions]
    answers = ask_both(student, reference, probes)
    for answer in answers:
        if not answer.right:
            return failed(_message(answer, _misconception(answers, reference, probes)), mismatch=answer.mismatch)
    return passed(f"{' and '.join(f'`{each}`' for each in expressions)} give the expected values.")


def _message(wrong: Answer, known: str) -> str:
    expression = str(wrong.probe.options["expression"])
    if wrong.mismatch is None:
        return sentence(wrong.observed, expression)
    return f"{known} `{expression}`: {wrong.mismatch.message}".strip()


def _misconception(answers: Sequence[Answer], reference: Reference, probes: Sequence[Probe]) -> str:
    """The sentence of the misconception in which every expression has the student's value.

    Where not all were evaluated, the last one has none and equals nothing.
    """
    for text, observations in reference.misconceptions(probes):
        if all(_gives(answer, mistaken) for answer, mistaken in zip(answers, observations, strict=False)):
            return text
    return ""


def _gives(answer: Answer, mistaken: Observation) -> bool:
    return isinstance(mistaken, Returned) and Answer(answer.probe, answer.observed, mistaken.value).right
