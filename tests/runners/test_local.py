"""The local runner: several at a time, dead workers, setting aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from grader.kernel.sandbox import Confinement
from grader.records import Assignment, Grade, Profile, Status, Student, Submission
from grader.runners import local
from grader.runners.work import Work, set_aside

WORK = Work(
    course=Path("course"),
    assignment=Assignment("hw", "Homework", Path("hw"), "hw", ()),
    secret=None,
    confinement=Confinement("none", None),
    profile=Profile.QUICK,
)


def submission(student: str) -> Submission:
    return Submission(Student(student), f"{student}.ipynb", ())


class Pool:
    """A process pool in which grading some students kills the worker."""

    deadly: dict[str, int]  # how many workers a student kills before all is well
    tried: Counter[str]

    def submit(self, function: Callable[..., Grade], each: Submission) -> Future[Grade]:
        future: Future[Grade] = Future()
        self.tried[each.student.id] += 1
        if self.tried[each.student.id] <= self.deadly.get(each.student.id, 0):
            future.set_exception(BrokenProcessPool("a worker has died"))
        else:
            future.set_result(set_aside(each, WORK, ""))
        return future

    def shutdown(self, **_: Any) -> None:
        pass


@pytest.fixture
def graded(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, int], list[str]], dict[str, Grade]]:
    def grade(deadly: dict[str, int], students: list[str]) -> dict[str, Grade]:
        Pool.deadly, Pool.tried = deadly, Counter()
        monkeypatch.setattr(local, "_pool", lambda work, workers: Pool())
        grades = local.run(WORK, [submission(each) for each in students], workers=2, began=lambda _: None)
        return {each.submission.student.id: each for each in grades}

    return grade


def test_every_submission_is_graded_once(graded: Any) -> None:
    grades = graded({}, ["ada", "bo", "cy", "di"])

    assert sorted(grades) == ["ada", "bo", "cy", "di"]
    assert set(Pool.tried.values()) == {1}


def test_what_was_under_way_when_a_worker_died_is_tried_again(graded: Any) -> None:
    grades = graded({"ada": 2}, ["ada", "bo", "cy"])

    assert {each.problem for each in grades.values()} == {""}
    assert Pool.tried["ada"] == 3


def test_a_submission_that_kills_three_workers_is_set_aside_and_costs_its_neighbour_nothing(graded: Any) -> None:
    grades = graded({"ada": 99}, ["ada", "cy", "di", "ed"])

    assert grades["ada"].status is Status.NEEDS_STAFF
    assert grades["ada"].problem == "The grader's worker died 3 times on it."
    assert [grades[each].problem for each in ("di", "ed")] == ["", ""]
