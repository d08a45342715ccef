"""Workers and templates that die in the middle of real notebooks change no mark."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader.commands.isolation import bubblewrap_problem
from tests.crash import processes

ROOT = Path(__file__).parents[2]
SLOWLY = "import time; time.sleep(9)"
RIGHT = "def corr2d(X, K):\n  u = X.unfold(0, K.shape[0], 1).unfold(1, K.shape[1], 1)\n  return (u * K).sum((2, 3))"


@pytest.mark.slow
@pytest.mark.skipif(bool(bubblewrap_problem()), reason="no sandbox here; bubblewrap would run this")
@pytest.mark.parametrize("victim", ["worker", "template"])
def test_a_death_in_the_middle_changes_no_mark(tmp_path: Path, victim: str) -> None:
    for student in ("ada", "bo", "cy"):
        cells: list[dict[str, Any]] = [
            {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
            for source in (RIGHT, SLOWLY)
        ]
        notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
        (tmp_path / f"{student}.ipynb").write_text(json.dumps(notebook))
    options = ["grade", str(tmp_path), "--out", str(tmp_path / "r"), "--course", str(ROOT), "--assignment", "hw2-cnn"]
    command = [sys.executable, "-m", "grader", *options, "--item", "corr2d-values", "--workers", "2"]

    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        processes.until(lambda: sum("template" in each.command for each in processes.below(process.pid)) >= 6)
        # Two of bubblewrap, template and kernel: both notebooks run.
        below = processes.below(process.pid)
        boxes = [each for each in below if "bwrap" in each.command]
        templates = [each for each in below if each.parent in [box.pid for box in boxes]]
        servers = [each.pid for each in below if "forkserver" in each.command]
        workers = [each for each in below if each.parent in servers]
        os.kill({"worker": workers[-1].pid, "template": templates[0].pid}[victim], signal.SIGKILL)
        _, told = process.communicate(timeout=200)

    assert process.returncode == 0, told
    assert told.count("died; it is graded once more, alone.") == 1
    rows = csv.DictReader(io.StringIO((tmp_path / "r" / "grades.csv").read_text(encoding="utf-8-sig")))
    assert [(row["student_id"], row["corr2d-values"]) for row in rows] == [("ada", "5"), ("bo", "5"), ("cy", "5")]
