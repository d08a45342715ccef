"""How well the networks of a class learned: accuracies and curves by accuracy item, from the findings' evidence."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.records import Outcome
from grader.reports.feedback.training import curves
from grader.rows import GradeRow

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Curve:
    """One student's training: (step, loss) and (step, accuracy on held-out images), either may be empty."""

    student: int
    outcome: Outcome
    losses: Points
    reached: Points


@dataclass(frozen=True, slots=True)
class Learning:
    """The trainings of one item.

    Args:
        item: its id.
        accuracies: a share of unseen images by student; None where there is none.
        none: up to this accuracy there is no credit; None where that is not told.
        full: from this accuracy there is full credit.
        curves: in the order of the students.
    """

    item: str
    accuracies: Sequence[float | None]
    none: float | None
    full: float | None
    curves: Sequence[Curve]


def learning(rows: Sequence[GradeRow], items: Sequence[str]) -> list[Learning]:
    """The items of which some student's network was measured, in this order."""
    found = []
    for item in items:
        accuracies: list[float | None] = []
        drawn: list[Curve] = []
        floors: Counter[tuple[float | None, float | None]] = Counter()
        for position, row in enumerate(rows):
            each = next((each for each in row.items if each.item == item and each.outcome.decided), None)
            evidence: Mapping[str, Any] = each.evidence if each else {}
            accuracy = _share(evidence.get("accuracy"))
            accuracies.append(accuracy)
            if each is None or accuracy is None:
                continue
            recipe = evidence.get("recipe")
            told = recipe if isinstance(recipe, Mapping) else {}
            floors[_share(told.get("none")), _share(told.get("full"))] += 1
            losses, reached = curves(evidence)
            if len(losses) > 1 or len(reached) > 1:
                drawn.append(Curve(position, each.outcome, losses, reached))
        if floors:
            (none, full), _ = floors.most_common(1)[0]
            found.append(Learning(item, accuracies, none, full, drawn))
    return found


def _share(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) if 0 <= value <= 1 else None
