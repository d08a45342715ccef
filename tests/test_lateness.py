"""What lateness costs: days begun, grace, cap, cut-off, extensions, time zones, and what nobody knows."""

from __future__ import annotations

import pickle
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.lateness import Arrival, Extension, Penalty, Timing, deadline, extended, of_arrival, penalty
from grader.records import Assignment, LatePolicy

SEOUL, NEW_YORK = ZoneInfo("Asia/Seoul"), ZoneInfo("America/New_York")
DUE = datetime(2026, 10, 3, 23, 59, tzinfo=SEOUL)
POLICY = LatePolicy(grace_minutes=15, percent_per_day=10, cap_percent=30, cut_off_days=7)


def late_by(**by: float) -> Penalty:
    return penalty(DUE + timedelta(**by), DUE, POLICY)


@pytest.mark.parametrize(
    ("minutes", "timing", "share", "days"),
    [
        (-1, Timing.ON_TIME, 0.0, 0),
        (0, Timing.ON_TIME, 0.0, 0),
        (15, Timing.GRACE, 0.0, 0),
        (15 + 1 / 60, Timing.LATE, 0.1, 1),
        (24 * 60, Timing.LATE, 0.1, 1),
        (24 * 60 + 1, Timing.LATE, 0.2, 2),
        (6 * 24 * 60, Timing.LATE, 0.3, 6),
        (7 * 24 * 60, Timing.LATE, 0.3, 7),
        (7 * 24 * 60 + 1 / 60, Timing.CUT_OFF, 1.0, 8),
    ],
)
def test_every_day_begun_costs_until_the_cap_and_after_the_cut_off_nothing_counts(
    minutes: float, timing: Timing, share: float, days: int
) -> None:
    found = late_by(minutes=minutes)

    assert (found.timing, found.share, found.days) == (timing, share, days)


def test_the_sentence_has_both_numbers() -> None:
    assert late_by(days=1, hours=3).sentence == (
        "Handed in 1 day 3 h after it was due (2026-10-03 23:59): 20 % of the points earned are taken off."
    )
    assert late_by(minutes=10).sentence == ""


@pytest.mark.parametrize(
    ("by", "told"),
    [
        ({"minutes": 20, "seconds": 40}, "20 min 40 s"),
        ({"hours": 1}, "1 h"),
        ({"days": 2, "hours": 1, "minutes": 5}, "2 days 1 h"),
        ({"days": 1, "seconds": 1}, "1 day 1 s"),
    ],
)
def test_how_late_is_told_in_two_units(by: dict[str, float], told: str) -> None:
    assert late_by(**by).sentence.startswith(f"Handed in {told} after")


def test_an_instant_is_the_same_in_every_zone() -> None:
    assert penalty(DUE.astimezone(UTC), DUE, POLICY).timing is Timing.ON_TIME
    assert penalty(datetime(2026, 10, 3, 23, 58, tzinfo=UTC), DUE, POLICY).days == 1


def test_an_hour_that_the_clocks_skip_is_no_lateness() -> None:
    due = datetime(2026, 3, 7, 23, 59, tzinfo=NEW_YORK)
    next_evening = datetime(2026, 3, 8, 23, 59, tzinfo=NEW_YORK)  # 23 hours later, because summer time begins

    assert penalty(next_evening, due, LatePolicy(grace_minutes=23 * 60)).timing is Timing.GRACE
    assert penalty(next_evening, due, LatePolicy(percent_per_day=10)).days == 1


def test_days_of_an_extension_are_those_of_a_calendar() -> None:
    due = datetime(2026, 3, 7, 23, 59, tzinfo=NEW_YORK)

    assert penalty(datetime(2026, 3, 8, 23, 59, tzinfo=NEW_YORK), due, POLICY, Extension(days=1)).share == 0
    assert penalty(datetime(2026, 3, 9, 0, 15, tzinfo=NEW_YORK), due, POLICY, Extension(days=1)).share == 0.1


def test_an_extension_replaces_the_due_date() -> None:
    week = DUE + timedelta(days=7)

    assert penalty(week, DUE, POLICY, Extension(due=week)).timing is Timing.ON_TIME
    assert penalty(week + timedelta(hours=1), DUE, POLICY, Extension(due=week)).days == 1


def test_a_known_time_is_believed_more_than_a_mark() -> None:
    assert penalty(DUE, DUE, POLICY, marked_late=True).timing is Timing.ON_TIME


def test_a_mark_without_a_time_is_told_and_takes_nothing_off() -> None:
    found = penalty(None, DUE, POLICY, marked_late=True)

    assert (found.timing, found.share) == (Timing.UNKNOWN, 0)
    assert "without saying by how much" in found.sentence


def test_without_a_due_date_nothing_is_late() -> None:
    assert penalty(DUE, None, POLICY).timing is Timing.NOT_DUE


def test_per_cents_are_those_of_the_possible_points_only_where_the_policy_says_so() -> None:
    of_possible = LatePolicy(percent_per_day=10, of_possible=True)

    found = penalty(DUE + timedelta(days=1), DUE, of_possible)

    assert found.of_possible and not late_by(days=1).of_possible
    assert found.sentence.endswith(": 10 % of the points are taken off.")


@pytest.mark.parametrize(
    ("per_day", "days", "share"), [(3.3, 3, 0.099), (1.1, 3, 0.033), (0.7, 7, 0.049), (29, 1, 0.29)]
)
def test_per_cents_are_added_up_in_decimals(per_day: float, days: int, share: float) -> None:
    found = penalty(DUE + timedelta(days=days), DUE, LatePolicy(percent_per_day=per_day))

    assert found.share == share
    assert f": {100 * share:g} % of" in found.sentence


@given(st.floats(0, 1000), st.floats(0, 200), st.floats(0, 200), st.floats(0, 100))
def test_later_is_never_cheaper(hours: float, more: float, percent: float, cap: float) -> None:
    policy = LatePolicy(5, percent, cap, 20)
    sooner = penalty(DUE + timedelta(hours=hours), DUE, policy)
    later = penalty(DUE + timedelta(hours=hours + more), DUE, policy)

    assert 0 <= sooner.share <= later.share <= 1


@pytest.mark.parametrize(
    ("policy", "timing"),
    [(LatePolicy(grace_minutes=1e15), Timing.GRACE), (LatePolicy(cut_off_days=1e15), Timing.LATE)],
    ids=["grace", "cut-off"],
)
def test_a_policy_may_say_for_ever(policy: LatePolicy, timing: Timing) -> None:
    assert penalty(DUE + timedelta(days=400), DUE, policy).timing is timing


def test_on_this_machines_clock_a_day_more_ends_at_the_same_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")  # where summer time ends on 2026-10-25
    time.tzset()
    try:
        due = deadline("2026-10-20 23:59", None)
        more = Extension(days=7)

        assert due == datetime(2026, 10, 20, 21, 59, tzinfo=UTC)
        assert extended(due, more) == datetime(2026, 10, 27, 22, 59, tzinfo=UTC)
        assert penalty(datetime(2026, 10, 27, 22, 30, tzinfo=UTC), due, POLICY, more).timing is Timing.ON_TIME
        late = penalty(datetime(2026, 10, 28, 22, 0, tzinfo=UTC), due, POLICY, more)
        assert late.sentence.startswith("Handed in 23 h 1 min after it was due (2026-10-27 23:59)")
        assert pickle.loads(pickle.dumps(due)) == due  # it travels to workers with its assignment
        assert f"{due:%H:%M %Z}" == "23:59 CEST"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_stored_arrival_is_judged_by_the_assignments_dates() -> None:
    homework = Assignment("hw", "Homework", Path(), "hw", (), due=DUE, late=POLICY)

    assert of_arrival(Arrival("2026-10-04T12:00:00+09:00"), homework).share == 0.1
    assert of_arrival(None, homework) == penalty(None, DUE, POLICY) == Penalty(Timing.UNKNOWN)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-10-03 23:59", DUE),
        (" 2026-10-03 23:59 ", DUE),
        ("2026-10-03T23:59", DUE),
        ("2026-10-03 14:59Z", DUE),
        (datetime(2026, 10, 3, 23, 59), DUE),
        ("2026-10-03", DUE + timedelta(seconds=59)),
        (date(2026, 10, 3), DUE + timedelta(seconds=59)),
    ],
)
def test_a_due_date_is_read_as_people_write_it(value: object, expected: datetime) -> None:
    assert deadline(value, SEOUL) == expected


@pytest.mark.parametrize("value", ["tomorrow", 20261003, None, "2026-13-01"])
def test_what_is_no_date_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"date|month|isoformat"):
        deadline(value, SEOUL)
