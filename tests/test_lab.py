"""The lab through the real command, the assignment left out: examples, solved notebooks, stubs, half a homework."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader import datasets
from grader.commands.isolation import bubblewrap_problem
from grader.errors import DataMissing
from tests.reference.lab.solving import solve

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "assignments/lab-cnn").glob("*.ipynb"))
EXPECTED: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "examples/lab/expected.yaml").read_text(encoding="utf-8"))
RUBRIC = yaml.safe_load((ROOT / "rubric.yaml").read_text(encoding="utf-8"))["assignments"]["lab-cnn"]["items"]


def found(name: str) -> bool:
    """Whether a data set is on this machine."""
    try:
        datasets.folder(name)
    except DataMissing:
        return False
    return True


TRAINED = {"mnist-accuracy": found("mnist"), "cifar10-accuracy": found("cifar10")}


@dataclass(frozen=True)
class Graded:
    """What one run of the command left behind."""

    returncode: int
    status: dict[str, str]
    items: dict[str, dict[str, dict[str, str]]]
    told: str


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    if problem := bubblewrap_problem():
        pytest.skip(f"{problem}: bubblewrap would run this")
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "examples/lab/submissions", folder / "in")
    for student, notebooks in (("solved", NOTEBOOKS), ("half", NOTEBOOKS[:1]), ("stubs", NOTEBOOKS)):
        (folder / "in" / student).mkdir()
        for path in notebooks:
            notebook = json.loads(path.read_text(encoding="utf-8"))
            handed_in = notebook if student == "stubs" else solve(notebook)
            (folder / "in" / student / path.name).write_text(json.dumps(handed_in), encoding="utf-8")
    options = ["--out", str(folder / "out"), "--profile", "quick", "--device", "cpu", "--course", str(ROOT)]
    command = [sys.executable, "-m", "grader", "grade", str(folder / "in"), *options]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    items: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows(folder / "out/items.csv"):
        items.setdefault(row["student_id"], {})[row["item"]] = row
    status = {row["student_id"]: row["status"] for row in rows(folder / "out/grades.csv")}
    return Graded(run.returncode, status, items, run.stderr)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def whole() -> dict[str, str]:
    """The outcome of every item of a right lab on this machine."""
    outcomes = {item["id"]: "waiting" if item["check"] == "answered" else "passed" for item in RUBRIC}
    return {**outcomes, **{item: "broken" for item, trained in TRAINED.items() if not trained}}


def outcomes(graded: Graded, student: str) -> dict[str, str]:
    return {item: row["outcome"] for item, row in graded.items[student].items()}


@pytest.mark.timeout(600)
def test_the_assignment_is_found_by_its_names_and_said_aloud(graded: Graded) -> None:
    assert "Assignment: lab-cnn (its names fit these notebooks best)" in graded.told


@pytest.mark.timeout(600)
@pytest.mark.parametrize("student", EXPECTED)
def test_an_example_has_the_expected_outcomes(graded: Graded, student: str) -> None:
    assert outcomes(graded, student) == {**whole(), **EXPECTED[student]["differs"]}
    for item, piece in EXPECTED[student].get("says", {}).items():
        assert piece in graded.items[student][item]["message"]


@pytest.mark.timeout(600)
def test_the_solved_notebooks_earn_everything(graded: Graded) -> None:
    assert outcomes(graded, "solved") == whole()


@pytest.mark.timeout(600)
def test_the_network_of_one_notebook_earns_nothing_in_the_other(graded: Graded) -> None:
    of_cifar = {"cifar10-forward": "failed", "cifar10-shapes": "failed", "cifar10-accuracy": "skipped"}

    assert outcomes(graded, "half") == {**whole(), **of_cifar, "written-1.2": "failed"}


@pytest.mark.timeout(600)
def test_stubs_earn_nothing(graded: Graded) -> None:
    assert set(outcomes(graded, "stubs").values()) == {"failed", "skipped"}
    assert {row["earned"] for row in graded.items["stubs"].values()} == {"0"}


@pytest.mark.timeout(600)
@pytest.mark.skipif(not TRAINED["mnist-accuracy"], reason="MNIST is not on this machine; `make setup` would run this")
def test_the_network_learns_real_digits(graded: Graded) -> None:
    messages = {graded.items[student]["mnist-accuracy"]["message"] for student in ("nils", "olga", "pavel", "solved")}

    assert all(message.startswith("Test accuracy 0.") and "2000 images" in message for message in messages)


@pytest.mark.timeout(600)
@pytest.mark.skipif(TRAINED["cifar10-accuracy"], reason="CIFAR-10 is on this machine; one without it runs this")
def test_a_data_set_that_is_not_here_is_told_once_and_costs_nothing(graded: Graded) -> None:
    row = graded.items["olga"]["cifar10-accuracy"]

    assert graded.told.count("cifar10-accuracy will wait for staff: data set not found: cifar10;") == 1
    assert (row["outcome"], row["earned"], row["possible"]) == ("broken", "", "")
    assert row["message"].startswith("data set not found: cifar10;")
    assert graded.status["olga"] == "needs_staff"
    assert graded.status["half"] == "provisional"
    assert graded.returncode == 1


def test_the_example_notebooks_fit_their_sources() -> None:
    run = subprocess.run([sys.executable, str(ROOT / "examples/build.py"), "--check"], capture_output=True, check=False)

    assert run.returncode == 0, run.stdout
