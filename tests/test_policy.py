"""Reading the policy of rubric.yaml."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from grader.errors import RubricError
from grader.policy import read
from grader.records import Curve, Policy

ITEMS = ["corr2d-values", "pool2d-values"]


def policy(content: Any, general: dict[str, Any] | None = None) -> Policy | None:
    return read(general or {}, content, ITEMS, "rubric.yaml", "rubric.yaml: hw2")


def test_without_any_policy_there_is_none() -> None:
    assert policy({}) is None


def test_everything_is_read() -> None:
    found = policy(
        {
            "void": ["corr2d-values"],
            "bonus": ["pool2d-values"],
            "give": ["pool2d-values"],
            "curve": {"kind": "linear", "factor": 1.1, "points": 2},
            "cap": 100,
            "out_of": 10,
            "rounding": {"to": 0.1, "rule": "half_even"},
            "missing": 0,
            "sections": {"DL-01": ["park@example.org"]},
        }
    )

    assert found == Policy(
        void=("corr2d-values",),
        give=("pool2d-values",),
        bonus=("pool2d-values",),
        curve=Curve("linear", Decimal(2), Decimal("1.1")),
        cap=Decimal(100),
        out_of=Decimal(10),
        round_to=Decimal("0.1"),
        round_rule="half_even",
        missing=Decimal(0),
        sections={"DL-01": ("park@example.org",)},
    )


def test_an_assignments_own_keys_go_before_the_courses() -> None:
    found = policy({"cap": 110, "curve": None}, {"cap": 100, "out_of": 10, "curve": {"kind": "sqrt"}})

    assert found == Policy(cap=Decimal(110), out_of=Decimal(10))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"viod": []}, "rubric.yaml: hw2.policy: unknown key 'viod'; did you mean 'void'?"),
        ({"void": ["corr2d-value"]}, "rubric.yaml: hw2.policy.void: no item is called 'corr2d-value'; did you mean 'corr2d-values'?"),
        ({"void": ITEMS[:1], "bonus": ITEMS[:1]}, "rubric.yaml: hw2.policy: 'corr2d-values' is void and something else; a void item counts for nobody"),
        ({"curve": {"kind": "sqr"}}, "rubric.yaml: hw2.policy.curve.kind is 'sqr'; did you mean 'sqrt'?"),
        ({"curve": {"kind": ["sqrt"]}}, "rubric.yaml: hw2.policy.curve.kind is ['sqrt']; did you mean 'sqrt'?"),
        ({"sections": {1: ["park@example.org"]}}, "rubric.yaml: hw2.policy.sections: the key 1 is no text; write it in quotes"),
        ({"curve": {"kind": "flat", "factor": 2}}, "rubric.yaml: hw2.policy.curve: unknown key 'factor'; known are kind, points"),
        ({"curve": {"kind": "linear", "factor": 0}}, "rubric.yaml: hw2.policy.curve.factor is 0; it must be a number, above 0"),
        ({"rounding": {"to": 0}}, "rubric.yaml: hw2.policy.rounding.to is 0; it must be a number, above 0"),
        ({"cap": 0}, "rubric.yaml: hw2.policy.cap is 0; it must be a number, above 0"),
        ({"missing": "zero"}, "rubric.yaml: hw2.policy.missing is 'zero'; it must be a number, 0 or more"),
        ({"out_of": float("nan")}, "rubric.yaml: hw2.policy.out_of is nan; it must be a number, above 0"),
        ({"rounding": {"to": 0.5, "rule": "half"}}, "rubric.yaml: hw2.policy.rounding.rule is 'half'; did you mean 'half_up'?"),
        ({"rounding": {"decimals": 1}}, "rubric.yaml: hw2.policy.rounding: unknown key 'decimals'; known are rule, to"),
        ([], "rubric.yaml: hw2.policy: expected keys with values, found list"),
    ],
)  # fmt: skip
def test_a_mistake_names_place_and_remedy(content: Any, message: str) -> None:
    with pytest.raises(RubricError) as caught:
        policy(content)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"curve": {"kind": "linear"}}, Policy(curve=Curve("linear", Decimal(0), Decimal(1)))),
        ({"curve": {"kind": "flat", "points": 0}}, Policy(curve=Curve("flat"))),
        ({"rounding": {"rule": "up"}}, Policy(round_rule="up")),
        ({"rounding": {"to": 0.5}}, Policy(round_to=Decimal("0.5"))),
        ({"out_of": None, "missing": None, "cap": None}, Policy()),
    ],
)
def test_what_is_left_out_changes_no_mark(content: dict[str, Any], expected: Policy) -> None:
    assert policy(content) == expected


@pytest.mark.parametrize("general", [{"void": ITEMS}, {"caps": 100}])
def test_the_courses_policy_knows_no_items(general: dict[str, Any]) -> None:
    with pytest.raises(RubricError, match=r"rubric\.yaml: policy: unknown key"):
        policy({}, general)


def test_a_mistake_of_the_course_is_told_there() -> None:
    with pytest.raises(RubricError, match=r"^rubric\.yaml: policy\.cap is"):
        policy({"out_of": 10}, {"cap": "all"})
