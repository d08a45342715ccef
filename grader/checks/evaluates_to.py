"""Expressions over the student's names have the values that they have in the reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grader.checks.asking import Answer, Reference, ask_both, failed, passed, sentence
from grader.probes import Observation, Opaque, Probe, Returned, Session, names_of
from grader.records import Finding, Item, Mismatch


def evaluates_to(student: Session, reference: Reference, item: Item, *, expressions: Sequence[str]) -> Finding:
    """Evaluate each expression where the target was bound."""
    probes = [Probe("evaluate", item.target, options={"expression": each}) for each in expressions]
    answers = ask_both(student, reference, probes)
    wrong = [answer for answer in answers if not answer.right]
    if not wrong:
        return passed(_agreement(expressions))
    named = [answer for answer in wrong if answer.probe.options["expression"] in names_of(item.target)]
    if missing := next(filter(_is_left_open, named), None):
        told = f"`{missing.probe.options['expression']}` is still the `...` that was handed out."
        return failed(told, mismatch=Mismatch("", "missing", told))
    # What raised or has another shape has that of a value that is wrong itself, where there is one.
    cause = wrong[0] if _has_a_value(wrong[0]) else next(iter(named), wrong[0])
    return failed(_message(cause, _misconception(answers, reference, probes)), mismatch=cause.mismatch)


def _agreement(expressions: Sequence[str]) -> str:
    """What is said of right values; expressions that only their author can read are counted."""
    named = " and ".join(f"`{each}`" for each in expressions)
    if len(named) > _READABLE:
        return f"All {len(expressions)} values are the expected ones." if len(expressions) > 1 else _ONE
    return f"{named} give the expected values." if len(expressions) > 1 else f"{named} gives the expected value."


_READABLE: Final = 120
_ONE: Final = "The value is the expected one."


def _is_left_open(answer: Answer) -> bool:
    value = answer.observed.value if isinstance(answer.observed, Returned) else None
    return isinstance(value, Opaque) and value.type == "ellipsis"


def _has_a_value(answer: Answer) -> bool:
    return answer.mismatch is not None and answer.mismatch.kind == "value"


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
