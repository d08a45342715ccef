"""A course of one short assignment, out of chapter 7, and what is released of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.commands.release import Options, Released, release

ROOT = Path(__file__).parents[2]
SECTIONS = ("7.2", "7.6")


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sections of hw2-cnn, with the whole reference."""
    return make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="session")
def released(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Released:
    """Its folder and zip."""
    return release(Options("hw2-cnn", course, tmp_path_factory.mktemp("released")))


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
