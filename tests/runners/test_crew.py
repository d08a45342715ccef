"""What becomes of submissions when machines join, die, lag and come back: with machines that do as they are told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grader.errors import CourseError, MachineryError, SandboxLost
from grader.kernel.sandbox import Confinement
from grader.records import Assignment, Grade, Profile, Student, Submission
from grader.runners import crew
from grader.runners.crew import READY, Answer, Crew, Gone, Site
from grader.runners.work import Work, set_aside

WORK = Work(Path(), Assignment("hw", "", Path(), "hw", ()), None, Confinement("none", None), Profile.QUICK)
SILENT = "silent"  # no answer comes until the machine is dismissed


@dataclass
class Played:
    """Machines with a script: by student the answers of one time after the other; who is not named is graded."""

    rooms: dict[str, int]
    script: Mapping[str, Sequence[Answer]] = field(default_factory=dict)
    starts: Mapping[str, Answer] = field(default_factory=dict)  # by machine, where it is not ready
    here: str = "a"
    asked: list[tuple[str, str]] = field(default_factory=list)  # machine and student
    out: dict[str, str] = field(default_factory=dict)
    dismissed: list[str] = field(default_factory=list)
    most: int = 0  # under way at the same time
    at_once: int = 1  # answers that come together
    joins: Callable[[Played], None] = lambda played: None
    _times: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _answers: dict[int, Answer] = field(default_factory=dict)
    _number: int = 0

    def sites(self) -> list[Site]:
        return [Site(name, name, room) for name, room in self.rooms.items() if name not in self.out]

    def leave_out(self, site: Site, why: str) -> None:
        self.out[site.id] = why

    def station(self, site: Site) -> tuple[str, int]:
        return site.id, self._handle(self.starts.get(site.id, READY))

    def ask(self, post: str, submission: Submission) -> int:
        student = submission.student.id
        self.asked.append((post, student))
        script = self.script.get(student, ())
        time = self._times[student]
        self._times[student] += 1
        graded = set_aside(Submission(submission.student, submission.name, ()), WORK, f"by {post}")
        return self._handle(script[time] if time < len(script) else graded)

    def answers(self, asked: Sequence[int]) -> dict[int, Answer]:
        self.most = max(self.most, len(asked))
        self.joins(self)
        told = [each for each in asked if self._answers[each] != SILENT]
        return {each: self._answers[each] for each in told[: self.at_once]}

    def dismiss(self, posts: Sequence[str]) -> None:
        self.dismissed += posts

    def _handle(self, answer: Answer) -> int:
        self._number += 1
        self._answers[self._number] = answer
        return self._number


@dataclass
class Pass:
    """What a crew said."""

    grades: list[Grade] = field(default_factory=list)
    together: list[list[str]] = field(default_factory=list)  # students, by what came at once
    began: list[tuple[str, bool]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def by(self) -> dict[str, str]:
        return {each.submission.student.id: each.problem for each in self.grades}


def over(
    machines: Played,
    *students: str,
    most: int = 9,
    alone: bool = False,
    last: dict[str, str] | None = None,
    stop: int = 99,
    told: Pass | None = None,
) -> Pass:
    told = told or Pass()
    todo = [Submission(Student(each), f"{each}.ipynb", (), sha256=each) for each in students]
    with closing(Crew(machines, most=most, last={} if last is None else last, alone=alone)) as each:
        for together in each.grades(
            todo,
            began=lambda each, here: told.began.append((each.student.id, here)),
            lost=lambda each: told.lost.append(each.student.id),
            stopped=lambda: len(told.began) >= stop,
        ):
            told.grades += together
            told.together.append([each.submission.student.id for each in together])
    return told


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_JOIN_S", "_ALL_GONE_S"):
        monkeypatch.setattr(crew, name, 0.0)


def test_every_submission_is_graded_once_and_comes_back_whole() -> None:
    told = over(Played({"a": 2, "b": 1}), *"uvwxyz")

    assert sorted(each.submission.sha256 for each in told.grades) == list("uvwxyz")
    assert sorted(told.began) == sorted((each, told.by[each] == "by a") for each in "uvwxyz")


def test_no_more_is_under_way_than_there_are_posts() -> None:
    machines = Played({"a": 2, "b": 1})

    over(machines, *map(str, range(50)))
    few = Played({"a": 8})
    over(few, *map(str, range(50)), most=3)

    assert (machines.most, few.most) == (3, 3)


def test_a_worker_that_dies_blames_its_submission_and_nobody_else() -> None:
    told = over(Played({"a": 1}, {"v": [None], "x": [SandboxLost("its template died")]}), *"uvwx")

    assert told.lost == ["v", "x"]
    assert sorted(told.by) == ["u", "w"]


def test_a_machine_that_dies_blames_nobody_and_what_it_had_is_graded_elsewhere_and_begun_once() -> None:
    machines = Played({"a": 1, "b": 1}, {"u": [Gone("its node has died")]})

    told = over(machines, *"uvw")

    assert told.lost == []
    assert sorted(told.by) == ["u", "v", "w"]
    assert [student for student, _ in told.began].count("u") == 1


@pytest.mark.parametrize(("alone", "deaths"), [(False, 2), (True, 1)])
def test_what_ends_one_machine_after_the_other_is_blamed_in_the_end(alone: bool, deaths: int) -> None:
    machines = Played({"a": 1, "b": 1, "c": 1}, {"u": [Gone()] * 9})

    told = over(machines, *"uv", alone=alone)

    assert told.lost == ["u"]
    assert [student for _, student in machines.asked].count("u") == deaths


def test_a_machine_that_may_not_grade_is_left_out_and_the_others_do_its_work() -> None:
    machines = Played({"a": 1, "b": 2}, starts={"b": MachineryError("other software")})

    told = over(machines, *"uvw")

    assert machines.out == {"b": "other software"}
    assert set(told.by.values()) == {"by a"}
    assert set(machines.dismissed) == {"a", "b"}


def test_a_machine_whose_sandbox_fails_later_is_left_out_and_its_submission_waits_for_another() -> None:
    machines = Played({"a": 1, "b": 1}, {"u": [MachineryError("no sandbox can be started")]})

    told = over(machines, *"uvw")

    assert len(machines.out) == 1
    assert sorted(told.by) == ["u", "v", "w"]
    assert told.lost == []


def test_grades_that_have_come_meanwhile_are_handed_over_together() -> None:
    told = over(Played({"a": 2, "b": 1}, at_once=3), *"uvw")

    assert told.together == [["u", "v", "w"]]


def test_what_came_with_the_end_of_the_run_is_handed_over_before_it() -> None:
    told = Pass()
    wrong = CourseError("the reference is wrong")

    with pytest.raises(CourseError, match="the reference is wrong"):
        over(Played({"a": 2}, script={"v": [wrong]}, at_once=2), "u", "v", told=told)

    assert told.together == [["u"]]


def test_a_wrong_rubric_ends_the_run() -> None:
    with pytest.raises(CourseError, match="the reference is wrong"):
        over(Played({"a": 1, "b": 1}, starts=dict.fromkeys("ab", CourseError("the reference is wrong"))), "u")


@pytest.mark.parametrize("rooms", [{}, {"a": 1}])
def test_where_no_machine_may_grade_that_is_one_line(rooms: dict[str, int]) -> None:
    with pytest.raises(MachineryError, match="no machine of the cluster may grade"):
        over(Played(rooms, starts={"a": MachineryError("other software")}), "u")


def test_a_machine_that_ends_what_is_started_there_is_left_out_after_three_times() -> None:
    machines = Played({"a": 1, "b": 1}, starts={"b": Gone("killed")})

    over(machines, *"uvwxyz")

    assert machines.out == {"b": "what is started there ends at once"}


def test_machines_that_join_take_part() -> None:
    def joins(played: Played) -> None:
        if len(played.asked) == 2:
            played.rooms["b"] = 1

    told = over(Played({"a": 1}, joins=joins), *"uvwxyz")

    assert set(told.by.values()) == {"by a", "by b"}


def test_what_lags_is_tried_elsewhere_and_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "_LAGS_S", 0.0)
    monkeypatch.setattr(crew, "_LAGS_TIMES", 0.0)
    machines = Played({"a": 1, "b": 1}, {"u": [SILENT]})

    told = over(machines, *"uvw")

    assert sorted(each.submission.student.id for each in told.grades) == ["u", "v", "w"]
    assert len([student for _, student in machines.asked if student == "u"]) == 2
    assert [student for student, _ in told.began].count("u") == 1


def test_the_later_of_two_answers_about_one_submission_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "_LAGS_S", 0.0)
    monkeypatch.setattr(crew, "_LAGS_TIMES", 0.0)
    machines = Played({"a": 1, "b": 1}, {"u": [SILENT]})

    def joins(played: Played) -> None:  # what was silent speaks when the other answer has been taken
        if [student for _, student in played.asked].count("u") == 2:
            for handle, answer in played._answers.items():
                if answer == SILENT:
                    played._answers[handle] = set_aside(Submission(Student("u"), "", ()), WORK, "late")

    machines.joins = joins

    told = over(machines, *"uvwxyz")

    assert sorted(each.submission.student.id for each in told.grades) == sorted("uvwxyz")


def test_alone_a_machine_has_one_submission_and_where_possible_another_one_than_before() -> None:
    machines = Played({"a": 4, "b": 4})

    told = over(machines, *"uvwx", alone=True, last={"u": "a", "v": "a", "w": "b", "x": "b"})

    assert machines.most == 2
    assert told.by == {"u": "by b", "v": "by b", "w": "by a", "x": "by a"}


def test_alone_on_the_only_machine_it_is_graded_there_again() -> None:
    assert over(Played({"a": 4}), "u", alone=True, last={"u": "a"}).by == {"u": "by a"}


def test_when_it_is_to_stop_what_runs_is_finished_and_nothing_more_begun() -> None:
    told = over(Played({"a": 1, "b": 1}), *"uvwxyz", stop=3)

    assert len(told.began) == len(told.grades) == 3
