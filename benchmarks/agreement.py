"""Do two gradings agree? Grades the example submissions many times over and reports every disagreement.

    .venv/bin/python benchmarks/agreement.py [--runs 20] [--no-training] [--item ID ...] [--workers N] [--reseed]

Every run has another order (a seeded shuffle); every other run has one worker instead of several, and in two of every
four runs something else keeps the machine busy. What ran out of time beside others is graded again alone, as `grader
grade` does. All runs share one secret, so that they ask the same hidden cases and train with the same seeds; with
--reseed each draws its own, and the marks should agree all the same. Exits with 1 when they do not.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from grader import checks, rubric, submissions
from grader.commands.grade import Options, grade
from grader.commands.watch import Watch
from grader.records import Profile
from grader.rows import GradeRow
from grader.runners import local

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples/submissions"

Place = tuple[str, str]  # student, item


@dataclass
class Seen:
    """What all runs said, by student and item."""

    marks: dict[Place, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    messages: dict[Place, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    accuracies: dict[str, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(dict))
    retried: int = 0

    def add(self, rows: Sequence[GradeRow]) -> None:
        """Take in one run."""
        for row in rows:
            self.marks[row.student_id, "status"][row.status.value] += 1
            for item in row.items:
                place = (row.student_id, item.item)
                self.marks[place][f"{item.outcome.value} {item.credit:g}"] += 1
                self.messages[place][f"{item.message} {item.hint}"] += 1
                if "accuracies" in item.evidence:
                    reached = self.accuracies[item.item].setdefault(row.student_id, [])
                    reached.append(float(item.evidence["accuracy"]))


def main() -> int:
    """Run, print the table, tell by the exit code whether all marks agree."""
    arguments = _arguments()
    workers = arguments.workers or local.default_workers()
    items = _items(arguments)
    cores = len(os.sched_getaffinity(0))
    print(f"torch {torch.__version__}, {cores} cores {platform.machine()}, {arguments.runs} runs of {len(items)} items")
    print(f"{'run':>3} {'workers':>7} {'busy':>4} {'retried':>7} {'seconds':>7}", flush=True)
    seen = Seen()
    with tempfile.TemporaryDirectory() as folder:
        for run in range(arguments.runs):
            own = Path(folder) / (f"results-{run}" if arguments.reseed else "results")
            _one(run, own, items, workers if run % 2 == 0 else 1, 2 * cores if run % 4 >= 2 else 0, seen)
    return _report(seen, arguments.runs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--item", action="append", default=[], help="only this item; may be repeated")
    parser.add_argument("--no-training", action="store_true", help="all items but those that train")
    parser.add_argument("--workers", type=int, help="of every other run; one a core if absent")
    parser.add_argument("--reseed", action="store_true", help="other hidden cases and seeds in every run")
    return parser.parse_args()


def _items(arguments: argparse.Namespace) -> tuple[str, ...]:
    assignment = rubric.choose(rubric.load(ROOT, checks.bind), "hw2-cnn")
    wanted = [item for item in assignment.items if not arguments.item or item.id in arguments.item]
    trains = {name for name, kind in checks.kinds().items() if kind.trains}
    return tuple(item.id for item in wanted if not (arguments.no_training and item.check in trains))


def _one(run: int, out: Path, items: tuple[str, ...], workers: int, busy: int, seen: Seen) -> None:
    """Grade everything once, in an order of this run's own."""
    names = [each.student.id for each in submissions.read([EXAMPLES])]
    random.Random(run).shuffle(names)
    retried: list[str] = []
    watch = Watch(
        planned=lambda todo, unchanged: None,
        began=lambda submission: None,
        finished=lambda graded: None,
        retrying=lambda todo: retried.extend(each.student.id for each in todo),
    )
    options = Options(
        paths=(EXAMPLES,),
        course=ROOT,
        assignment="hw2-cnn",
        out=out,
        items=items,
        students=tuple(names),  # graded in this order
        profile=Profile.QUICK,
        device="cpu",
        workers=workers,
        force=True,
    )
    started = time.perf_counter()
    with _busy(busy):
        result = grade(options, watch)
    seen.add(result.rows)
    seen.retried += len(retried)
    seconds = time.perf_counter() - started
    print(f"{run + 1:3} {workers:7} {busy:4} {len(retried):7} {seconds:7.0f}", flush=True)


@contextlib.contextmanager
def _busy(processes: int) -> Iterator[None]:
    """Processes that compute nothing as fast as they can, and end when this one does, however it ends."""
    end = "threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0))).start()"
    burn = f"import os, sys, threading\n{end}\nwhile True: pass"
    burning = [subprocess.Popen([sys.executable, "-c", burn], stdin=subprocess.PIPE) for _ in range(processes)]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


def _disagreements(table: Mapping[Place, Counter[str]], runs: int) -> dict[Place, Counter[str]]:
    """Where not all runs said the same, or some said nothing."""
    return {place: seen for place, seen in table.items() if len(seen) > 1 or seen.total() < runs}


def _report(seen: Seen, runs: int) -> int:
    print()
    for item, by_student in seen.accuracies.items():
        print(f"{item}: accuracy over the runs, lowest to highest")
        for student, reached in sorted(by_student.items()):
            low, middle, high = min(reached), statistics.median(reached), max(reached)
            print(f"  {student:24} {low:.4f} {middle:.4f} {high:.4f}  spread {high - low:.4f}")
    marks = _disagreements(seen.marks, runs)
    messages = _disagreements(seen.messages, runs)
    for what, table in (("marks", marks), ("messages", messages)):
        print(f"{what}: {len(table)} disagreements")
        for (student, item), counted in sorted(table.items()):
            print(f"  {student} {item}: " + "; ".join(f"{count} x {text}" for text, count in counted.most_common()))
    print(
        f"{len(seen.marks)} marks and statuses compared over {runs} runs; {seen.retried} submissions were retried alone"
    )
    return 1 if marks else 0


if __name__ == "__main__":
    sys.exit(main())
