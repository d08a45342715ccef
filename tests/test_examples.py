"""The example submissions, graded by the command of the README, get the marks written down beside them."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.commands.isolation import bubblewrap_problem

ROOT = Path(__file__).parents[1]
EXPECTED: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "examples/expected.yaml").read_text(encoding="utf-8"))
RUBRIC = yaml.safe_load((ROOT / "rubric.yaml").read_text(encoding="utf-8"))["assignments"]["hw2-cnn"]["items"]
POINTS = {item["id"]: item["points"] for item in RUBRIC}


@dataclass(frozen=True)
class Graded:
    """What one run of the command left behind."""

    returncode: int
    out: Path
    grades: dict[str, dict[str, str]]
    items: dict[str, dict[str, dict[str, str]]]
    printed: str


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    if problem := bubblewrap_problem():
        pytest.skip(f"{problem}: bubblewrap would run this")
    out = tmp_path_factory.mktemp("results")
    run = grade("--out", str(out))
    items: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows(out / "items.csv"):
        items.setdefault(row["student_id"], {})[row["item"]] = row
    return Graded(run.returncode, out, {row["student_id"]: row for row in rows(out / "grades.csv")}, items, run.stdout)


def grade(*options: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "grader",
        "grade",
        "examples/submissions",
        "--profile",
        "quick",
        "--device",
        "cpu",
    ]
    return subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=False)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def wanted(student: str) -> dict[str, str]:
    """The outcome of every item: a whole homework but for what is written down."""
    whole = {item["id"]: "waiting" if item["check"] == "answered" else "passed" for item in RUBRIC}
    return {**whole, **EXPECTED[student].get("differs", {})}


@pytest.mark.timeout(900)
def test_every_student_is_in_the_table_with_the_right_status(graded: Graded) -> None:
    statuses = {student: row["status"] for student, row in graded.grades.items()}

    assert statuses == {student: entry["status"] for student, entry in EXPECTED.items()}
    assert graded.returncode == 1  # the PDF needs staff


@pytest.mark.timeout(900)
@pytest.mark.parametrize("student", [each for each, entry in EXPECTED.items() if entry.get("graded", True)])
def test_each_item_has_the_expected_outcome(graded: Graded, student: str) -> None:
    outcomes = {item: row["outcome"] for item, row in graded.items[student].items()}

    assert outcomes == wanted(student)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("student", [each for each, entry in EXPECTED.items() if "says" in entry])
def test_what_is_wrong_is_told_in_a_sentence(graded: Graded, student: str) -> None:
    for item, piece in EXPECTED[student]["says"].items():
        assert piece in graded.items[student][item]["message"]


@pytest.mark.timeout(900)
def test_points_follow_from_outcomes_and_undecided_items_are_blank(graded: Graded) -> None:
    for student, row in graded.grades.items():
        for item, points in POINTS.items():
            outcome = graded.items.get(student, {}).get(item, {}).get("outcome", "waiting")
            expected = {"passed": f"{points:g}", "waiting": "", "broken": "", "partial": row[item]}.get(outcome, "0")
            assert row[item] == expected, (student, item)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("item", ["lenet-accuracy", "vgg-accuracy", "resnet18-accuracy"])
def test_real_accuracies_are_told(graded: Graded, item: str) -> None:
    assert graded.items["ada"][item]["message"].startswith("Test accuracy 0.")


@pytest.mark.timeout(900)
def test_grading_again_runs_nothing_and_leaves_the_tables_as_they_are(graded: Graded) -> None:
    before = {name: (graded.out / name).read_bytes() for name in ("grades.csv", "items.csv")}

    run = grade("--out", str(graded.out), "--format", "json")

    events = [json.loads(line)["event"] for line in run.stdout.splitlines()]
    assert events == ["done"] or events.count("graded") <= 1  # only what needs staff is tried again
    assert {name: (graded.out / name).read_bytes() for name in before} == before
