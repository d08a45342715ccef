"""The gradients of a function are those of the reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grader.checks import asking
from grader.checks.asking import Answer, Reference, ask_both, judge_all, passed, tolerances
from grader.probes import Probe, Returned, Session
from grader.records import Finding, Item, Outcome


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

    A function whose values are wrong by a named mistake has the gradients of those values: they pass, because the
    values have cost what the mistake costs. `rtol` and `atol` replace the usual tolerances of the dtype.

    Raises:
        RubricError: a tolerance is none.
    """
    tolerances(item, rtol, atol)
    probes = asking.cases(reference, item, "gradient", inputs, cases)
    answers = ask_both(student, reference, probes, rtol=rtol, atol=atol)
    finding = judge_all(answers, cases, item, reference=reference)
    if finding.outcome is Outcome.PASSED or len(answers) < cases or not all(map(_arrived, answers)):
        return finding
    mistake = asking.misconception(answers, reference, asking.agree)
    return (_of_wrong_values(mistake, probes, reference, item) if mistake else None) or finding


def _arrived(answer: Answer) -> bool:
    """Whether a gradient reached every argument."""
    gradients = answer.observed.value if isinstance(answer.observed, Returned) else None
    return isinstance(gradients, list) and all(each is not None for each in gradients)


def _of_wrong_values(mistake: str, probes: Sequence[Probe], reference: Reference, item: Item) -> Finding | None:
    """The finding about gradients that a named mistake has because its values are wrong; None where they are right."""
    calls = [replace(probe, question="call") for probe in probes]
    right = list(reference.ask(calls))
    for text, mistaken in reference.misconceptions(calls):
        pairs = [
            Answer(call, there, here.value)
            for call, there, here in zip(calls, mistaken, right, strict=True)
            if isinstance(here, Returned)
        ]
        if text == mistake and any(not pair.right for pair in pairs):
            told = passed(f"{mistake} The gradients are those of what your `{item.target}` computes.")
            return replace(told, hint="One mistake costs once.")
    return None
