"""The zip for Gradescope: its scripts are run here as Gradescope runs them, but for the set-up of an image."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader import cli
from grader.commands.isolation import bubblewrap_problem
from grader.gradebook import Gradebook

ROOT = Path(__file__).parents[2]
ITEMS = [
    {"id": "values", "section": "7.2", "title": "corr2d", "target": "corr2d", "points": 5, "check": "returns_close",
     "options": {"inputs": "corr2d_inputs", "cases": 3}},
    {"id": "written", "section": "7.1", "title": "Discussion", "target": "7.1", "points": 1, "check": "answered"},
]  # fmt: skip
RIGHT = """
def corr2d(X, K):
  u = X.unfold(0, K.shape[0], 1).unfold(1, K.shape[1], 1)
  return (u * K).sum((2, 3))
"""


@pytest.fixture(scope="module")
def autograder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """/autograder as Gradescope makes it of the zip."""
    folder = tmp_path_factory.mktemp("autograder")
    course = folder / "my course"
    shutil.copytree(ROOT / "reference/hw2_cnn", course / "reference/hw2_cnn")
    shutil.copy(ROOT / "reference/__init__.py", course / "reference")
    homework = {"it's hw": {"reference": "hw2_cnn", "prelude": ["import torch"], "items": ITEMS}}
    content = {"version": 1, "assignments": homework, "policy": {"out_of": 10}}
    (course / "rubric.yaml").write_text(yaml.safe_dump(content), "utf-8")
    assert cli.main(["export", "gradescope-autograder", "--course", str(course), "-o", str(folder / "up.zip")]) == 0
    with zipfile.ZipFile(folder / "up.zip") as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, folder / "source"))
            path.chmod(entry.external_attr >> 16)
    return folder


def run(
    autograder: Path, tmp_path: Path, *cells: str, beside: Mapping[str, str] = {}, **environment: str
) -> dict[str, Any]:
    """The results.json of a submission with these cells."""
    root = tmp_path / "autograder"
    (root / "submission").mkdir(parents=True)
    (root / "source").symlink_to(autograder / "source")
    rows: list[dict[str, Any]] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": cell} for cell in cells
    ]
    notebook = {"nbformat": 4, "nbformat_minor": 0, "metadata": {}, "cells": rows}
    (root / "submission/my homework.ipynb").write_text(json.dumps(notebook), "utf-8")
    for name, text in beside.items():
        path = root / "submission" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    variables = {**os.environ, "AUTOGRADER": str(root), "GRADER_PYTHON": sys.executable, **environment}
    subprocess.run([root / "source/run_autograder"], env=variables, check=True, timeout=200, capture_output=True)
    found: dict[str, Any] = json.loads((root / "results/results.json").read_text("utf-8"))
    return found


def test_the_zip_has_its_scripts_at_the_root_and_no_styles(autograder: Path) -> None:
    with zipfile.ZipFile(autograder / "up.zip") as archive:
        names = archive.namelist()

    assert {"setup.sh", "run_autograder", "requirements.txt", "gradebook.db", "course/rubric.yaml"} <= set(names)
    assert "course/reference/hw2_cnn/solutions.py" in names
    assert "grader/__main__.py" in names
    assert not [name for name in names if "styles/" in name or "__pycache__" in name]


@pytest.mark.parametrize("script", ["setup.sh", "run_autograder"])
def test_the_scripts_are_scripts(autograder: Path, script: str) -> None:
    path = autograder / "source" / script

    subprocess.run(["bash", "-n", path], check=True)
    assert os.access(path, os.X_OK)


def test_everybody_gets_the_same_hidden_cases(autograder: Path) -> None:
    with zipfile.ZipFile(autograder / "up.zip") as archive:
        content = io.BytesIO(archive.read("gradebook.db"))
    path = autograder / "copy.db"
    path.write_bytes(content.read())

    with Gradebook.open(path, writing=False) as book:
        assert len(book.secret) == 32


@pytest.mark.skipif(bool(bubblewrap_problem()), reason="no sandbox here")
def test_a_submission_gets_its_score_whatever_lies_beside_it(autograder: Path, tmp_path: Path) -> None:
    of_others = "submission_1:\n  :submitters:\n  - :name: Ada\n  - :name: Bo\n"

    found = run(
        autograder,
        tmp_path,
        RIGHT,
        beside={"submission_metadata.yml": of_others, "submission_1/x.py": "raise SystemExit"},
    )

    assert found["score"] == 8.33
    assert [test["name"] for test in found["tests"]] == ["7.2 corr2d", "7.1 Discussion"]
    assert found["tests"][0]["score"] == 5


def test_where_nothing_can_be_graded_there_is_no_score(autograder: Path, tmp_path: Path) -> None:
    found = run(autograder, tmp_path, RIGHT, GRADER_SANDBOX="of-another-kind")

    assert "score" not in found
    assert found["tests"] == []
    assert found["output"].startswith("This could not be graded automatically.")
