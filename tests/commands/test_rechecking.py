"""The worker of a watch: kept between checks, replaced when it dies, ended in the end. It is played here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.commands import check, rechecking
from grader.commands.rechecking import Rechecking
from grader.errors import GraderError, MachineryError, ReleaseError
from grader.records import Grade, Submission
from grader.runners.work import Part, Work, set_aside
from grader.runners.worker import READY
from tests.test_cli import ROOT, write_notebook


class Played:
    """A worker that answers as it was told to, and knows what was done to it."""

    def __init__(self, work: Work, answers: list[Any]) -> None:
        self.work = work
        self.answers = answers
        self.done: list[str] = []

    def begin(self, submission: Submission, part: Part) -> None:
        self.done.append("begun")
        self.part = part

    def answer(self) -> Any:
        return self.answers.pop(0)

    def stop(self) -> None:
        self.done.append("stopped")

    def bury(self) -> None:
        self.done.append("buried")


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    return write_notebook(tmp_path / "hw.ipynb", "def corr2d(X, K):\n  return X")


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Played]]:
    def played(*answers: list[Any]) -> list[Played]:
        crew: list[Played] = []
        left = list(answers)

        def hired(work: Work) -> Played:
            crew.append(Played(work, left.pop(0)))
            return crew[-1]

        monkeypatch.setattr(rechecking, "Worker", hired)
        return crew

    return played


def opened(notebook: Path, *wanted: str) -> Rechecking:
    return Rechecking(notebook, wanted, course=ROOT, assignment="hw2-cnn", told=lambda sentence: None)


def a_grade(notebook: Path, problem: str = "") -> Grade:
    submission = check.whole([notebook])
    work = check.work(notebook, submission, [], course=ROOT, assignment="hw2-cnn", told=lambda sentence: None)
    return set_aside(submission, work, problem)


def test_one_worker_checks_what_was_asked_for_again_and_again_and_ends_with_the_watch(
    notebook: Path, play: Callable[..., list[Played]]
) -> None:
    first, second = a_grade(notebook, "1"), a_grade(notebook, "2")
    record = logging.LogRecord("grader.tests", logging.DEBUG, "", 0, "of the worker", (), None)
    crew = play([READY, record, first, second])

    with opened(notebook, "corr2d-values") as asked:
        grades = [asked.check(check.whole([notebook])) for _ in range(2)]

    assert grades == [first, second]
    (worker,) = crew
    assert worker.done == ["begun", "begun", "stopped", "buried"]
    assert worker.part.items == ("corr2d-values",)
    assert worker.work.ahead and not worker.work.warm and worker.work.secret is None


def test_a_worker_that_died_is_replaced(notebook: Path, play: Callable[..., list[Played]]) -> None:
    grade = a_grade(notebook)
    crew = play([READY, None], [READY, grade])

    with opened(notebook) as asked:
        assert asked.check(check.whole([notebook])) is grade

    assert [worker.done for worker in crew] == [["begun", "stopped", "buried"]] * 2


def test_one_that_dies_again_is_told(notebook: Path, play: Callable[..., list[Played]]) -> None:
    play([None], [READY, None])

    with opened(notebook) as asked, pytest.raises(MachineryError, match=r"died on hw\.ipynb 2 times"):
        asked.check(check.whole([notebook]))


@pytest.mark.parametrize("error", [ReleaseError("vectors/hw.json is damaged"), KeyboardInterrupt()])
def test_whatever_ends_the_watch_ends_the_worker(
    notebook: Path, play: Callable[..., list[Played]], monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    crew = play([READY, error])

    def answer(worker: Played) -> Any:
        found = worker.answers.pop(0)
        if isinstance(found, KeyboardInterrupt):
            raise found
        return found

    monkeypatch.setattr(Played, "answer", answer)
    with pytest.raises((GraderError, KeyboardInterrupt)) as raised, opened(notebook) as asked:
        asked.check(check.whole([notebook]))

    assert raised.value is error
    assert crew[0].done == ["begun", "stopped", "buried"]
