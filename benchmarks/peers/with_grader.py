"""The same homework under this project's own command, and the student's own computation without any grader."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from measuring import Cost, measured

ROOT = Path(__file__).parents[2]
WORKERS = 2


class Grader:
    """`grader grade` over a folder of notebooks, with the sandbox."""

    def __init__(self, submissions: Path, items: Sequence[str], folder: Path) -> None:
        self._submissions, self._items, self._folder = submissions, items, folder
        self._out = folder / "results"
        self._runs = 0

    def grade(self) -> Cost:
        """Grade everything anew, into another gradebook."""
        self._runs += 1
        self._out = self._folder / f"results{self._runs}"
        options = [f"--workers={WORKERS}", "--sandbox=auto", "--profile=quick", "--device=cpu", "--assignment=hw2-cnn"]
        options += [f"--out={self._out}", *(f"--item={item}" for item in self._items)]
        command = [sys.executable, "-m", "grader", "grade", str(self._submissions), *options]
        self._folder.mkdir(parents=True, exist_ok=True)
        return measured([command], self._folder / "log", cwd=ROOT, env=os.environ)

    def marks(self) -> Mapping[str, Mapping[str, bool]]:
        """By student and item whether it was earned."""
        found: dict[str, dict[str, bool]] = {}
        with (self._out / "items.csv").open(newline="", encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                if row["item"] in self._items:
                    found.setdefault(row["student_id"], {})[row["item"]] = row["outcome"] == "passed"
        return found

    def isolation(self) -> str:
        """How the last run was confined, as its own summary says."""
        return (self._folder / "log").read_text(errors="replace").rpartition("isolation ")[2].split()[0]


def floor(submissions: Path, items: Sequence[str]) -> Mapping[str, tuple[float, float]]:
    """By student the CPU seconds of cells and of probes, in warm plain processes, as many at a time as workers."""
    command = [sys.executable, str(Path(__file__).with_name("floor.py")), str(submissions), *items]
    paths = [str(ROOT), str(ROOT / "grader/kernel/inside/site")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    running = [
        subprocess.Popen(command, cwd=ROOT, env={**env, "PART": f"{part}/{WORKERS}"}, stdout=subprocess.PIPE, text=True)
        for part in range(WORKERS)
    ]
    found: dict[str, tuple[float, float]] = {}
    for process in running:
        printed, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"{command[1]} ended with status {process.returncode}")
        found |= {student: (cells, probes) for student, (cells, probes, _) in json.loads(printed).items()}
    return found
