"""The numbers of a class: counted by hand, and against scipy."""

from __future__ import annotations

import math
import random

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from grader.records import Outcome
from grader.reports.classroom import figures
from grader.reports.classroom.figures import Discrimination, Why
from tests.reports.classes import A, B, F, P, S, W, student

SHARES = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=12, max_size=40)


def test_a_spread_is_counted_by_hand() -> None:
    found = figures.spread([0.0, 50.0, 60.0, 90.0])

    assert found is not None
    assert (found.count, found.mean, found.median, found.lower, found.upper) == (4, 50.0, 55.0, 37.5, 67.5)
    assert found.deviation == pytest.approx(math.sqrt((50**2 + 0 + 10**2 + 40**2) / 3))


def test_nobody_has_no_spread_and_one_student_no_deviation() -> None:
    assert figures.spread([]) is None
    assert figures.spread([7.0]) == figures.Spread(1, 7.0, 7.0, 7.0, 7.0, None)


def test_bins_hold_their_lower_edge_the_last_one_both_and_blanks_are_in_none() -> None:
    values = [0.0, 9.99, 10.0, None, 20.0, 30.0, 31.0, -1.0]

    assert figures.bins(values, [0, 10, 20, 30]) == [[0, 1, 7], [2], [4, 5, 6]]


def test_a_rest_score_leaves_the_item_out_and_counts_no_blank() -> None:
    grade = student("a", [P, A, F, W, B])

    assert figures.rests(grade) == {"i1": 2 / 8, "i2": 4 / 8, "i3": 6 / 8, "i4": 6 / 12, "i5": 6 / 12}


def test_a_void_item_is_in_no_rest_score() -> None:
    assert figures.rests(student("a", [P, A, F]), without=["i1"]) == {"i1": 2 / 8, "i2": 0.0, "i3": 2 / 4}


def test_where_nothing_else_is_decided_there_is_no_rest_score() -> None:
    assert figures.rests(student("a", [P, W, B])) == {"i1": None, "i2": 1.0, "i3": 1.0}


def test_broken_and_waiting_items_have_no_share_and_skipped_ones_nothing_of_it() -> None:
    items = student("a", [P, A, F, S, W, B]).items

    assert [figures.share(each) for each in (*items, None)] == [1.0, 0.5, 0.0, 0.0, None, None, None]


def test_discrimination_of_an_item_is_the_point_biserial_correlation() -> None:
    passed = [1, 1, 1, 1, 1, 1, 0, 0, 0, 0]
    rest = [0.9, 0.8, 1.0, 0.7, 0.6, 0.9, 0.5, 0.2, 0.7, 0.4]
    # (mean of who passed - mean of who did not) / deviation of all * sqrt(p * q)
    mean = sum(rest) / 10
    deviation = math.sqrt(sum((value - mean) ** 2 for value in rest) / 10)
    by_hand = (4.9 / 6 - 1.8 / 4) / deviation * math.sqrt(0.6 * 0.4)

    found = figures.discrimination([float(each) for each in passed], list(rest))

    assert found.value == pytest.approx(by_hand)
    assert found.value == pytest.approx(scipy.stats.pointbiserialr(passed, rest).statistic)


@given(SHARES, st.integers(0, 10_000))
def test_discrimination_and_its_interval_are_those_of_scipy(shares: list[float], seed: int) -> None:
    chance = random.Random(seed)
    rest = [chance.random() for _ in shares]

    found = figures.discrimination(shares, rest)

    if len(set(shares)) == 1:
        assert found == Discrimination(len(shares), why=Why.SAME)
    else:
        expected = scipy.stats.pearsonr(shares, rest)
        interval = expected.confidence_interval(0.95)
        assert found.value == pytest.approx(expected.statistic, abs=1e-6)
        assert (found.low, found.high) == pytest.approx((interval.low, interval.high), abs=1e-4)


def test_only_students_with_both_count() -> None:
    shares = [1.0, None, 0.0, *[1.0, 0.0] * 6]
    rest = [0.5, 0.5, None, *[0.9, 0.2] * 6]

    assert figures.discrimination(shares, rest).count == 13


@pytest.mark.parametrize("count", [0, 1, 2, figures.FEWEST - 1])
def test_a_small_class_has_no_discrimination(count: int) -> None:
    values = [float(n % 2) for n in range(count)]

    assert figures.discrimination(list(values), list(values)) == Discrimination(count, why=Why.FEW)


def test_where_all_are_alike_nothing_is_told_apart() -> None:
    alike, different = [0.5] * 12, [n / 12 for n in range(12)]

    assert figures.discrimination(list(alike), list(different)).why is Why.SAME
    assert figures.discrimination(list(different), list(alike)).why is Why.SAME_ELSEWHERE


def test_a_perfect_connection_has_an_interval_without_infinities() -> None:
    values = [n / 12 for n in range(12)]

    assert figures.discrimination(list(values), list(values)) == Discrimination(12, 1.0, 1.0, 1.0)
    assert figures.discrimination(list(values), [-value for value in values]).value == -1.0


@pytest.mark.parametrize(
    "outcomes, rate",
    [([], None), ([B], None), ([P, F, S, A], 0.25), ([P, B], 1.0), ([P, P, F, B], 2 / 3), ([F, W], None)],
    ids=["nobody", "broken", "decided", "broken is blank", "thirds", "empty answers while others wait"],
)
def test_the_pass_rate_is_of_what_is_decided(outcomes: list[Outcome], rate: float | None) -> None:
    assert figures.pass_rate(outcomes) == rate
