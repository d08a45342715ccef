"""What ran out of time beside other submissions is graded once more, alone, and that grade counts."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from rich.console import Console

from grader.cli.watching import Shown
from grader.commands import grade as command
from grader.commands.watch import Watch
from grader.gradebook import Gradebook
from grader.records import Finding, Grade, Outcome, Profile, Score, Student, Submission
from grader.runners import inline, local
from grader.runners.work import Work, set_aside

ROOT = Path(__file__).parents[2]
RIGHT = Finding(Outcome.PASSED, 1.0, "right")
SLOW = Finding(Outcome.FAILED, 0.0, "gave no answer")
UNREAD = Finding(Outcome.WAITING, 0.0, "12 words wait for a reader.")

Answer = tuple[int, Finding]  # how often it ran out of time, and what was found out


@dataclass
class Class:
    """A folder of submissions, what each of them gives time after time, and what happened."""

    folder: Path
    answers: Mapping[str, Sequence[Answer]]
    passes: list[tuple[int, list[str]]] = field(default_factory=list)  # workers and students of each call of a runner
    finished: list[str] = field(default_factory=list)
    postponed: list[str] = field(default_factory=list)
    retried: list[list[str]] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    alone: list[bool] = field(default_factory=list)
    stops_at: int = 99  # the number of the pass in which Ctrl-C is pressed

    def run(
        self,
        work: Work,
        submissions: Sequence[Submission],
        *,
        began: Callable[[Submission], None],
        workers: int = 1,
        **_: object,
    ) -> Generator[Grade, None, None]:
        self.passes.append((workers, [each.student.id for each in submissions]))
        self.threads.append(work.confinement.threads)
        self.alone.append(work.alone)
        for each in submissions:
            began(each)
            if len(self.passes) >= self.stops_at:
                raise KeyboardInterrupt
            times = sum(each.student.id in students for _, students in self.passes)
            answers = self.answers.get(each.student.id, [(0, RIGHT)])
            slow, finding = answers[min(times, len(answers)) - 1]
            item = work.assignment.items[1]
            score = Score(item, finding, finding.credit * item.points, item.points)
            yield replace(set_aside(each, work, ""), scores=(score,), timed_out=slow)

    def grade(self, **options: object) -> command.Result:
        watch = Watch(
            lambda todo, unchanged: None,
            lambda submission: None,
            lambda grade: self.finished.append(grade.submission.student.id),
            lambda grade: self.postponed.append(grade.submission.student.id),
            lambda todo: self.retried.append([each.student.id for each in todo]),
        )
        given = {"workers": 2, "sandbox": "none", "device": "cpu", "course": ROOT, "profile": Profile.QUICK, **options}
        out = self.folder.parent / "results"
        asked = command.Options((self.folder,), out=out, assignment="hw2-cnn", items=("corr2d-values",), **given)  # type: ignore[arg-type]
        return command.grade(asked, watch)

    def messages(self) -> dict[str, str]:
        with Gradebook.open(self.folder.parent / "results/gradebook.db", writing=False) as book:
            return {row.student_id: row.items[0].message for row in book.current("hw2-cnn")}


@pytest.fixture
def hand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, Sequence[Answer]]], Class]:
    def made(answers: Mapping[str, Sequence[Answer]]) -> Class:
        folder = tmp_path / "submissions"
        folder.mkdir()
        for student in ("ada", "bo", "cy"):
            content = {"nbformat": 4, "nbformat_minor": 4, "metadata": {"who": student}, "cells": []}
            (folder / f"{student}.ipynb").write_text(json.dumps(content))
        given = Class(folder, answers)
        monkeypatch.setattr(local, "run", given.run)
        monkeypatch.setattr(inline, "run", given.run)
        return given

    return made


HandIn = Callable[[Mapping[str, Sequence[Answer]]], Class]


def test_a_time_out_that_vanishes_alone_is_none(hand_in: HandIn) -> None:
    given = hand_in({"bo": [(1, SLOW), (0, RIGHT)]})

    given.grade()

    assert given.passes == [(2, ["ada", "bo", "cy"]), (1, ["bo"])]
    assert given.alone == [False, True]  # on a card, too
    assert given.messages() == {"ada": "right", "bo": "right", "cy": "right"}


def test_it_is_told_that_and_when_a_submission_is_retried(hand_in: HandIn) -> None:
    given = hand_in({"bo": [(1, SLOW), (0, RIGHT)], "cy": [(2, SLOW), (0, RIGHT)]})

    given.grade()

    assert given.finished == ["ada", "bo", "cy"]
    assert given.postponed == ["bo", "cy"]
    assert given.retried == [["bo", "cy"]]


def test_a_time_out_that_comes_again_stands_and_is_not_retried_twice(hand_in: HandIn) -> None:
    given = hand_in({"bo": [(1, SLOW)]})

    given.grade()
    given.grade()

    assert [students for _, students in given.passes] == [["ada", "bo", "cy"], ["bo"]]
    assert given.messages()["bo"] == "gave no answer"


@pytest.mark.parametrize("options", [{"workers": 1}, {"runner": "inline"}, {"students": ("bo",)}], ids=str)
def test_what_ran_alone_is_not_retried(hand_in: HandIn, options: dict[str, object]) -> None:
    given = hand_in({"bo": [(1, SLOW), (0, RIGHT)]})

    given.grade(**options)

    assert len(given.passes) == 1
    assert given.messages()["bo"] == "gave no answer"


@pytest.mark.parametrize("finding", [RIGHT, UNREAD], ids=["full", "waiting"])
def test_a_time_out_that_costs_no_point_is_not_retried(hand_in: HandIn, finding: Finding) -> None:
    given = hand_in({"bo": [(1, finding)]})

    given.grade()

    assert len(given.passes) == 1


def test_points_lost_without_a_time_out_are_not_retried(hand_in: HandIn) -> None:
    given = hand_in({"bo": [(0, SLOW), (0, RIGHT)]})

    given.grade()

    assert len(given.passes) == 1


def test_stopping_a_retry_keeps_the_first_grade_and_the_next_run_comes_back_to_it(hand_in: HandIn) -> None:
    given = hand_in({"bo": [(1, SLOW), (1, SLOW), (0, RIGHT)]})
    given.stops_at = 2

    stopped = given.grade()
    kept = given.messages()
    given.stops_at = 99
    given.grade()

    assert (stopped.left, stopped.exit_code) == (1, 130)
    assert kept == {"ada": "right", "bo": "gave no answer", "cy": "right"}
    assert [students for _, students in given.passes] == [["ada", "bo", "cy"], ["bo"], ["bo"]]
    assert given.messages()["bo"] == "right"


def test_threads_do_not_depend_on_the_number_of_workers(hand_in: HandIn) -> None:
    given = hand_in({})

    for workers in (1, 2, 64):
        given.grade(workers=workers, force=True)

    assert given.threads == [1, 1, 1]


@pytest.mark.parametrize(
    ("count", "line"),
    [
        (1, "Retrying 1 submission alone, because it ran out of time beside others."),
        (2, "Retrying 2 submissions alone, because they ran out of time beside others."),
    ],
)
def test_the_progress_says_that_submissions_are_retried(count: int, line: str) -> None:
    written = io.StringIO()
    shown = Shown(Console(file=written, width=120), with_cards=False)

    shown.retrying([Submission(Student("bo"), "bo.ipynb", ())] * count)

    assert written.getvalue().strip() == line
