"""A course of one short assignment, out of chapter 7, and what is released of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.commands.release import Options, Released, release

ROOT = Path(__file__).parents[2]
SECTIONS = ("7.2", "7.6")
WRONG = """def corr2d(X, K):
    h, w = K.shape
    Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K.flip(0, 1)).sum()
    return Y
"""


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sections of hw2-cnn, with the whole reference."""
    return make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The grader as it is published, built from a copy of the checkout."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("pyproject.toml", "README.md", "LICENSE", "rubric.yaml"):
        shutil.copy(ROOT / name, copy)
    for name in ("grader", "reference", "assignments"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "tests").mkdir()
    (copy / "tests/__init__.py").touch()
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(copy / "dist"), str(copy)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (made,) = (copy / "dist").iterdir()
    return made


@pytest.fixture(scope="session")
def released(course: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Released:
    """Its folder and zip."""
    return release(Options("hw2-cnn", course, tmp_path_factory.mktemp("released"), wheel))


def make_course(folder: Path, change: Callable[[dict[str, Any]], None] = lambda rubric: None) -> Path:
    """A course whose rubric was changed."""
    rubric = yaml.safe_load((ROOT / "rubric.yaml").read_text(encoding="utf-8"))
    assignment = rubric["assignments"]["hw2-cnn"]
    assignment["items"] = [item for item in assignment["items"] if item["section"] in SECTIONS]
    change(rubric)
    rubric["assignments"] = {"hw2-cnn": assignment}
    folder.mkdir(exist_ok=True)
    (folder / "rubric.yaml").write_text(yaml.safe_dump(rubric), encoding="utf-8")
    shutil.copytree(ROOT / "reference", folder / "reference", ignore=shutil.ignore_patterns("__pycache__", "styles"))
    notebooks = folder / "assignments" / "hw2-cnn"
    notebooks.mkdir(parents=True)
    shutil.copy(ROOT / "assignments/hw2-cnn/hw2-chapter-7.ipynb", notebooks)
    return folder


def notebook(path: Path, *cells: str) -> Path:
    """A notebook of these cells."""
    rows: list[dict[str, Any]] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": c} for c in cells
    ]
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": rows}), encoding="utf-8")
    return path
