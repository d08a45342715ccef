"""How far a run is, and how long the rest takes."""

from __future__ import annotations

import pytest

from grader.cli.tally import Tally, span


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def graded(tally: Tally, clock: Clock, student: str, seconds: float) -> None:
    tally.began(student)
    clock.now += seconds
    tally.finished(student)


def test_before_the_first_is_done_nothing_is_promised() -> None:
    tally = Tally(Clock(), total=3)
    tally.began("ada")

    assert tally.left_s() is None


def test_the_rest_takes_what_is_usual_and_one_that_hung_does_not_change_it() -> None:
    clock = Clock()
    tally = Tally(clock, total=13)
    for student, seconds in (("ada", 10.0), ("bo", 12.0), ("cy", 300.0)):
        graded(tally, clock, student, seconds)

    assert tally.left_s() == pytest.approx(10 * 12.0)


def test_workers_share_the_rest_and_what_runs_has_partly_run() -> None:
    clock = Clock()
    tally = Tally(clock, total=10)
    tally.began("ada")
    tally.began("bo")
    clock.now += 20.0
    tally.finished("ada")
    tally.began("cy")
    clock.now += 5.0  # bo should have been done; cy has 15 s to go, 7 wait

    assert tally.left_s() == pytest.approx((7 * 20.0 + 15.0) / 2)


def test_the_last_one_is_shared_by_nobody() -> None:
    clock = Clock()
    tally = Tally(clock, total=2)
    tally.began("ada")
    tally.began("bo")
    clock.now += 20.0
    tally.finished("ada")
    tally.put_off("bo")
    tally.began("bo")

    assert tally.left_s() == pytest.approx(20.0)


def test_nobody_knows_how_long_the_last_one_takes_that_runs_longer_than_usual() -> None:
    clock = Clock()
    tally = Tally(clock, total=2)
    tally.began("ada")
    tally.began("bo")
    clock.now += 6.0
    tally.finished("ada")

    assert tally.left_s() is None
    tally.finished("bo")
    assert tally.left_s() == 0.0


def test_alone_means_one_after_the_other() -> None:
    clock = Clock()
    tally = Tally(clock, total=4)
    tally.began("ada")
    tally.began("bo")
    clock.now += 10.0
    tally.finished("ada")
    tally.finished("bo")
    tally.alone()

    assert tally.left_s() == pytest.approx(20.0)


def test_who_runs_comes_with_stage_and_time_the_longest_first() -> None:
    clock = Clock()
    tally = Tally(clock, total=2)
    tally.began("ada")
    clock.now += 4.0
    tally.began("bo")
    tally.at("bo", "checking")
    tally.at("nobody", "checking")

    assert [(each.student, each.seconds, each.stage) for each in tally.running()] == [
        ("ada", 4.0, ""),
        ("bo", 0.0, "checking"),
    ]


@pytest.mark.parametrize(("seconds", "told"), [(0.4, "0 s"), (89, "89 s"), (100, "2 min"), (5400, "1 h 30 min")])
def test_a_span_is_told_as_people_say_it(seconds: float, told: str) -> None:
    assert span(seconds) == told
