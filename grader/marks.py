"""A student's mark: the one place where stored points become what goes into a gradebook.

    points  sum of the items: void ones left out, given ones in full, bonus earned but not possible
    curve   lifts the class, nobody above the possible points
    cap     what no mark exceeds, bonus and all
    late    takes its share off
    out_of  scales to the points of the gradebook's column
    round   to a multiple, by a rule

Everything is decimal, so that 2.675 is a half and rounds like one. Nothing here runs anything or is part of a
content key: whoever changes the policy writes the tables anew (docs/decisions say why in this order).
"""

from __future__ import annotations

import decimal
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from grader.lateness import Penalty
from grader.records import Assignment, Curve, Item, Policy, Status
from grader.rows import GradeRow, ItemRow, exact

_RULES: Final = {
    "half_up": decimal.ROUND_HALF_UP,
    "half_even": decimal.ROUND_HALF_EVEN,
    "up": decimal.ROUND_CEILING,
    "down": decimal.ROUND_FLOOR,
}
_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Mark:
    """What goes into the gradebook for one student.

    Args:
        earned: points of the decided items under the policy, before curve and lateness.
        possible: points of the whole assignment under the policy, those that nobody has decided yet included.
        penalty: points that lateness takes off, of the same scale as `earned`.
        final: the mark; of what is decided so far where `open` is not empty; None where there is nothing to say.
        out_of: the greatest mark without bonus, in the scale of `final`.
        open: ids of the items that nobody has decided yet.
        reason: why the mark is not final; empty where it is.
    """

    earned: Decimal
    possible: Decimal
    penalty: Decimal
    final: Decimal | None
    out_of: Decimal
    open: tuple[str, ...] = ()
    reason: str = ""


def mark(row: GradeRow, assignment: Assignment, late: Penalty | None = None) -> Mark:
    """The mark of a stored grade under its assignment's policy.

    Args:
        row: the stored grade.
        assignment: with its items, and its policy if it has one.
        late: what lateness costs this student.
    """
    policy = assignment.policy or Policy()
    stored = {item.item: item for item in row.items}
    handed_in = row.status is not Status.MISSING
    counting = [item for item in assignment.items if item.id not in policy.void]
    earned, possible, left = _ZERO, _ZERO, []
    for item in counting:
        found = stored.get(item.id)
        if item.id not in policy.bonus:
            possible += _possible(item, found)
        if item.id in policy.give and handed_in:
            earned += _possible(item, found)
        elif found is None or not found.outcome.decided:
            left.append(item.id)
        else:
            earned += exact(found.earned)
    out_of = possible if policy.out_of is None else policy.out_of
    if not handed_in:
        reason = "nothing handed in" if policy.missing is None else ""
        return Mark(_ZERO, possible, _ZERO, policy.missing, out_of, (), reason)
    if possible == 0 or len(left) == len(counting):
        why = row.problem or ("nothing is decided yet" if left else "no item has points")
        return Mark(earned, possible, _ZERO, None, out_of, tuple(left), why)
    before = _capped(_curved(earned, possible, policy.curve), possible, policy.cap)
    penalty = _penalty(before, possible, late)
    final = rounded((before - penalty) * out_of / possible, policy)
    return Mark(earned, possible, penalty, final, out_of, tuple(left), row.problem or _waiting(left))


def rounded(value: Decimal, policy: Policy) -> Decimal:
    """The value as a multiple of what the policy rounds to."""
    whole = (value / policy.round_to).quantize(Decimal(1), rounding=_RULES[policy.round_rule])
    return whole * policy.round_to


def written(value: Decimal) -> str:
    """A number as gradebooks take it: 8.5, 10, 0."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _curved(earned: Decimal, possible: Decimal, curve: Curve | None) -> Decimal:
    if curve is None:
        return earned
    match curve.kind:
        case "flat":
            lifted = earned + curve.points
        case "linear":
            lifted = earned * curve.factor + curve.points
        case _:
            lifted = (max(earned, _ZERO) * possible).sqrt()  # the root of the share: exact where that is a number
    return max(earned, min(lifted, possible))


def _capped(earned: Decimal, possible: Decimal, cap: Decimal | None) -> Decimal:
    return earned if cap is None else min(earned, possible * cap / 100)


def _penalty(earned: Decimal, possible: Decimal, late: Penalty | None) -> Decimal:
    if late is None or not late.share:
        return _ZERO
    return min(max(earned, _ZERO), exact(late.share) * (possible if late.of_possible else earned))


def _possible(item: Item, found: ItemRow | None) -> Decimal:
    """The item's points as of the stored grade; as of the rubric where none are stored."""
    return exact(found.possible if found and found.outcome.decided else item.points)


def _waiting(items: list[str]) -> str:
    if not items:
        return ""
    named = ", ".join(items[:3])
    return f"not decided: {named}" + (f" and {len(items) - 3} more" if len(items) > 3 else "")
