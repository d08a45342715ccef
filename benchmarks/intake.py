"""What intake costs before anything is run: a Canvas download of a class, joined with the gradebook of Canvas.

.venv/bin/python benchmarks/intake.py [number of submissions] [kilobytes of pictures in each notebook]

The notebooks are examples with random pictures in their outputs, as Colab saves them. Every fourth student is late,
every tenth of the roster handed in nothing.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import statistics
import tempfile
import time
import zipfile
from pathlib import Path

from grader import rubric
from grader.commands import intake
from grader.commands.tables import intake_csv
from grader.gradebook import Gradebook

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples/submissions/ada.ipynb"
RUNS = 5


def main() -> None:
    """Print seconds for each step and in all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", nargs="?", type=int, default=500)
    parser.add_argument("pictures_kb", nargs="?", type=int, default=300)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, roster = Path(folder) / "spring.zip", Path(folder) / "gradebook.csv"
        roster.write_text(download(path, given.count, given.pictures_kb), encoding="utf-8-sig")
        size = path.stat().st_size / 2**20
        print(
            f"{given.count} submissions in a Canvas zip of {size:.0f} MiB, {given.pictures_kb} KiB of pictures in each"
        )
        print(
            f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; seconds: median and fastest of {RUNS}, of CPU"
        )
        runs = [once(Path(folder) / f"results{number}", path, roster) for number in range(RUNS)]
        for step in (*runs[0], "in all"):
            wall = [sum(took[0] for name, took in run.items() if step in (name, "in all")) for run in runs]
            computed = [sum(took[1] for name, took in run.items() if step in (name, "in all")) for run in runs]
            print(f"{step:34} {statistics.median(wall):6.2f} {min(wall):6.2f} {min(computed):6.2f}")


def once(out: Path, path: Path, roster: Path) -> dict[str, tuple[float, float]]:
    """Seconds of each step of one intake into a new gradebook, by the clock and of CPU."""
    took: dict[str, tuple[float, float]] = {}
    begun, computed = time.perf_counter(), time.process_time()

    def done(step: str) -> None:
        nonlocal begun, computed
        took[step] = time.perf_counter() - begun, time.process_time() - computed
        begun, computed = time.perf_counter(), time.process_time()

    course = rubric.load(ROOT, rubric.unproven)
    collected = intake.collect(course, [path], roster)
    done("open, recognise, read the roster")
    assignment, _ = collected.assignment(None)
    done("choose the assignment")
    with Gradebook.open(out / "gradebook.db") as book:
        taken = collected.taken_in(assignment, book)
        done("join, put together, note")
    intake_csv(taken)
    done("intake.csv")
    return took


def download(path: Path, count: int, pictures_kb: int) -> str:
    """Write a Canvas download and give back the gradebook for it."""
    draw = random.Random(0)
    example = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    cell = next(cell for cell in example["cells"] if cell["cell_type"] == "code")
    rows = ["Student,ID,SIS User ID,SIS Login ID,Section,HW2 (1)", "    Points Possible,,,,,100"]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(count):
            picture = base64.b64encode(draw.randbytes(pictures_kb * 768)).decode()
            cell["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": {"image/png": picture}}]
            late = "LATE_" if number % 4 == 0 else ""
            name = f"invented{number:04}_{late}{10_000 + number}_{900_000 + number}_HW2-{number % 3}.ipynb"
            archive.writestr(name, json.dumps(example, ensure_ascii=False))
    for number in range(count + count // 10):
        rows.append(f'"{number:04}, Invented",{10_000 + number},{2026000000 + number},student{number},DL-01,')
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
