"""How long `grader grade` takes to give the accuracy items of one student, and of a class.

    python verdicts.py DEVICE PROFILE STUDENTS WORKERS SANDBOX

The students hand in copies of one of the examples, which is right. Prints JSON.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "examples/submissions/ada.ipynb"
ITEMS = ("lenet-accuracy", "vgg-accuracy", "resnet18-accuracy")


def main() -> None:
    """Grade and print."""
    device, profile, students, workers, sandbox = sys.argv[1:6]
    with tempfile.TemporaryDirectory(prefix="grader-verdicts-") as folder:
        handed_in = Path(folder, "handed-in")
        handed_in.mkdir()
        for number in range(int(students)):
            shutil.copy(NOTEBOOK, handed_in / f"student{number:02}.ipynb")
        command = [sys.executable, "-m", "grader", "grade", handed_in, "--course", ROOT, "--out", Path(folder, "out")]
        command += ["--device", device, "--profile", profile, "--workers", workers, "--sandbox", sandbox]
        command += [part for item in ITEMS for part in ("--item", item)]
        began = time.perf_counter()
        ran = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
        )
        seconds = time.perf_counter() - began
        told = ran.stderr.strip().splitlines()[-1:]
        if not Path(folder, "out/items.csv").is_file():
            raise SystemExit(f"grader ended with {ran.returncode}: {' '.join(told)}")
        with Path(folder, "out/items.csv").open(encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["item"] in ITEMS]
    outcomes: dict[str, int] = {}
    for row in rows:
        outcomes[f"{row['item']} {row['outcome']}"] = outcomes.get(f"{row['item']} {row['outcome']}", 0) + 1
    print(
        json.dumps(
            {
                "seconds": round(seconds, 1),
                "seconds a student": round(seconds / int(students), 2),
                "students": int(students),
                "workers": int(workers),
                "profile": profile,
                "sandbox": sandbox,
                "outcomes": outcomes,
                "messages": [row["message"][:160] for row in rows[: len(ITEMS)]],
            }
        )
    )


if __name__ == "__main__":
    main()
