"""The progress of commands that take long."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from grader.cli.progress import Steps


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr("grader.cli.progress.time.monotonic", lambda: now[0])
    return now


def test_plain_lines_come_now_and_then_with_the_time_left(clock: list[float]) -> None:
    written = io.StringIO()
    steps = Steps(Console(file=written, width=100), None)

    steps.planned("hw2: mutants", 50)
    for _ in range(50):
        clock[0] += 1
        steps.done()

    assert written.getvalue().splitlines() == [
        "hw2: mutants: 50 to do",
        "[10/50] hw2: mutants, about 40 s left",
        "[20/50] hw2: mutants, about 30 s left",
        "[30/50] hw2: mutants, about 20 s left",
        "[40/50] hw2: mutants, about 10 s left",
    ]


def test_what_is_said_of_a_piece_is_always_printed(clock: list[float]) -> None:
    written = io.StringIO()
    steps = Steps(Console(file=written, width=100), None)

    steps.planned("lenet", 2)
    clock[0] += 4
    steps.done("seed 1 reaches 0.75\x1b[2J")
    clock[0] += 4
    steps.done("seed 2 reaches 0.76")

    assert written.getvalue().splitlines()[1:] == [
        "[1/2] seed 1 reaches 0.75\\x1b[2J, about 4 s left",
        "[2/2] seed 2 reaches 0.76",
    ]


def test_a_bar_shows_the_row_that_is_at_work_and_the_time_left(clock: list[float]) -> None:
    bar = Progress(TextColumn("{task.description} {task.fields[left]}"), console=Console(file=io.StringIO()))
    steps = Steps(bar.console, bar)

    steps.planned("first", 1)
    clock[0] += 1
    steps.done()
    steps.planned("second", 4)
    clock[0] += 3
    steps.done()

    (task,) = bar.tasks
    assert (task.description, task.completed, task.total, task.fields["left"]) == ("second", 1, 4, "about 9 s left")
