"""After SIGKILL at any moment the same command goes on, and ends with the tables of an undisturbed run."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from grader.gradebook import Gradebook
from grader.records import Status
from tests.crash import graders
from tests.crash.points import Points

INLINE = ("--runner", "inline", "--format", "json")


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return graders.hand_in(tmp_path_factory.mktemp("course") / "c" / "in", 3)


@pytest.fixture(scope="module")
def undisturbed(handed_in: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("undisturbed") / "results"
    assert graders.grade(handed_in, out, *INLINE).code == 0
    return graders.tables(out)


def announced(printed: str) -> set[str]:
    events = [json.loads(line) for line in printed.splitlines()]
    return {event["student_id"] for event in events if event["event"] == "graded"}


def recorded(out: Path) -> set[str]:
    with Gradebook.open(out / "gradebook.db", writing=False) as book:
        return {row.student_id for row in book.current("small")}


def killed_at(point: int, handed_in: Path, out: Path) -> graders.Ended:
    killed = graders.grade(handed_in, out, *INLINE, hook=Points(out.with_suffix(".points"), point))
    assert killed.code == -signal.SIGKILL
    return killed


def points(handed_in: Path, folder: Path) -> list[str]:
    log = folder / "points"
    graders.grade(handed_in, folder / "counted", *INLINE, hook=Points(log))
    return log.read_text().splitlines()


def assert_resumed(handed_in: Path, out: Path, killed: graders.Ended, undisturbed: dict[str, bytes]) -> None:
    promised = announced(killed.printed)
    assert not promised or promised <= recorded(out)
    for name in graders.TABLES:
        assert not (out / name).exists() or (out / name).read_bytes() == undisturbed[name]

    again = graders.grade(handed_in, out, *INLINE)

    assert again.code == 0, again.told
    assert not promised & announced(again.printed)
    assert graders.tables(out) == undisturbed
    left = {path.name for path in out.iterdir()}
    assert left == {"feedback", "gradebook.db", "gradebook.lock", "intake.csv", "report.html", *graders.TABLES}
    assert sorted(path.name for path in (out / "feedback").iterdir()) == ["s000.html", "s001.html", "s002.html"]


def test_the_points_are_those_that_matter(handed_in: Path, tmp_path: Path) -> None:
    seen = points(handed_in, tmp_path)

    # Of the schema, of who is known and what was handed in, and of each submission's beginning and grade.
    assert seen.count("COMMIT") == 1 + 2 + 2 * 3
    assert {"open gradebook.lock", "os.rename gradebook.db.new", "os.rename .grades.csv.tmp", "fsync"} <= set(seen)


@pytest.mark.parametrize("part", [pytest.param(part, marks=pytest.mark.slow if part else ()) for part in range(4)])
def test_a_kill_at_any_change_of_the_disk_loses_nothing(
    handed_in: Path, tmp_path: Path, undisturbed: dict[str, bytes], part: int
) -> None:
    count = len(points(handed_in, tmp_path))

    for point in range(part + 1, count + 1, 4):
        out = tmp_path / f"results-{point}"
        assert_resumed(handed_in, out, killed_at(point, handed_in, out), undisturbed)
    assert count > 60


@pytest.mark.slow
def test_a_kill_while_going_on_after_a_kill_loses_nothing(
    handed_in: Path, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    seen = points(handed_in, tmp_path)
    within = seen.index("BEGIN IMMEDIATE") + 8  # of the first submission's grade

    for point in range(2, len(seen) - within, 4):
        out = tmp_path / f"results-{point}"
        killed_at(within, handed_in, out)
        assert_resumed(handed_in, out, killed_at(point, handed_in, out), undisturbed)


@pytest.mark.parametrize(
    ("submissions", "kills"),
    [(24, 4), pytest.param(200, 50, marks=[pytest.mark.slow, pytest.mark.timeout(900)])],
    ids=["24-submissions-4-kills", "200-submissions-50-kills"],
)
def test_kills_at_random_end_in_the_same_tables(tmp_path: Path, submissions: int, kills: int) -> None:
    handed_in = graders.hand_in(tmp_path / "course" / "in", submissions)
    out, draw = tmp_path / "results", random.Random(submissions)
    graders.grade(handed_in, tmp_path / "undisturbed", *INLINE)

    for _ in range(kills):
        process, log = graders.begin(handed_in, out, "--workers", "2", "--format", "json", seconds=0.01)
        enough = draw.random() * submissions / (kills + 2)  # so that there is something left for the last
        while len((log / "out").read_text().splitlines()) < enough and process.is_alive():
            time.sleep(0.001)
        time.sleep(draw.random() * 0.01)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        assert graders.ended(process, log).code == -signal.SIGKILL
    last = graders.grade(handed_in, out, "--workers", "2", "--format", "json")

    assert last.code == 0, last.told
    assert announced(last.printed)
    assert graders.tables(out) == graders.tables(tmp_path / "undisturbed")


def test_a_serial_and_a_parallel_run_give_the_same_tables(tmp_path: Path) -> None:
    handed_in = graders.hand_in(tmp_path / "course" / "in", 9)

    for name, options in {"serial": INLINE, "parallel": ("--workers", "3")}.items():
        assert graders.grade(handed_in, tmp_path / name, *options).code == 0

    assert graders.tables(tmp_path / "serial") == graders.tables(tmp_path / "parallel")


def test_what_kills_the_grader_three_times_is_set_aside_and_costs_its_neighbour_nothing(tmp_path: Path) -> None:
    handed_in = graders.hand_in(tmp_path / "course" / "in", 4)
    out = tmp_path / "results"

    codes, printed, told = [], [], []
    for _ in range(4):
        ended = graders.grade(handed_in, out, "--workers", "2", hook=Deadly("s001"), seconds=0.2)
        codes.append(ended.code)
        told.append(ended.told)
        printed.append(ended.printed)

    assert codes == [-signal.SIGKILL] * 3 + [1]
    assert "Graded last and alone" in told[1] and "s001" in told[1]
    sentence = "Set aside: the grader died 3 times while grading it."
    assert f"s001: {sentence} With --force it is tried again." in told[3]
    assert sentence in " ".join(printed[3].split())
    assert f"s001,,,,,,broken,,,{sentence}" in (out / "items.csv").read_text()
    with Gradebook.open(out / "gradebook.db", writing=False) as book:
        statuses = {row.student_id: row.status is Status.NEEDS_STAFF for row in book.current("small")}
    assert statuses == {"s000": False, "s001": True, "s002": False, "s003": False}

    again = graders.grade(handed_in, out, "--workers", "2")
    forced = graders.grade(handed_in, out, "--workers", "2", "--force")

    assert (again.code, "0 to run" in again.told) == (1, True)
    assert forced.code == 0


class Deadly:
    """Kills the driver as soon as it has taken up this student's submission."""

    def __init__(self, student: str) -> None:
        self._student = student

    def __call__(self) -> None:
        started = Gradebook.started

        def deadly(book: Gradebook, assignment: str, student_id: str, key: str) -> None:
            started(book, assignment, student_id, key)
            if student_id == self._student:
                os.kill(os.getpid(), signal.SIGKILL)

        Gradebook.started = deadly  # type: ignore[assignment, method-assign]
