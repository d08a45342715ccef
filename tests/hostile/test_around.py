"""Attacks on what is around the sandbox: the folder in which commands are given, and text that is only read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from grader import notebook
from grader.commands import choosing, isolation
from grader.errors import UsageError
from grader.records import SourceFile, Status, Student, Submission
from grader.similarity import definitions_of
from tests.hostile import cases
from tests.hostile.conftest import Desks

ROOT = Path(__file__).parents[2]
HOSTILE = Path(__file__).parent / "course"

# ---- where commands are given ----------------------------------------------------------------------------------------


def hand_in(folder: Path, cells: list[str]) -> Path:
    written: list[dict[str, object]] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": cell} for cell in cells
    ]
    path = folder / "ada.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": written}))
    return path


@pytest.mark.parametrize("form", ["command", "module"])
def test_a_module_in_the_folder_where_a_command_is_given_is_not_imported(tmp_path: Path, form: str) -> None:
    if problem := isolation.bubblewrap_problem():
        pytest.skip(problem)
    course = tmp_path / "course"
    shutil.copytree(ROOT / "reference", course / "reference")
    shutil.copy(HOSTILE / "rubric.yaml", course)
    folder = tmp_path / "in"
    folder.mkdir()
    hand_in(folder, ["def corr2d(X, K): ..."])
    for name in ("torch", "multiprocessing", "selectors", "yaml", "rich"):
        # What would be run with the rights of the grader.
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / f'ran {name}')!r}, 'w').close()\n")
    command = tmp_path / "bin" / "command.py"
    command.parent.mkdir()
    command.write_text("import sys\nfrom grader.cli import main\nif __name__ == '__main__': sys.exit(main())\n")
    start = [str(command)] if form == "command" else ["-m", "grader"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONSAFEPATH", None)

    where = ["--course", str(course), "--out", str(tmp_path / "out"), "--item", "corr2d-values", "--workers", "1"]
    ran = subprocess.run(
        [sys.executable, *start, "grade", "ada.ipynb", *where],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert not list(tmp_path.glob("ran *"))
    assert ran.returncode == 0, ran.stderr
    assert "corr2d-values" in (tmp_path / "out" / "items.csv").read_text(encoding="utf-8-sig")


def test_a_course_among_what_was_handed_in_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rubric.yaml").write_text("version: 1\n")
    eve = tmp_path / "submissions" / "eve"
    eve.mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "submissions")
    honest = choosing.course(None, [Path()])
    (eve / "rubric.yaml").write_text("version: 1\n")
    monkeypatch.chdir(eve)

    with pytest.raises(UsageError, match=r"rubric\.yaml lies in .*, among what was handed in.*; give --course"):
        choosing.course(None, [Path("..")])

    assert honest == tmp_path
    assert choosing.course(tmp_path, [Path("..")]) == tmp_path


# ---- code that is read and not run -----------------------------------------------------------------------------------

BOOK = "class LeNet: ...\ndata = d2l.FashionMNIST(batch_size=128)\ntrainer = d2l.Trainer(max_epochs=10)\n"
DEEP = "def f0():\n    return 1\n" + "".join(
    f"def f{n}():\n    return [{', '.join([f'f{n - 1}()'] * 60)}]\n" for n in range(1, 7)
)
ENDLESS = {
    "squares": "lr = 9\n" + "lr = lr * lr\n" * 40,
    "a number of many digits": f"lr = 0x{'F' * 6_000}",
    "calls that multiply": f"{DEEP}lr = f6()",
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_recipe_that_takes_for_ever_to_read_is_not_known(kind: str) -> None:
    code = f"{BOOK}{ENDLESS[kind]}\ntrainer.fit(LeNet(lr=lr), data)\ntrainer.fit(LeNet(lr=0.1), data)\n"

    (cell,) = [{"cell_type": "code", "source": code}]
    read = notebook.read(SourceFile("hw2.ipynb", json.dumps({"cells": [cell]}).encode()))
    found = notebook.recipes(read, "LeNet")

    assert {each.lr for each in found} <= {None, 0.1}
    json.dumps([repr(each) for each in found])  # can be written


def handed_in(*, notebooks: tuple[SourceFile, ...] = (), attachments: tuple[SourceFile, ...] = ()) -> Submission:
    return Submission(Student("eve"), "eve", notebooks, attachments)


def test_a_number_of_many_digits_is_compared_as_any_other() -> None:
    code = f"def corr2d(X, K):\n    return 0x{'F' * 6_000}\n"

    (definition,), problems = definitions_of(handed_in(attachments=(SourceFile("a.py", code.encode()),)))

    assert problems == []
    assert "0x" + "f" * 38 in [token.text for token in definition.tokens]


def test_imports_of_a_file_that_is_too_long_are_not_looked_into() -> None:
    code = b"import os;" * 100_000
    tracemalloc.start()
    try:
        found, problems = definitions_of(handed_in(attachments=(SourceFile("a.py", code),)))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (found, problems) == ([], ["a.py is too long to be looked into."])
    assert most < 20 * len(code)


def test_of_modules_without_end_only_so_many_are_compared() -> None:
    code = ("# " + "x" * 90 + "\n") * 2_000 + "def f(X):\n    return X + 1\n"
    files = tuple(SourceFile(f"{number}.py", code.encode()) for number in range(20))

    found, problems = definitions_of(handed_in(attachments=files))

    assert len(found) == 5
    assert problems == [f"{number}.py is too long to be looked into." for number in range(5, 20)]


# ---- files beside a notebook -----------------------------------------------------------------------------------------


def test_files_that_fill_a_sessions_disk_are_laid_out_and_larger_ones_told(desks: Desks) -> None:
    desk, honest = desks["forked"], cases.submission(cases.HONEST)
    room = desk.course.assignment.limits.disk_mb << 20
    fitting = replace(honest, attachments=(SourceFile("a.bin", bytes(room - (2 << 20))),))
    larger = replace(
        honest, attachments=(SourceFile("a.bin", bytes(room - (2 << 20))), SourceFile("b", bytes(3 << 20)))
    )

    laid_out, told = desk.grade(fitting), desk.grade(larger)

    assert (laid_out.problem, laid_out.status) == ("", Status.PROVISIONAL)
    assert told.status is Status.NEEDS_STAFF
    assert told.problem == (
        "What lies beside the notebooks takes 65 MB, and a session has room for 64 MB (`disk_mb` in the limits of the "
        "rubric); the largest file is a.bin with 62 MB."
    )
