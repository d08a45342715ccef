"""Expressions over the student's names have the values that they have in the reference."""

from __future__ import annotations

from collections.abc import Sequence

from grader.checks.asking import Reference, ask_both, failed, passed, sentence
from grader.probes import Probe, Session
from grader.records import Finding, Item


def evaluates_to(student: Session, reference: Reference, item: Item, *, expressions: Sequence[str]) -> Finding:
    """Evaluate each expression where the target was bound."""
    probes = [Probe("evaluate", item.target, options={"expression": each}) for each in expressions]
    answers = ask_both(student, reference, probes)
    for answer in answers:
        if not answer.right:
            expression = str(answer.probe.options["expression"])
            detail = answer.mismatch.message if answer.mismatch else sentence(answer.observed, expression)
            return failed(f"`{expression}`: {detail}" if answer.mismatch else detail, mismatch=answer.mismatch)
    return passed(f"{' and '.join(f'`{each}`' for each in expressions)} give the expected values.")
