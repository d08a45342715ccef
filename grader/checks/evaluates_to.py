"""Expressions over the student's names have the values that they have in the reference."""

from __future__ import annotations

from collections.abc import Sequence

from grader.checks.asking import Reference, ask_both, judge_all
from grader.probes import Probe, Session
from grader.records import Finding, Item


def evaluates_to(student: Session, reference: Reference, item: Item, *, expressions: Sequence[str]) -> Finding:
    """Evaluate each expression where the target was bound."""
    probes = [Probe("evaluate", item.target, options={"expression": each}) for each in expressions]
    return judge_all(ask_both(student, reference, probes), len(probes), item)
