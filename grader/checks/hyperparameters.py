"""Whether a notebook trains by the hyper-parameters that are asked for, as far as its source tells.

Only what is there and another number counts: what cannot be read is not held against anybody, and of several trainings
of one class it is enough that one is as asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from grader.errors import RubricError
from grader.probes import Probe, Returned, Session, Value
from grader.records import Finding, Item, Outcome

_CALLED: Mapping[str, str] = {"epochs": "epochs", "lr": "learning rate", "batch_size": "batch size"}


def judged(finding: Finding, student: Session, item: Item, asked: Mapping[str, float], share: float) -> Finding:
    """A finding in which it is noted how the notebook trains otherwise; `share` of the credit stays then.

    Raises:
        RubricError: a hyper-parameter that nobody knows, or no share.
    """
    for name in asked:
        if name not in _CALLED:
            raise RubricError(f"{item.id}: asked: unknown hyper-parameter {name!r}; known are {', '.join(_CALLED)}")
    if not 0 <= share <= 1:
        raise RubricError(f"{item.id}: on_other is {share:g}; it must be a share between 0 and 1")
    (observation,) = student.ask([Probe("recipes", item.target)])
    rows = observation.value if isinstance(observation, Returned) and isinstance(observation.value, list) else []
    sentence = _deviation(rows, item, asked)
    if not sentence:
        return finding
    credit = round(finding.credit * share, 4)
    outcome = finding.outcome
    if outcome in (Outcome.PASSED, Outcome.PARTIAL) and credit < 1:
        outcome = Outcome.PARTIAL if credit else Outcome.FAILED
    hint = " ".join(part for part in (finding.hint, sentence) if part)
    return replace(finding, outcome=outcome, credit=credit, hint=hint, evidence={**finding.evidence, "recipes": rows})


def _deviation(rows: Sequence[Mapping[str, Value]], item: Item, asked: Mapping[str, float]) -> str:
    """How the last training differs from what is asked; "" where one of them does not."""
    others = [_others(row, asked) for row in rows]
    if not others or not all(others):
        return ""
    where = f"Cell {rows[-1]['cell']} trains `{item.target}` with {' and '.join(others[-1])}"
    wanted = ", ".join(f"{_CALLED[name]} {value:g}" for name, value in asked.items())
    return f"{where}; {item.section} asks for {wanted}."


def _others(row: Mapping[str, Any], asked: Mapping[str, float]) -> list[str]:
    return [f"{_CALLED[name]} {row[name]:g}" for name, value in asked.items() if row[name] not in (None, value)]
