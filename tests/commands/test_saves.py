"""When a notebook counts as saved; nobody waits here, each look is taken at once."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from grader.commands import check, saves
from grader.commands.saves import Back, Damaged, Event, Gone, Saved
from grader.records import Submission

HALF = '{"cells": [{"cell_type": "code", "sou'


class Later:
    """Stands in for the time between two looks: something happens in each, or the test has seen enough."""

    def __init__(self, *happenings: Callable[[], object]) -> None:
        self._left = list(happenings)

    def __call__(self, seconds: float) -> None:
        if not self._left:
            raise EOFError
        self._left.pop(0)()


@pytest.fixture
def hw(tmp_path: Path) -> Path:
    return save(tmp_path / "hw.ipynb", "a = 1")


def save(path: Path, source: str) -> Path:
    path.write_text(said(source), encoding="utf-8")
    return path


def said(source: str) -> str:
    cell: dict[str, object] = {
        "cell_type": "code",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": source,
    }
    return json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]})


def nothing() -> None:
    pass


def save_by_rename(path: Path, source: str) -> None:
    save(path.with_suffix(".tmp"), source).replace(path)


def long_ago(path: Path, seconds: float = 3600) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def told(hw: Path, *happenings: Callable[[], object]) -> list[Event]:
    """What is told beyond what the file says at first, while one thing after the other happens to it."""
    first, *later = listened(saves.saves([hw], check.whole, wait=Later(*happenings)))
    assert isinstance(first, Saved)
    return later


def listened(events: Iterator[Event]) -> list[Event]:
    heard = []
    try:
        for event in events:
            heard.append(event)
    except EOFError:
        return heard
    raise AssertionError("it ended by itself")


def sources(events: list[Event]) -> list[str]:
    """What the cell of each notebook says; anything else fails."""
    contents = [event.submission.notebooks[0].content for event in events if isinstance(event, Saved)]
    assert len(contents) == len(events), events
    return [json.loads(content)["cells"][0]["source"] for content in contents]


def test_what_the_file_says_at_first_is_told(hw: Path) -> None:
    assert sources(listened(saves.saves([hw], check.whole, wait=Later()))) == ["a = 1"]


def test_a_save_is_told(hw: Path) -> None:
    assert sources(told(hw, lambda: save(hw, "a = 22"), nothing, nothing)) == ["a = 22"]


def test_a_save_by_rename_is_told_even_with_the_old_time_and_size(hw: Path) -> None:
    long_ago(hw)

    def replaced() -> None:
        save(hw.with_suffix(".tmp"), "a = 2")
        os.utime(hw.with_suffix(".tmp"), ns=(0, hw.stat().st_mtime_ns))
        hw.with_suffix(".tmp").replace(hw)

    assert sources(told(hw, nothing, replaced, nothing)) == ["a = 2"]


def test_a_save_within_the_same_tick_of_a_coarse_clock_is_told(hw: Path) -> None:
    written = hw.stat().st_mtime_ns

    def in_place() -> None:
        save(hw, "a = 2")
        os.utime(hw, ns=(written, written))

    assert sources(told(hw, in_place, nothing)) == ["a = 2"]


def test_a_file_that_has_settled_is_not_read_again(hw: Path) -> None:
    long_ago(hw)
    reads: list[Path] = []

    def read(paths: Sequence[Path]) -> Submission:
        reads.extend(paths)
        return check.whole(paths)

    listened(saves.saves([hw], read, wait=Later(*[nothing] * 5)))

    assert reads == [hw]


def test_touched_or_rewritten_alike_nothing_is_told(hw: Path) -> None:
    assert told(hw, hw.touch, lambda: long_ago(hw), lambda: save_by_rename(hw, "a = 1"), nothing) == []


def test_saves_while_nobody_listens_are_one(hw: Path) -> None:
    events = saves.saves([hw], check.whole, wait=Later(nothing, nothing))
    next(events)
    for number in range(5):
        save_by_rename(hw, f"a = {number}")

    assert sources(listened(events)) == ["a = 4"]


def test_half_a_file_is_waited_for(hw: Path) -> None:
    half = lambda: hw.write_text(HALF)  # noqa: E731
    empty = lambda: hw.write_text("")  # noqa: E731

    assert sources(told(hw, empty, half, nothing, lambda: save(hw, "a = 2"))) == ["a = 2"]


def test_what_stays_damaged_is_told_once_and_then_what_mends_it(hw: Path) -> None:
    damaged, *later = told(hw, lambda: hw.write_text(HALF), *[nothing] * 20, lambda: save(hw, "a = 2"), nothing)

    assert damaged == Damaged("hw.ipynb is not valid JSON (line 1).")
    assert sources(later) == ["a = 2"]


def test_what_is_damaged_from_the_start_is_told(hw: Path) -> None:
    hw.write_text(HALF)

    events = listened(saves.saves([hw], check.whole, wait=Later(*[nothing] * 9, lambda: save(hw, "a = 2"), nothing)))

    assert isinstance(events[0], Damaged)
    assert sources(events[1:]) == ["a = 2"]


def test_a_file_moved_away_for_a_moment_is_not_gone(hw: Path) -> None:
    assert sources(told(hw, hw.unlink, nothing, lambda: save(hw, "a = 2"))) == ["a = 2"]


def test_a_deleted_file_is_told_once_and_waited_for(hw: Path) -> None:
    gone, *later = told(hw, hw.unlink, *[nothing] * 20, lambda: save(hw, "a = 2"), nothing)

    assert gone == Gone()
    assert sources(later) == ["a = 2"]


def test_one_that_comes_back_as_it_was_is_told_and_not_checked(hw: Path) -> None:
    assert told(hw, hw.unlink, *[nothing] * 9, lambda: save(hw, "a = 1"), nothing) == [Gone(), Back()]


def test_gone_and_then_half_back_is_still_being_written(hw: Path) -> None:
    events = told(
        hw, hw.unlink, *[nothing] * 9, lambda: hw.write_text(HALF), nothing, lambda: save(hw, "a = 2"), nothing
    )

    assert events[0] == Gone()
    assert sources(events[1:]) == ["a = 2"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything; an ordinary user runs this")
def test_a_file_that_may_not_be_read_is_told(hw: Path) -> None:
    (event,) = told(hw, lambda: hw.chmod(0), *[nothing] * 9)

    assert isinstance(event, Damaged)
    assert "Permission denied" in event.sentence


def test_a_folder_of_its_name_is_told(hw: Path) -> None:
    def become_a_folder() -> None:
        hw.unlink()
        hw.mkdir()

    (event,) = told(hw, become_a_folder, *[nothing] * 9)

    assert isinstance(event, Damaged)
    assert "holds no notebook" in event.sentence


def test_of_several_notebooks_a_save_of_any_is_told_with_all(hw: Path) -> None:
    other = save(hw.with_name("other.ipynb"), "b = 1")
    happenings = (lambda: save(other, "b = 2"), lambda: other.write_text(HALF), lambda: save(other, "b = 3"))

    events = listened(saves.saves([hw, other], check.whole, wait=Later(*happenings, nothing)))

    said_by = [[json.loads(file.content)["cells"][0]["source"] for file in each.submission.notebooks]
               for each in events if isinstance(each, Saved)]  # fmt: skip
    assert len(events) == 3 and said_by == [["a = 1", "b = 1"], ["a = 1", "b = 2"], ["a = 1", "b = 3"]]


def test_in_a_folder_new_notebooks_and_changed_modules_are_told(hw: Path) -> None:
    new, module = hw.with_name("new.ipynb"), hw.with_name("helpers.py")
    happenings = (lambda: save(new, "b = 1"), lambda: module.write_text("c = 1"), lambda: module.write_text("c = 2"))

    events = listened(saves.saves([hw.parent], check.whole, wait=Later(*happenings, nothing, new.unlink, nothing)))

    found = [each.submission for each in events if isinstance(each, Saved)]
    assert len(events) == len(found)
    assert [(len(each.notebooks), [file.content for file in each.attachments]) for each in found] == [
        (1, []),
        (2, []),
        (2, [b"c = 1"]),
        (2, [b"c = 2"]),
        (1, [b"c = 2"]),
    ]
