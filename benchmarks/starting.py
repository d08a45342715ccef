"""How long `grader check` takes to begin beyond torch: its imports, and reading the vectors of a released folder.

    python benchmarks/starting.py released/hw2-cnn     # made by `grader release hw2-cnn`

Each number is the least of several fresh processes, in seconds of CPU and of wall clock.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
_CODE = """
import sys, time
def now(): return time.process_time(), time.perf_counter()
import torch
began = now()
from grader.cli import checking
from grader.commands import check
from grader import checks, homes, pipeline
imported = now()
home = homes.find(__import__("pathlib").Path(sys.argv[1]))
(assignment,) = homes.load(home, checks.bind).assignments.values()
homes.key(home, assignment)
read = now()
print(*[b - a for a, b in zip(began, imported)], *[b - a for a, b in zip(imported, read)])
"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("released", type=Path, help="a released folder")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    rows = [_once(arguments.released) for _ in range(arguments.repeats)]
    best = [min(column) for column in zip(*rows, strict=True)]
    print(f"imports beyond torch    {best[0]:.2f} s of CPU, {best[1]:.2f} s")
    print(f"reading the vectors     {best[2]:.2f} s of CPU, {best[3]:.2f} s")


def _once(released: Path) -> list[float]:
    command = [sys.executable, "-c", _CODE, str(released)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return [float(word) for word in ran.stdout.split()]


if __name__ == "__main__":
    main()
