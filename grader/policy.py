"""The `policy` of rubric.yaml: what a teacher decides about marks after grading. `marks` applies it.

policy:                                  # for the course, beside `assignments`; an assignment's own keys go first
  rounding: {to: 0.5, rule: half_up}
  sections: {DL-01: [park@example.org]}
assignments:
  hw2-cnn:
    policy:
      void: [pool2d-values]              # counts for nobody
      give: [conv2d-layer]               # everybody who handed something in has all its points
      bonus: [resnet18-accuracy]         # earned, but not possible
      curve: {kind: sqrt}                # or {kind: flat, points: 5}, {kind: linear, factor: 1.1, points: 2}
      cap: 100                           # per cent of the possible points that no mark exceeds
      out_of: 10                         # points of the column in the LMS
      missing: 0                         # for who handed in nothing, instead of a blank
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from grader.errors import RubricError
from grader.mappings import known, mapping, number, sequence
from grader.records import Curve, Policy
from grader.spelling import hint

RULES: Final = ("half_up", "half_even", "up", "down")
_OF_ITEMS: Final = ("void", "give", "bonus")
_GENERAL: Final = ("curve", "cap", "out_of", "rounding", "missing", "sections")
_CURVES: Final = {"flat": ("points",), "linear": ("factor", "points"), "sqrt": ()}


def read(general: Mapping[str, Any], content: Any, items: Sequence[str], file: str, where: str) -> Policy | None:
    """The policy of one assignment; None where neither the course nor the assignment has one.

    Args:
        general: the course's policy, whose keys count where the assignment has not the same.
        content: the assignment's own.
        items: ids of the assignment's items.
        file: the name of the file, for messages about the course's policy.
        where: the place of the assignment, for messages.

    Raises:
        RubricError: it has a mistake.
    """
    known(general, _GENERAL, f"{file}: policy")
    own = mapping(content, f"{where}.policy")
    known(own, {*_OF_ITEMS, *_GENERAL}, f"{where}.policy")
    if not general and not own:
        return None
    row = {**general, **own}
    at = {key: f"{where}.policy.{key}" if key in own else f"{file}: policy.{key}" for key in row}
    void, give, bonus = (_items(row, key, items, f"{where}.policy") for key in _OF_ITEMS)
    for item in void:
        if item in (*give, *bonus):
            raise RubricError(f"{where}.policy: {item!r} is void and something else; a void item counts for nobody")
    to, rule = _rounding(row["rounding"], at["rounding"]) if "rounding" in row else (Policy().round_to, "half_up")
    return Policy(
        void=void,
        give=give,
        bonus=bonus,
        curve=_curve(row["curve"], at["curve"]) if row.get("curve") is not None else None,
        cap=number(row["cap"], at["cap"], above=True) if row.get("cap") is not None else None,
        out_of=number(row["out_of"], at["out_of"], above=True) if row.get("out_of") is not None else None,
        round_to=to,
        round_rule=rule,
        missing=number(row["missing"], at["missing"]) if row.get("missing") is not None else None,
        sections=_sections(row["sections"], at["sections"]) if "sections" in row else {},
    )


def _items(row: Mapping[str, Any], key: str, items: Collection[str], where: str) -> tuple[str, ...]:
    named = [str(each) for each in sequence(row.get(key, []), f"{where}.{key}")]
    for item in named:
        if item not in items:
            raise RubricError(f"{where}.{key}: no item is called {item!r}{hint(item, items)}")
    return tuple(named)


def _curve(content: Any, where: str) -> Curve:
    row = mapping(content, where)
    kind = _one_of(row.get("kind"), _CURVES, f"{where}.kind")
    known(row, {"kind", *_CURVES[kind]}, where)
    factor = number(row.get("factor", 1), f"{where}.factor", above=True)
    return Curve(kind, number(row.get("points", 0), f"{where}.points"), factor)


def _rounding(content: Any, where: str) -> tuple[Decimal, str]:
    row = mapping(content, where)
    known(row, {"to", "rule"}, where)
    to = number(row.get("to", 0.01), f"{where}.to", above=True)
    return to, _one_of(row.get("rule", "half_up"), RULES, f"{where}.rule")


def _sections(content: Any, where: str) -> dict[str, tuple[str, ...]]:
    return {
        section: tuple(str(who) for who in sequence(people, f"{where}.{section}"))
        for section, people in mapping(content, where).items()
    }


def _one_of(value: Any, names: Collection[str], where: str) -> str:
    if not isinstance(value, str) or value not in names:
        raise RubricError(f"{where} is {value!r}{hint(str(value), names)}")
    return value
