"""The notebooks that students receive carry nbgrader's metadata, so that the course can be used there as well."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from grader import notebook, rubric
from grader.records import SourceFile

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "assignments").glob("*/*.ipynb"))
FLAGS = ("grade", "locked", "solution", "task")


def cells(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_metadata_are_as_nbgraders_schema_has_them(path: Path) -> None:
    """Version 3 of the schema: nbgrader/nbgraderformat/v3.json."""
    marked = [cell["metadata"]["nbgrader"] for cell in cells(path) if "nbgrader" in cell["metadata"]]

    assert marked
    for row in marked:
        assert set(row) - {"points"} == {"schema_version", "grade_id", *FLAGS}
        assert row["schema_version"] == 3 and all(isinstance(row[flag], bool) for flag in FLAGS)
        assert re.fullmatch(r"[a-zA-Z0-9_\-]+", row["grade_id"])
        assert ("points" in row) == row["grade"]
        assert not (row["locked"] and row["solution"])
    assert len({row["grade_id"] for row in marked}) == len(marked)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_whatever_students_fill_in_is_a_solution_and_nothing_else_is(path: Path) -> None:
    found = {cell["id"]: cell["metadata"].get("nbgrader", {}).get("solution", False) for cell in cells(path)}
    filled = {
        cell["id"]: "Your answer here" in source(cell)
        if cell["cell_type"] == "markdown"
        else "NotImplementedError" in source(cell) or "= ..." in source(cell)
        for cell in cells(path)
    }

    assert found == filled


def test_written_answers_are_worth_there_what_they_are_worth_here() -> None:
    course = rubric.load(ROOT, rubric.unproven)
    there = {
        (path.parent.name, cell["id"].removeprefix("discussion-").replace("-", ".")): cell["metadata"]["nbgrader"][
            "points"
        ]
        for path in NOTEBOOKS
        for cell in cells(path)
        if cell["metadata"].get("nbgrader", {}).get("grade")
    }
    here = {
        (name, item.section): item.points
        for name, assignment in course.assignments.items()
        for item in assignment.items
        if item.check == "answered"
    }

    assert there == here


def test_the_notebooks_train_by_the_hyper_parameters_that_the_rubric_asks_for() -> None:
    course = rubric.load(ROOT, rubric.unproven)
    asking = [(each, item) for each in course.assignments.values() for item in each.items if "asked" in item.options]

    assert {item.id for _, item in asking} >= {"lenet-accuracy", "vgg-accuracy", "resnet18-accuracy", "mnist-accuracy"}
    for assignment, item in asking:
        # The lab's loops are to be written by its students, so there are none before.
        folder = ROOT / "examples/lab/submissions" if assignment.name == "lab-cnn" else assignment.notebooks
        files = [SourceFile(path.name, path.read_bytes()) for path in sorted(folder.glob("*.ipynb"))]
        found = [each for file in files for each in notebook.recipes(notebook.read(file), item.target)]
        told = [{"epochs": each.epochs, "lr": each.lr, "batch_size": each.batch_size} for each in found]
        assert item.options["asked"] in told, item.id


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_without_the_grader_the_rest_of_a_notebook_runs(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (setup,) = (source(cell) for cell in cells(path) if "from grader import check" in source(cell))
    (guarded,) = (each for each in ast.parse(setup).body if isinstance(each, ast.Try))
    monkeypatch.setitem(sys.modules, "grader", None)
    names: dict[str, Any] = {}

    exec(compile(ast.Module([guarded], []), path.name, "exec"), names)
    names["check"]("7.2")

    assert capsys.readouterr().out == "The grader is not installed; README.md says how.\n"
