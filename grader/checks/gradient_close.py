"""The gradients of a function are those of the reference."""

from __future__ import annotations

from grader.checks import asking
from grader.checks.asking import Reference, ask_both, judge_all, tolerances
from grader.probes import Session
from grader.records import Finding, Item


def gradient_close(
    student: Session,
    reference: Reference,
    item: Item,
    *,
    inputs: str,
    cases: int = 8,
    rtol: float | None = None,
    atol: float | None = None,
) -> Finding:
    """Ask for the gradients of a seeded projection with respect to every tensor argument.

    `rtol` and `atol` replace the usual tolerances of the dtype.

    Raises:
        RubricError: a tolerance is none.
    """
    tolerances(item, rtol, atol)
    probes = asking.cases(reference, item, "gradient", inputs, cases)
    return judge_all(ask_both(student, reference, probes, rtol=rtol, atol=atol), cases, item, reference=reference)
