"""What `grader check` asks of a notebook."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.cli.checking import told_apart
from grader.commands import check
from grader.errors import UsageError
from tests.test_cli import ROOT, write_notebook


def test_an_item_is_checked_with_all_that_it_builds_on_at_any_remove(tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "ada.ipynb", "def corr2d(X, K):\n  return X")
    asked = ["corr2d-multi-in-out"]

    work = check.work(notebook, check.whole([notebook]), asked, course=ROOT, assignment="hw2-cnn", told=print)

    assert work.only == ("corr2d-values", "corr2d-multi-in", "corr2d-multi-in-out")


def test_the_notebooks_and_modules_of_a_folder_are_one_students(tmp_path: Path) -> None:
    for name in ("7.2.ipynb", "7.10.ipynb", "inner/8.2.ipynb", ".ipynb_checkpoints/7.2-checkpoint.ipynb"):
        write_notebook(tmp_path / name, "x = 1")
    (tmp_path / "helpers.py").write_text("y = 2")
    (tmp_path / "README.md").write_text("no notebook")
    (tmp_path / "scan.ipynb").write_bytes(b"%PDF-1.7")

    found = check.together([tmp_path, tmp_path / "7.2.ipynb"])

    assert [file.name for file in found.notebooks] == ["7.10.ipynb", "7.2.ipynb"]
    assert [file.name for file in found.attachments] == ["helpers.py"]
    assert found.unreadable == ("scan.ipynb is a PDF, not a notebook.",)


@pytest.mark.parametrize(
    "names, told",
    [
        (("a/hw.ipynb", "b/hw.ipynb"), "two of the notebooks are called hw.ipynb; check them one at a time"),
        (("a/empty.txt",), "a holds no notebook"),
        (("a/hw.py",), "hw.py is a Python file, not a notebook."),
    ],
)
def test_notebooks_that_cannot_be_checked_together_are_one_line(
    names: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    for name in names:
        write_notebook(tmp_path / name, "x = 1")
    asked = [
        tmp_path / name if name.endswith("b") or name.endswith("py") else (tmp_path / name).parent for name in names
    ]

    with pytest.raises(UsageError, match=told):
        check.together(asked)


@pytest.mark.parametrize(
    "words, paths, items",
    [
        (["hw.ipynb"], ["hw.ipynb"], []),
        (["hw.ipynb", "corr2d", "7.5"], ["hw.ipynb"], ["corr2d", "7.5"]),
        (["corr2d", "HW.IPYNB"], ["HW.IPYNB"], ["corr2d"]),
        (["7.2.ipynb", "7.3.ipynb", "7.2"], ["7.2.ipynb", "7.3.ipynb"], ["7.2"]),
        (["here", "VGG"], ["here"], ["VGG"]),
        (["./here", "here"], ["./here"], ["here"]),
        (["nowhere", "VGG"], ["nowhere"], ["VGG"]),
    ],
)
def test_notebooks_and_items_are_told_apart_in_any_order(
    words: list[str], paths: list[str], items: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()

    assert told_apart(words) == ([Path(path) for path in paths], items)
