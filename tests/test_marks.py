"""Stored points become marks under a teacher's policy."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.lateness import Penalty, Timing
from grader.marks import mark, rounded, written
from grader.records import Assignment, Curve, Item, Outcome, Policy, Profile, Status
from grader.rows import GradeRow, ItemRow

ITEMS = tuple(
    Item(id=name, section="7.2", title=name, points=points, check="returns_close", target=name)
    for name, points in (("corr2d", 4.0), ("pool2d", 4.0), ("written", 2.0))
)


def late(share: float, of_possible: bool = False) -> Penalty:
    return Penalty(Timing.LATE, share, 1, "", of_possible)


def assignment(**policy: Any) -> Assignment:
    return Assignment(
        "hw2-cnn", "HW2", Path("notebooks"), "hw2_cnn", ITEMS, policy=Policy(**policy) if policy else None
    )


def row(corr2d: float | None, pool2d: float | None, written: float | None, **changed: Any) -> GradeRow:
    items = []
    for item, earned in zip(ITEMS, (corr2d, pool2d, written), strict=True):
        outcome = Outcome.WAITING if earned is None else Outcome.PARTIAL
        earned_, possible = (0.0, 0.0) if earned is None else (earned, item.points)
        items.append(ItemRow(item.id, "7.2", item.title, item.target, item.check, outcome, 0.5, earned_, possible, ""))
    stored = GradeRow(
        "hw2-cnn", "ada", "Ada Moon", "ada.ipynb", "", Status.GRADED, "forked", "cpu", Profile.QUICK, "", 1.0, "0.1",
        "", "", "none", tuple(items),
    )  # fmt: skip
    return replace(stored, **changed)


def final(stored: GradeRow, late: Penalty | None = None, **policy: Any) -> str:
    found = mark(stored, assignment(**policy), late)
    return "" if found.final is None else written(found.final)


def test_without_a_policy_a_mark_is_the_sum_of_the_points() -> None:
    found = mark(row(4, 2.5, 1), assignment())

    assert [found.earned, found.possible, found.final, found.out_of] == [
        Decimal(text) for text in ("7.5", "10", "7.5", "10")
    ]
    assert not found.reason


@pytest.mark.parametrize(
    ("policy", "earned", "possible"),
    [
        ({"void": ("pool2d",)}, "5", 6),
        ({"give": ("pool2d",)}, "9", 10),
        ({"bonus": ("pool2d",)}, "7.5", 6),
        ({"bonus": ("pool2d",), "give": ("pool2d",)}, "9", 6),
    ],
)
def test_items_are_void_given_or_bonus(policy: dict[str, Any], earned: str, possible: int) -> None:
    found = mark(row(4, 2.5, 1), assignment(**policy))

    assert (found.earned, found.possible) == (Decimal(earned), Decimal(possible))


def test_what_is_void_or_given_needs_nobody_to_decide_it() -> None:
    undecided = row(4, None, None, status=Status.PROVISIONAL)

    assert mark(undecided, assignment()).reason == "not decided: pool2d, written"
    assert mark(undecided, assignment(void=("pool2d",), give=("written",))).reason == ""
    assert final(undecided, void=("pool2d",), give=("written",)) == "6"


def test_undecided_items_earn_nothing_so_far_of_all_points() -> None:
    found = mark(row(4, None, None, status=Status.PROVISIONAL), assignment(out_of=Decimal(100)))

    assert (found.final, found.possible) == (Decimal(40), Decimal(10))
    assert found.open == ("pool2d", "written")


def test_an_item_that_is_new_in_the_rubric_is_not_decided() -> None:
    stored = row(4, 4, 2)

    assert mark(replace(stored, items=stored.items[:2]), assignment()).open == ("written",)


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        (Curve("flat", Decimal(2)), "6"),
        (Curve("flat", Decimal(20)), "10"),
        (Curve("linear", Decimal(1), Decimal("1.5")), "7"),
        (Curve("linear", Decimal(0), Decimal("0.5")), "4"),
        (Curve("sqrt"), "6.32"),
    ],
    ids=["flat", "nobody above the possible", "linear", "nobody lower", "sqrt"],
)
def test_a_curve_lifts_the_class(curve: Curve, expected: str) -> None:
    assert final(row(2, 2, 0), curve=curve) == expected


@pytest.mark.parametrize(("points", "expected"), [(1, 3), (2, 6), (4, 6)])
def test_the_root_of_a_share_is_exact_where_it_is_a_number(points: float, expected: int) -> None:
    nine = Assignment("hw2-cnn", "", Path(), "", (replace(ITEMS[0], points=9.0 if points != 2 else 18.0),))
    stored = row(points, None, None)
    stored = replace(stored, items=(replace(stored.items[0], possible=nine.possible),))
    for rule in ("up", "down"):
        policy = Policy(curve=Curve("sqrt"), round_to=Decimal(1), round_rule=rule)
        assert mark(stored, replace(nine, policy=policy)).final == expected


def test_bonus_may_exceed_the_possible_points_unless_capped() -> None:
    assert final(row(4, 4, 2), bonus=("written",)) == "10"
    assert final(row(4, 4, 2), bonus=("written",), cap=Decimal(100)) == "8"
    assert final(row(4, 4, 2), bonus=("written",), curve=Curve("flat", Decimal(1))) == "10"


def test_lateness_takes_its_share_after_cap_and_curve() -> None:
    assert final(row(4, 4, 2), late(0.1)) == "9"
    assert final(row(2, 2, 0), late(0.1)) == "3.6"
    assert final(row(2, 2, 0), late(0.1, of_possible=True)) == "3"
    assert final(row(0, 0.5, 0), late(0.1, of_possible=True)) == "0"
    assert final(row(4, 4, 2), late(0.5), bonus=("written",), cap=Decimal(100)) == "4"
    assert mark(row(2, 2, 0), assignment(curve=Curve("flat", Decimal(2))), late(0.5)).penalty == 3


@pytest.mark.parametrize(
    ("value", "to", "rule", "expected"),
    [
        ("2.675", "0.01", "half_up", "2.68"),  # as a float it is 2.67499999...
        ("2.665", "0.01", "half_even", "2.66"),
        ("2.25", "0.5", "half_up", "2.5"),
        ("2.25", "0.5", "half_even", "2"),
        ("2.01", "1", "up", "3"),
        ("2.99", "1", "down", "2"),
        ("10", "1", "half_up", "10"),
        ("0.004", "0.01", "half_up", "0"),
    ],
)
def test_marks_are_rounded_as_on_paper(value: str, to: str, rule: str, expected: str) -> None:
    assert written(rounded(Decimal(value), Policy(round_to=Decimal(to), round_rule=rule))) == expected


def test_who_handed_in_nothing_is_blank_unless_the_policy_says_otherwise() -> None:
    nothing = row(None, None, None, status=Status.MISSING, items=())

    assert (final(nothing), mark(nothing, assignment()).reason) == ("", "nothing handed in")
    assert final(nothing, missing=Decimal(0), give=("corr2d",)) == "0"
    assert mark(nothing, assignment(missing=Decimal(0))).reason == ""


def test_what_staff_has_to_see_says_so() -> None:
    unreadable = row(None, None, None, status=Status.NEEDS_STAFF, items=(), problem="It is a PDF.")

    found = mark(unreadable, assignment())

    assert (found.final, found.reason) == (None, "It is a PDF.")


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (row(4, None, None), "nothing is decided yet"),
        (row(4, None, None, items=(), problem="It is a PDF."), "It is a PDF."),
    ],
    ids=["waiting", "unreadable"],
)
def test_what_is_void_decides_nothing(stored: GradeRow, reason: str) -> None:
    found = mark(stored, assignment(void=("corr2d",)))

    assert (found.final, found.reason, found.open) == (None, reason, ("pool2d", "written"))


def test_where_nothing_has_points_there_is_no_mark() -> None:
    found = mark(row(4, 4, 2), assignment(void=("corr2d", "pool2d"), bonus=("written",)))

    assert (found.final, found.earned, found.reason) == (None, Decimal(2), "no item has points")


POINTS = st.integers(0, 16).map(lambda quarters: quarters / 4)


@given(
    POINTS,
    POINTS,
    st.sampled_from([None, Curve("sqrt"), Curve("flat", Decimal(3)), Curve("linear", Decimal(1), Decimal(2))]),
)
def test_more_points_are_never_a_lower_mark(less: float, more: float, curve: Curve | None) -> None:
    less, more = sorted((less, more))
    policy = assignment(curve=curve, out_of=Decimal(7), round_to=Decimal("0.5"))

    low, high = (mark(row(4, points, 0), policy, late(0.3)).final for points in (less, more))

    assert low is not None
    assert high is not None
    assert low <= high


@pytest.mark.parametrize(
    ("count", "told"), [(1, "a"), (3, "a, b, c"), (4, "a, b, c and 1 more"), (6, "a, b, c and 3 more")]
)
def test_the_first_three_items_that_nobody_has_decided_are_named(count: int, told: str) -> None:
    items = tuple(replace(ITEMS[0], id=id) for id in "abcdef"[:count])
    homework = Assignment("hw2-cnn", "", Path(), "", (ITEMS[1], *items))

    assert mark(row(None, 4, None), homework).reason == f"not decided: {told}"
