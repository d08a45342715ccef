"""What it costs to look again at a class in which nothing has changed: `grader grade` as it is typed.

.venv/bin/python benchmarks/unchanged.py [number of submissions]

One example is graded for real (a minute, with its training); its grade is recorded for every copy of it.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from grader import datasets, keys, rubric, submissions
from grader.commands import choosing, tables
from grader.commands.pages import Pages
from grader.commands.planning import Plan
from grader.commands.standing import Terms
from grader.commands.stored import Facts
from grader.gradebook import Gradebook
from grader.keys import Conditions
from grader.records import Profile

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples/submissions/ada.ipynb"
ASSIGNMENT = "hw2-cnn"
RUNS = 5


def main() -> None:
    """Print seconds for the whole command, and for its steps one by one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", nargs="?", type=int, default=1000)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder:
        handed_in, out = Path(folder) / "submissions", Path(folder) / "results"
        handed_in.mkdir()
        for number in range(count):
            (handed_in / f"student{number:05}.ipynb").write_bytes(EXAMPLE.read_bytes())
        record(handed_in, out)
        arguments = ["grade", str(handed_in), "--course", str(ROOT), "--out", str(out), "--device", "cpu"]
        print(f"{count} unchanged submissions, {len(items())} items each; seconds")
        print(f"{'command':42} {'median':>7} {'fastest':>8} {'of CPU':>7}")
        for options in ([], ["--assignment", ASSIGNMENT], ["--assignment", ASSIGNMENT, "--format", "json"]):
            runs = [typed([*arguments, *options], count) for _ in range(RUNS)]
            seconds, computed = [run[0] for run in runs], min(run[1] for run in runs)
            print(f"grade {' '.join(options):36} {statistics.median(seconds):7.2f} {min(seconds):8.2f} {computed:7.2f}")
        print("\nits steps in one process")
        steps(handed_in, out)


def items() -> Sequence[str]:
    """The ids of the assignment's items."""
    return [item.id for item in rubric.load(ROOT, rubric.unproven).assignments[ASSIGNMENT].items]


def planned(handed_in: Path, book: Gradebook) -> Plan:
    """What `grader grade` would do about each submission."""
    assignment = rubric.load(ROOT, rubric.unproven).assignments[ASSIGNMENT]
    terms = Terms(assignment, keys.of(ROOT, assignment, conditions(book)), items())
    return Plan.of(submissions.read([handed_in]), book.current(ASSIGNMENT), terms)


def conditions(book: Gradebook) -> Conditions:
    """Those of the command that is timed."""
    return Conditions(book.secret, Profile.QUICK, "cpu", sandboxed=True)


def record(handed_in: Path, out: Path) -> None:
    """Make a gradebook that holds a grade of every submission."""
    from grader.kernel.sandbox import Confinement
    from grader.runners import inline
    from grader.runners.work import Work

    with Gradebook.open(out / "gradebook.db") as book:
        plan = planned(handed_in, book)
        assignment = plan.terms.assignment
        confinement = Confinement("bubblewrap", datasets.training_folder(), limits=assignment.limits)
        work = Work(ROOT, assignment, book.secret, confinement, Profile.QUICK)
        (graded,) = inline.run(work, plan.todo[:1], began=lambda submission: None)
        for each in plan.todo:
            whole = plan.completed(replace(graded, submission=each), final=True)
            book.record(ASSIGNMENT, whole, key=plan.terms.keys.whole(each.sha256), observations=whole.observations)
        facts = Facts.of(rubric.load(ROOT, rubric.unproven), assignment, book)
        Pages(out, facts).complete(book.current(ASSIGNMENT))


def typed(arguments: Sequence[str], count: int) -> tuple[float, float]:
    """Seconds of the command in a process of its own, and of its CPU; it has to say that nothing is left to do."""
    start, before = time.perf_counter(), os.times()
    command = [sys.executable, "-m", "grader", *arguments]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, after = time.perf_counter() - start, os.times()
    computed = after.children_user - before.children_user + after.children_system - before.children_system
    told = ran.stdout + ran.stderr
    assert f"{count} unchanged" in told or f'"unchanged": {count}' in told, told[:500]
    return seconds, computed


def steps(handed_in: Path, out: Path) -> None:
    """Print what each step of the command takes."""
    from rich.console import Console

    from grader.reports.terminal import score_table

    with timed("imports of the command, in a process of its own"):
        subprocess.run([sys.executable, "-c", "import grader.cli, grader.commands.grade"], cwd=ROOT, check=True)
    with timed("read the submissions"):
        found = submissions.read([handed_in])
    with timed("read the rubric"):
        course = rubric.load(ROOT, rubric.unproven)
    with timed("find the assignment that fits"):
        choosing.choose(course, None, found)
    assignment = course.assignments[ASSIGNMENT]
    with Gradebook.open(out / "gradebook.db") as book:
        with timed("hash rubric, reference, software and data"):
            keys_now = keys.of(ROOT, assignment, conditions(book))
        with timed("read the gradebook"):
            rows = book.current(ASSIGNMENT)
        with timed("compare keys"):
            Plan.of(found, rows, Terms(assignment, keys_now, items()))
    with timed("write the tables"):
        tables.write(out, rows, assignment)
    with timed("print the table"):
        Console(file=io.StringIO(), width=120).print(score_table(rows, assignment.items))


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long something took."""
    start = time.perf_counter()
    yield
    print(f"{what:50} {time.perf_counter() - start:6.2f}")


if __name__ == "__main__":
    main()
