"""Real runs of `grader grade` in processes that can be killed anywhere, quick enough to do so hundreds of times.

Everything is real but two things: a stand-in gives marks made of each submission's hash at once, so that no notebook
runs, and the processes are forked from one that has imported the grader, so that none waits two seconds for torch. The
course is a small one, because reading ours takes half a second.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path

from grader import cli, scoring
from grader.records import Finding, Grade, Outcome, Submission
from grader.runners import worker
from grader.runners.work import Part, Work, set_aside

RUBRIC = """
version: 1
assignments:
  small:
    title: "A small homework"
    notebooks: .
    reference: small
    items:
      - {id: one, section: "7.1", title: "The first", target: "one", points: 4, check: returns_close, options: {inputs: no}}
      - {id: two, section: "7.1", title: "The second", target: "two", points: 2.5, check: returns_close, options: {inputs: no}}
      - {id: said, section: "7.2", title: "The discussion", target: "7.2", points: 1, check: answered}
"""
SLOW: dict[str, float] = {}  # seconds that the submissions of these students take; filled by a hook
TABLES = ("grades.csv", "items.csv")
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(
    [__name__, "grader.commands.grade", "grader.checks", "grader.answer_key", "rich.progress"]
)

Hook = Callable[[], None]  # runs in the grader's process before it starts


@dataclass(frozen=True, slots=True)
class Ended:
    """What a grader left to see."""

    code: int
    printed: str
    told: str  # on standard error


class Quick:
    """Marks made of a submission's hash."""

    def __init__(self, work: Work, seconds: float) -> None:
        self._work = work
        self._seconds = seconds

    def __call__(self, submission: Submission, part: Part | None = None) -> Grade:
        time.sleep(SLOW.get(submission.student.id, self._seconds))
        scores = []
        for item in self._work.assignment.items:
            draw = hashlib.sha256(f"{submission.sha256}{item.id}".encode()).digest()[0]
            outcome = (Outcome.PASSED, Outcome.FAILED, Outcome.WAITING)[draw % 3]
            finding = Finding(outcome, 1.0 if outcome is Outcome.PASSED else 0.0, f"Drew {draw}.")
            scores.append(scoring.score(item, finding, key=""))
        return replace(set_aside(submission, self._work, ""), scores=tuple(scores), observations=bytes(2000))

    def get_ready(self) -> None:
        pass

    def close(self) -> None:
        pass


def course(folder: Path) -> Path:
    """A course of three items."""
    reference = folder / "reference" / "small"
    reference.mkdir(parents=True)
    for part in ("__init__", "solutions", "inputs", "misconceptions"):
        (reference / f"{part}.py").write_text('"""Nothing is asked of it."""\n')
    (folder / "rubric.yaml").write_text(RUBRIC)
    return folder


def hand_in(folder: Path, count: int) -> Path:
    """A folder of so many submissions, which is below a course."""
    course(folder.parent)
    folder.mkdir()
    for number in range(count):
        content = {"nbformat": 4, "nbformat_minor": 4, "metadata": {"who": number}, "cells": []}
        (folder / f"s{number:03}.ipynb").write_text(json.dumps(content))
    return folder


def begin(
    submissions: Path, out: Path, *options: str, hook: Hook | None = None, seconds: float = 0.0
) -> tuple[BaseProcess, Path]:
    """Start a grader in a process group of its own; its output goes into a folder beside `out`."""
    log = out.with_name(f"{out.name}-log")
    log.mkdir(parents=True, exist_ok=True)
    for name in ("out", "err"):
        (log / name).write_text("")
    argv = ["grade", str(submissions), "--out", str(out), "--course", str(submissions.parent)]
    argv += ["--sandbox", "none", "--device", "cpu", *options]
    process = _SERVER.Process(target=_grade, args=(argv, log, hook, seconds))
    process.start()
    return process, log


def ended(process: BaseProcess, log: Path) -> Ended:
    """Wait for it; a grader that hangs fails the test."""
    process.join(60)
    assert process.exitcode is not None, "the grader hangs"
    return Ended(process.exitcode, (log / "out").read_text(), (log / "err").read_text())


def grade(submissions: Path, out: Path, *options: str, hook: Hook | None = None, seconds: float = 0.0) -> Ended:
    """Run a grader to its end."""
    return ended(*begin(submissions, out, *options, hook=hook, seconds=seconds))


def tables(out: Path) -> dict[str, bytes]:
    """The tables of a results folder."""
    return {name: (out / name).read_bytes() for name in TABLES}


def _grade(argv: Sequence[str], log: Path, hook: Hook | None, seconds: float) -> None:
    os.setsid()
    for name, descriptor in (("out", 1), ("err", 2)):
        with (log / name).open("wb") as file:
            os.dup2(file.fileno(), descriptor)
    Work.grading = lambda work, control=None: Quick(work, seconds)  # type: ignore
    Work.forks = False  # type: ignore
    worker.FORK = multiprocessing.get_context("fork")  # type: ignore[assignment]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hook:
        hook()
    try:
        code = cli.main(argv)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
