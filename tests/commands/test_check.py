"""What `grader check` asks of a notebook."""

from __future__ import annotations

from pathlib import Path

from grader.commands import check
from tests.test_cli import ROOT, write_notebook


def test_an_item_is_checked_with_all_that_it_builds_on_at_any_remove(tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "ada.ipynb", "def corr2d(X, K):\n  return X")
    asked = ["corr2d-multi-in-out"]

    work = check.work(notebook, check.one(notebook), asked, course=ROOT, assignment="hw2-cnn", told=print)

    assert work.only == ("corr2d-values", "corr2d-multi-in", "corr2d-multi-in-out")
