"""A full, read-only or damaged disk is one clear line and exit code 3; nothing is lost, and there is a way on."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash import graders, rooms
from tests.crash.points import Points

INLINE = ("--runner", "inline", "--format", "json")

in_a_room = pytest.mark.skipif(bool(rooms.problem()), reason=rooms.problem())


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    return graders.hand_in(tmp_path / "course" / "in", 5)


@pytest.fixture
def undisturbed(handed_in: Path, tmp_path: Path) -> dict[str, bytes]:
    assert graders.grade(handed_in, tmp_path / "undisturbed", *INLINE).code == 0
    return graders.tables(tmp_path / "undisturbed")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[rooms.Room]:
    with rooms.Room(tmp_path / "results", 512) as made:
        yield made


def graded(printed: str) -> set[str]:
    return {event["student_id"] for event in map(json.loads, printed.splitlines()) if event["event"] == "graded"}


def assert_one_line(ended: graders.Ended, *told: str) -> None:
    assert ended.code == 3, ended.told
    *before, line = ended.told.splitlines()
    assert all("files named after students" in each for each in before) and len(before) <= 1, ended.told
    assert line.startswith("grader: ")
    assert all(each in line for each in told), line


# ---- a full disk -----------------------------------------------------------------------------------------------------


@in_a_room
@pytest.mark.parametrize("part", [pytest.param(part, marks=pytest.mark.slow if part else ()) for part in range(8)])
def test_a_disk_that_is_full_at_any_point_loses_nothing(
    tmp_path: Path, handed_in: Path, undisturbed: dict[str, bytes], room: rooms.Room, part: int
) -> None:
    """Two are graded already; then the disk is full after 0, 1, 2 ... further pages, until the run fits."""
    two = ("--student", "s000", "--student", "s003")
    assert graders.grade(handed_in, tmp_path / "results", *INLINE, *two, hook=room.door).code == 0
    old = graders.tables(room.inside)
    shutil.copytree(room.inside, tmp_path / "before")
    full = 0

    for free in range(part, room.pages, 8):
        room.run(f"rm -rf '{tmp_path}/results/'* '{tmp_path}/results/'.[a-z]*")
        shutil.copytree(tmp_path / "before", room.inside, dirs_exist_ok=True)
        room.fill(free)
        first = graders.grade(handed_in, tmp_path / "results", *INLINE, hook=room.door)
        if first.code == 0:
            break
        full += 1
        assert_one_line(first, "room")
        for name, text in graders.tables(room.inside).items():
            assert text in (old[name], undisturbed[name])
        room.empty()
        again = graders.grade(handed_in, tmp_path / "results", *INLINE, hook=room.door)
        assert again.code == 0, again.told
        assert graded(first.printed) | graded(again.printed) == {"s001", "s002", "s004"}
        assert not graded(first.printed) & graded(again.printed)
        assert "killed" not in again.told
        assert graders.tables(room.inside) == undisturbed

    assert graders.tables(room.inside) == undisturbed
    assert full >= 2


@in_a_room
@pytest.mark.parametrize("part", [pytest.param(part, marks=pytest.mark.slow if part else ()) for part in range(16)])
def test_a_disk_too_full_to_begin_is_told_and_begun_later(
    tmp_path: Path, handed_in: Path, undisturbed: dict[str, bytes], room: rooms.Room, part: int
) -> None:
    for free in range(part, room.pages, 16):
        room.run(f"rm -rf '{tmp_path}/results/'* '{tmp_path}/results/'.[a-z]*")
        room.fill(free)
        first = graders.grade(handed_in, tmp_path / "results", *INLINE, hook=room.door)
        if first.code == 0:
            break
        assert_one_line(first, "room")
        room.empty()
        again = graders.grade(handed_in, tmp_path / "results", *INLINE, hook=room.door)
        assert (again.code, graders.tables(room.inside)) == (0, undisturbed), again.told
    assert free > 32


# ---- a disk that cannot be written -----------------------------------------------------------------------------------


@in_a_room
def test_a_results_folder_that_is_read_only(tmp_path: Path, handed_in: Path, room: rooms.Room) -> None:
    out = tmp_path / "results"
    assert graders.grade(handed_in, out, *INLINE, "--student", "s001", hook=room.door).code == 0
    before = graders.tables(room.inside)
    room.run(f"mount -o remount,ro '{out}'")

    refused = graders.grade(handed_in, out, *INLINE, hook=room.door)

    assert_one_line(refused, "results cannot be written", "Read-only file system")
    assert graders.tables(room.inside) == before


def test_a_results_folder_that_is_a_file(tmp_path: Path, handed_in: Path) -> None:
    (tmp_path / "results").write_text("a letter")

    assert_one_line(graders.grade(handed_in, tmp_path / "results", *INLINE), "results is no folder", "--out")
    assert (tmp_path / "results").read_text() == "a letter"


# ---- what was handed in ----------------------------------------------------------------------------------------------


def test_a_folder_of_submissions_that_vanishes_while_it_is_graded(
    tmp_path: Path, handed_in: Path, undisturbed: dict[str, bytes]
) -> None:
    process, log = graders.begin(handed_in, tmp_path / "results", *INLINE, seconds=0.3)
    while not graded((log / "out").read_text()):
        assert process.is_alive()
    shutil.rmtree(handed_in)

    assert graders.ended(process, log).code == 0
    assert graders.tables(tmp_path / "results") == undisturbed


@in_a_room
def test_a_folder_of_submissions_that_is_read_only(
    tmp_path: Path, handed_in: Path, undisturbed: dict[str, bytes], room: rooms.Room
) -> None:
    shutil.copytree(handed_in.parent, room.inside, dirs_exist_ok=True)
    room.run(f"mount -o remount,ro '{tmp_path}/results'")

    ended = graders.grade(tmp_path / "results" / "in", tmp_path / "out", *INLINE, hook=room.door)

    assert ended.code == 0, ended.told
    assert graders.tables(tmp_path / "out") == undisturbed


# ---- a damaged gradebook ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["truncated", "garbage", "gone-but-for-its-log", "of-a-later-grader"])
def test_a_damaged_gradebook_is_told_and_left_alone(tmp_path: Path, handed_in: Path, damage: str) -> None:
    out = tmp_path / "results"
    graders.grade(handed_in, out, *INLINE)
    tables, book = graders.tables(out), out / "gradebook.db"
    whole = book.read_bytes()
    match damage:
        case "truncated":
            book.write_bytes(whole[: len(whole) // 2])
        case "garbage":
            book.write_bytes(os.urandom(len(whole)))
        case "gone-but-for-its-log":
            book.rename(out / "gradebook.db-wal")
        case "of-a-later-grader":
            book.write_bytes(whole[:60] + (99).to_bytes(4, "big") + whole[64:])  # user_version
    left = {path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()}

    refused = graders.grade(handed_in, out, *INLINE)

    assert_one_line(refused, str(book))
    assert {path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()} == left
    assert graders.tables(out) == tables


@pytest.mark.parametrize("kept", [0, 31, 5_000, 20_000], ids=lambda kept: f"{kept}-bytes-kept")
def test_a_log_cut_short_costs_the_last_grades_alone(
    tmp_path: Path, handed_in: Path, undisturbed: dict[str, bytes], kept: int
) -> None:
    """As after a power cut on a disk that lied about having written."""
    out = tmp_path / "results"
    points = Points(tmp_path / "points")
    graders.grade(handed_in, tmp_path / "counted", *INLINE, hook=points)
    last = [n for n, point in enumerate(points.log.read_text().splitlines(), 1) if point == "COMMIT"][-1]
    assert graders.grade(handed_in, out, *INLINE, hook=Points(points.log, last)).code == -signal.SIGKILL
    log = out / "gradebook.db-wal"
    assert log.stat().st_size > 20_000
    os.truncate(log, kept)

    again = graders.grade(handed_in, out, *INLINE)

    assert again.code == 0, again.told
    assert graders.tables(out) == undisturbed
