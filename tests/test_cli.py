"""The command line as people use it: one-line errors, exit codes, events, Ctrl-C."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader import cli
from grader.commands.isolation import bubblewrap_problem
from grader.gradebook import Gradebook
from tests.test_gradebook import graded

ROOT = Path(__file__).parents[1]
RIGHT = "def corr2d(X, K):\n  u = X.unfold(0, K.shape[0], 1).unfold(1, K.shape[1], 1)\n  return (u * K).sum((2, 3))"


def write_notebook(path: Path, *cells: str) -> Path:
    content: list[dict[str, object]] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": c} for c in cells
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": content}))
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "grader", *arguments]


def events(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["grade", "nosuch"], 2, "nosuch does not exist"),
        (["grade", "{folder}"], 2, "holds no submission"),
        (["grade", "{notebook}", "--course", "{folder}"], 2, "rubric.yaml does not exist"),
        (
            ["grade", "{notebook}", "--item", "corr2d-value"],
            2,
            "no item is called 'corr2d-value'; did you mean 'corr2d-values'?",
        ),
        (["grade", "{notebook}", "--student", "bo"], 2, "no submission of 'bo'"),
        (["grade", "{notebook}", "--student", "Adda"], 2, "no submission of 'Adda'; did you mean 'ada'?"),
        (["grade", "{notebook}", "--assignment", "hw9"], 2, "no assignment is called 'hw9'"),
        (["grade", "{notebook}", "--device", "cuda"], 2, "--device cuda"),
        (
            ["release", "--course", str(ROOT)],
            2,
            "several assignments (hw2-cnn, lab-cnn, softmax-regression); say which",
        ),
        (["history", "kim", "--course", str(ROOT), "--out", "{folder}"], 2, "there is no gradebook"),
        (["check", "nosuch.ipynb"], 2, "nosuch.ipynb does not exist"),
        (["check", "{folder}"], 2, "empty holds no notebook"),
        (["check", "{folder}", "--watch"], 2, "empty holds no notebook"),
        (["check", "{pdf}"], 2, "is a PDF, not a notebook"),
        (
            ["check", "{notebook}", "corr3d", "--course", str(ROOT)],
            2,
            "nothing is called 'corr3d'; did you mean 'corr2d'?",
        ),
        (["check", "{notebook}", "xyz", "--course", str(ROOT)], 2, "'xyz'; try a section such as 7.1 or one of corr2d"),
        (["verify", "hw2-cn", "--course", str(ROOT)], 2, "softmax-regression; did you mean 'hw2-cnn'?"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, told: str
) -> None:
    notebook = write_notebook(tmp_path / "hand-in" / "ada.ipynb", RIGHT)
    pdf = tmp_path / "kofi.ipynb"
    pdf.write_bytes(b"%PDF-1.4\n")
    empty = tmp_path / "empty"
    empty.mkdir()
    places = {"folder": empty, "notebook": notebook, "pdf": pdf}
    argv = [argument.format(**places) for argument in arguments]
    if arguments[0] == "grade":
        argv += ["--out", str(tmp_path / "results")]
        if "--course" not in argv:
            argv += ["--course", str(ROOT)]
    if "--device" in argv:
        pytest.importorskip("torch")
        import torch

        if torch.cuda.is_available():
            pytest.skip("there is a CUDA device here; a machine without one runs this")

    returned = cli.main(argv)

    error = capsys.readouterr().err
    assert returned == code
    assert told in error
    assert len(error.splitlines()) == 1


def test_without_a_sandbox_grading_is_refused_unless_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    notebook = write_notebook(tmp_path / "in" / "ada.ipynb", RIGHT)
    options = ["grade", str(notebook), "--course", str(ROOT), "--out", str(tmp_path / "r"), "--item", "corr2d-values"]

    refused = cli.main(options)
    error = capsys.readouterr().err
    trusted = cli.main([*options, "--sandbox", "none", "--runner", "inline", "--format", "json"])

    assert refused == 3
    assert "bubblewrap is not installed" in error and "--sandbox none" in error
    assert trusted == 0
    outcomes = [(row["item"], row["outcome"]) for row in rows(tmp_path / "r" / "items.csv")]
    assert outcomes == [("corr2d-values", "passed")]
    assert "without a sandbox" not in error


@pytest.mark.parametrize("more", [[], ["--dry-run"]], ids=["graded", "dry"])
def test_a_second_assignment_does_not_replace_the_tables_and_pages_of_the_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    out = tmp_path / "results"
    with Gradebook.open(out / "gradebook.db") as book:
        book.record("hw2-cnn", graded(), key="k1")
    (out / "grades.csv").write_text("of hw2-cnn")
    notebook = write_notebook(tmp_path / "in" / "ada.ipynb", "class CNN: pass")
    options = ["--assignment", "lab-cnn", "--course", str(ROOT), "--out", str(out)]

    returned = cli.main(["grade", str(notebook), *options, *more])

    assert returned == 2
    assert f"give lab-cnn a folder of its own, such as --out {out}-lab-cnn" in capsys.readouterr().err
    assert {path.name for path in out.iterdir()} <= {"gradebook.db", "gradebook.lock", "grades.csv"}
    assert (out / "grades.csv").read_text() == "of hw2-cnn"


def test_verify_tells_an_unknown_assignment_before_it_imports_torch() -> None:
    asked = "import sys; from grader import cli; code = cli.main(sys.argv[1:]); print(code, 'torch' in sys.modules)"

    found = subprocess.run(
        [sys.executable, "-c", asked, "verify", "hw3", "--course", str(ROOT)],
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.split() == ["2", "False"]


def test_check_says_what_is_right_and_that_it_is_unofficial(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notebook = write_notebook(
        tmp_path / "ada.ipynb", RIGHT, "def pool2d(X, p, mode='max'):\n  raise NotImplementedError"
    )

    returned = cli.main(["check", str(notebook), "corr2d", "pool2d-max", "--course", str(ROOT)])

    printed = capsys.readouterr().out
    assert returned == 1
    assert "ok     7.2  corr2d computes the cross-correlation" in printed
    assert "`pool2d` is still the stub" in printed
    assert "unofficial: 2 of 3 passed" in printed


def test_doctor_tells_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["doctor"])

    printed = capsys.readouterr().out
    assert {line.split()[1].rstrip(":") for line in printed.splitlines()} >= {"python", "torch", "sandbox", "data"}


@pytest.mark.skipif(bool(bubblewrap_problem()), reason="no sandbox here; bubblewrap would run this")
def test_one_item_can_be_graded_anew_and_the_others_keep_their_marks(tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "in" / "ada.ipynb", RIGHT)
    options = ["grade", str(notebook), "--course", str(ROOT), "--out", str(tmp_path / "r"), "--runner", "inline"]

    for item in ("corr2d-values", "pool2d-max", "corr2d-values"):
        assert cli.main([*options, "--item", item, "--format", "json"]) == 0

    outcomes = [(row["item"], row["outcome"]) for row in rows(tmp_path / "r" / "items.csv")]
    assert outcomes == [("corr2d-values", "passed"), ("pool2d-max", "failed")]


@pytest.mark.skipif(bool(bubblewrap_problem()), reason="no sandbox here; bubblewrap would run this")
def test_an_interrupt_keeps_what_is_done_and_the_next_run_does_the_rest(tmp_path: Path) -> None:
    for student in ("ada", "bo", "cy", "di"):
        wait = "import time; time.sleep(4)" if student != "ada" else ""
        write_notebook(tmp_path / "in" / f"{student}.ipynb", RIGHT, wait)
    options = ["grade", str(tmp_path / "in"), "--course", str(ROOT), "--out", str(tmp_path / "r"), "--workers", "1"]
    options += ["--item", "corr2d-values", "--format", "json"]

    with subprocess.Popen(command(*options), stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        lines = map(json.loads, process.stdout)
        planned = next(each for each in lines if each["event"] == "planned")
        first = next(each for each in lines if each["event"] == "graded")
        time.sleep(1)
        os.killpg(process.pid, signal.SIGINT)
        rest, _ = process.communicate(timeout=120)
    kept = rows(tmp_path / "r" / "grades.csv")
    again = subprocess.run(command(*options), capture_output=True, text=True, check=False)

    assert planned == {"event": "planned", "run": 4, "rescore": 0, "unchanged": 0}
    assert (first["student_id"], process.returncode) == ("ada", 130)
    assert events(rest)[-1]["interrupted"] is True
    graded_before = {row["student_id"] for row in kept}
    assert graded_before == {"ada", "bo"}  # bo ran, and was finished
    graded_after = {event["student_id"] for event in events(again.stdout) if event["event"] == "graded"}
    assert graded_after == {"ada", "bo", "cy", "di"} - graded_before
    assert again.returncode == 0


def test_a_dry_run_says_which_assignment_it_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notebook = write_notebook(tmp_path / "hand-in" / "ada.ipynb", RIGHT)

    code = cli.main(["grade", str(notebook), "--course", str(ROOT), "--out", str(tmp_path / "results"), "--dry-run"])

    assert code == 0
    assert "Assignment: hw2-cnn (its names fit this notebook best)" in capsys.readouterr().err
