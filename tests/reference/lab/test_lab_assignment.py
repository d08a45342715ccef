"""The lab's notebooks: valid, never run, and complete with respect to the rubric."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from grader import notebook
from grader.records import SourceFile
from tests.reference.lab.solving import STUB, solve
from tests.reference.solving import ANSWER

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "assignments/lab-cnn").glob("*.ipynb"))
SECTIONS = {"cnn-1.1-mnist": "1.1", "cnn-1.2-cifar10": "1.2"}
every_notebook = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def content(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def code(cells: dict[str, Any]) -> list[str]:
    return ["".join(cell["source"]) for cell in cells["cells"] if cell["cell_type"] == "code"]


def read(cells: dict[str, Any]) -> notebook.Notebook:
    return notebook.read(SourceFile("handed-in.ipynb", json.dumps(cells).encode()))


def test_there_is_one_notebook_for_each_network() -> None:
    assert [path.stem for path in FILES] == list(SECTIONS)


@every_notebook
def test_a_notebook_is_valid_and_was_not_run(path: Path) -> None:
    cells = content(path)

    nbformat.validate(cells)
    assert len({cell["id"] for cell in cells["cells"]}) == len(cells["cells"])
    assert all(
        cell["outputs"] == [] and cell["execution_count"] is None
        for cell in cells["cells"]
        if cell["cell_type"] == "code"
    )


@every_notebook
def test_a_notebook_has_one_class_to_write_a_check_and_a_loop_of_thirty_epochs(path: Path) -> None:
    cells = code(content(path))

    # The first one stands in for a grader that is not installed.
    assert [names for cell in cells if (names := notebook.definitions(cell))] == [("check",), ("CNN",)]
    assert cells.count("check(CNN)") == 1
    assert sum("for epoch in range(30):" in cell for cell in cells) == 1
    assert sum(STUB in cell for cell in cells) == 3  # the class, the body of the loop, the test


@every_notebook
def test_a_discussion_is_found_once_it_is_written(path: Path) -> None:
    section = SECTIONS[path.stem]

    assert notebook.discussion([read(content(path))], section) == ""
    assert notebook.discussion([read(solve(content(path)))], section) == ANSWER


@every_notebook
def test_a_solved_notebook_leaves_nothing_open_and_the_assignment_as_it_was(path: Path) -> None:
    cells = content(path)

    solved = solve(cells)

    nbformat.validate(solved)
    assert not [cell for cell in code(solved) if STUB in cell]
    assert cells == content(path)
