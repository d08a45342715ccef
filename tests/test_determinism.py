"""A submission gets the same marks, sentences and recorded answers, whenever, wherever and beside whatever it runs."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from grader import checks, datasets, rubric, submissions
from grader.commands.isolation import bubblewrap_problem
from grader.kernel.cells import Script
from grader.kernel.sandbox import Confinement
from grader.kernel.session import KernelSession
from grader.kernel.template import Sandboxes
from grader.probes import Probe, Returned
from grader.records import Grade, Limits, Profile, Submission
from grader.runners import local
from grader.runners.work import Work

ROOT = Path(__file__).parents[1]
STUDENTS = ("bruno", "chen", "elif")
DRAWS = """
import random
import numpy as np
import torch
letters = list({letter for letter in "abcdefghij"})
drawn = torch.tensor([random.random(), np.random.rand(), torch.rand(()).item(), *map(ord, letters)])
torch.set_num_threads(2)
def threads():
  return torch.get_num_threads()
"""

Told = dict[str, dict[str, Any]]  # by student: everything but times and places


@pytest.fixture(scope="module", autouse=True)
def _sandbox() -> None:
    if problem := bubblewrap_problem():
        pytest.skip(f"{problem}: bubblewrap would run this")


def work(*, warm: bool = True) -> Work:
    assignment = rubric.choose(rubric.load(ROOT, checks.bind), "hw2-cnn")
    untrained = tuple(item.id for item in assignment.items if not checks.kinds()[item.check].trains)
    confinement = Confinement("bubblewrap", datasets.training_folder(), limits=assignment.limits)
    return Work(ROOT, assignment, b"of these tests", confinement, Profile.QUICK, warm=warm, only=untrained)


def handed_in() -> list[Submission]:
    return submissions.read([ROOT / f"examples/submissions/{student}.ipynb" for student in STUDENTS])


def graded(order: Sequence[Submission], *, workers: int, warm: bool = True) -> Told:
    return {
        grade.submission.student.id: told(grade)
        for grade in local.run(work(warm=warm), order, workers=workers, began=lambda _: None)
    }


def told(grade: Grade) -> dict[str, Any]:
    return {"observations": grade.observations, **{score.item.id: asdict(score) for score in grade.scores}}


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """Processes that leave nothing of this machine's time unused."""
    burning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


def assert_same(observed: Told, expected: Told) -> None:
    """Compare piece by piece, so that a difference says where it is."""
    assert observed.keys() == expected.keys()
    for student, pieces in expected.items():
        assert observed[student].keys() == pieces.keys()
        different = {name: (observed[student][name], piece) for name, piece in pieces.items() if name != "observations"}
        assert {name: pair for name, pair in different.items() if pair[0] != pair[1]} == {}, student
        assert observed[student]["observations"] == pieces["observations"], student


@pytest.fixture(scope="module")
def first() -> Told:
    """The examples as they are graded once: two at a time, forked."""
    return graded(handed_in(), workers=2)


@pytest.mark.timeout(600)
def test_what_is_compared_is_there(first: Told) -> None:
    assert sorted(first) == sorted(STUDENTS)
    for pieces in first.values():
        assert len(pieces["observations"]) > 10_000
        assert "earned" in pieces["corr2d-values"] and "learned-kernel" in pieces


@pytest.mark.timeout(600)
def test_another_order_and_another_number_of_workers_give_the_same_bit_for_bit(first: Told) -> None:
    assert_same(graded(handed_in()[::-1], workers=1), first)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_busy_machine_gives_the_same_bit_for_bit(first: Told) -> None:
    with busy(4):
        again = graded(handed_in(), workers=2)

    assert_same(again, first)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_sandbox_of_its_own_gives_the_same_bit_for_bit(first: Told) -> None:
    assert_same(graded(handed_in(), workers=2, warm=False), first)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_order_of_the_graders_own_sets_changes_nothing(
    first: Told, seed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", seed)  # of the workers

    assert_same(graded(handed_in(), workers=2), first)


@pytest.mark.timeout(600)
def test_what_a_notebook_draws_without_a_seed_is_the_same_in_every_session() -> None:
    script = Script("hw.ipynb", [(1, DRAWS)], ["drawn", "threads"])
    values = []
    for warm in (True, True, False, False):
        with Sandboxes(Confinement("bubblewrap", None), warm=warm) as sandboxes:
            with KernelSession(script, sandboxes.open, Limits()) as session:
                (observation,) = session.ask([Probe("state", "drawn@0")])
        assert isinstance(observation, Returned)
        values.append(observation.value)

    assert values[0].numel() == 13
    assert all(torch.equal(each, values[0]) for each in values[1:])


def test_a_probe_runs_in_one_thread_whatever_the_notebook_asked_for(forked: Sandboxes) -> None:
    with KernelSession(Script("hw.ipynb", [(1, DRAWS)], ["threads"]), forked.open, Limits()) as session:
        assert list(session.ask([Probe("call", "threads@0")])) == [Returned(1)]
