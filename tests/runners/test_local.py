"""The local runner with real worker processes: who is blamed for a death, how workers end."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from grader.errors import CourseError, MachineryError, SandboxLost
from grader.kernel.sandbox import Confinement
from grader.records import Assignment, Grade, Profile, Student, Submission
from grader.runners import inline, local, worker
from grader.runners.work import Part, Work, set_aside


@dataclass(frozen=True, slots=True)
class Scripted(Work):
    """Work in which a student's name says what happens to the worker."""

    def grading(self, control: Any = None) -> Any:
        if self.assignment.name == "dies":
            os._exit(1)
        if self.assignment.name == "wrong":
            raise CourseError("the reference is wrong")
        return ScriptedGrading(self)


@dataclass
class ScriptedGrading:
    work: Work

    def __call__(self, submission: Submission, part: Part | None = None) -> Grade:
        match submission.student.id.partition("-")[0]:
            case "killer":
                os.kill(os.getpid(), signal.SIGKILL)
            case "bug":
                raise ZeroDivisionError("a bug of ours")
            case "sandbox":
                raise SandboxLost("its template died")
            case "slow":
                time.sleep(60)
        return replace(set_aside(submission, self.work, ""), isolation=str(os.getpid()))

    def get_ready(self) -> None:
        pass

    def close(self) -> None:
        (self.work.course / f"closed-{os.getpid()}").touch()


@dataclass
class Told:
    began: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    grades: dict[str, Grade] = field(default_factory=dict)


def work(folder: Path, *, name: str = "hw") -> Work:
    assignment = Assignment(name, "Homework", Path("hw"), "hw", ())
    return Scripted(folder, assignment, None, Confinement("none", None), Profile.QUICK)


def handed_in(*students: str) -> list[Submission]:
    return [Submission(Student(each), f"{each}.ipynb", ()) for each in students]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runner")


@pytest.fixture(scope="module")
def told(folder: Path) -> Told:
    """A class in which three submissions are the end of their workers or sandboxes, beside one that takes its time."""
    told = Told()
    todo = handed_in("ada", "bo", "killer", "cy", "sandbox", "bug", "di", "ed")
    for each in local.run(
        work(folder),
        todo,
        workers=2,
        began=lambda each: told.began.append(each.student.id),
        lost=lambda each: told.lost.append(each.student.id),
    ):
        told.grades[each.submission.student.id] = each
    return told


def test_every_submission_is_begun_once_in_order(told: Told) -> None:
    assert told.began == ["ada", "bo", "killer", "cy", "sandbox", "bug", "di", "ed"]


def test_a_death_costs_and_blames_one_submission_alone(told: Told) -> None:
    assert sorted(told.lost) == ["bug", "killer", "sandbox"]
    assert sorted(told.grades) == ["ada", "bo", "cy", "di", "ed"]


def test_workers_that_end_in_order_close_what_they_kept_warm(told: Told, folder: Path) -> None:
    last = {told.grades[each].isolation for each in ("di", "ed")}

    assert {f"closed-{pid}" for pid in last} <= {path.name for path in folder.iterdir()}
    assert not multiprocessing.active_children()


def test_a_worker_under_way_is_stopped_in_order_when_nobody_wants_more(tmp_path: Path) -> None:
    grades = local.run(work(tmp_path), handed_in("ada", "slow", "slow-too"), workers=1, began=lambda _: None)

    first = next(grades)
    began = time.monotonic()
    grades.close()

    assert time.monotonic() - began < 30
    assert [path.name for path in tmp_path.iterdir()] == [f"closed-{first.isolation}"]
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("run", [local.run, inline.run], ids=["local", "inline"])
def test_when_it_is_to_stop_what_runs_is_finished_and_nothing_more_begun(tmp_path: Path, run: Any) -> None:
    began: list[str] = []
    options = {"workers": 1} if run is local.run else {}
    grades = run(
        work(tmp_path),
        handed_in("ada", "bo"),
        began=lambda each: began.append(each.student.id),
        stopped=lambda: bool(began),
        **options,
    )

    assert [each.submission.student.id for each in grades] == began == ["ada"]


@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [("wrong", CourseError, "the reference is wrong"), ("dies", MachineryError, "die while they start")],
)
def test_workers_that_cannot_start_end_the_run_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: type[Exception], sentence: str
) -> None:
    monkeypatch.setattr(local, "_FALSE_STARTS", 1)  # the others would only take longer

    with pytest.raises(error, match=sentence):
        list(local.run(work(tmp_path, name=name), handed_in("ada", "bo"), workers=1, began=lambda _: None))


def test_without_somebody_to_be_told_a_death_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(MachineryError, match=r"worker died on killer\.ipynb"):
        list(local.run(work(tmp_path), handed_in("killer"), workers=1, began=lambda _: None))


@pytest.mark.parametrize("fails", [KeyboardInterrupt, BlockingIOError])
def test_of_a_worker_that_cannot_be_started_no_template_is_left(
    fails: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = []

    class Launched:
        control = None

        def end(self) -> None:
            ended.append(self)

    def start(_: object) -> None:
        raise fails

    monkeypatch.setattr(worker, "_launched", lambda work: Launched())
    monkeypatch.setattr(worker.FORK.Process, "start", start)
    work = Work(Path(), Assignment("hw", "", Path(), "", ()), None, Confinement("none", None), Profile.QUICK)

    with pytest.raises(fails):
        worker.Worker(work)

    assert len(ended) == 1
