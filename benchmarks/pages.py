"""What the feedback pages of a class cost: making the text, writing the files, and `grader report` as it is typed.

.venv/bin/python benchmarks/pages.py [number of students] [--results DIR]

The grades are copies of those in a results folder (that of `make grade` if absent), each under a name of its own.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from grader import rubric
from grader.commands.pages import Pages
from grader.commands.standing import as_stored
from grader.commands.stored import Facts
from grader.gradebook import Gradebook
from grader.records import Assignment, Grade, Student, Submission
from grader.reports import feedback
from grader.rows import GradeRow

ROOT = Path(__file__).parents[1]
ASSIGNMENT = "hw2-cnn"
RUNS = 3


def main() -> None:
    """Print seconds for each step."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", nargs="?", type=int, default=1000)
    parser.add_argument("--results", type=Path, default=ROOT / "results")
    arguments = parser.parse_args()
    course = rubric.load(ROOT, rubric.unproven)
    assignment = course.assignments[ASSIGNMENT]
    with Gradebook.open(arguments.results / "gradebook.db", writing=False) as book:
        graded = book.current(ASSIGNMENT)
    rows = [
        replace(row, student_id=f"student{number:05}")
        for number, row in zip(range(arguments.count), itertools.cycle(graded), strict=False)
    ]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        record(out, rows, assignment)
        with Gradebook.open(out / "gradebook.db", writing=False) as book:
            pages = Pages(out, Facts.of(course, assignment, book))
        print(f"{len(rows)} pages of {len(assignment.items)} items each; seconds, and seconds of CPU")
        for tag in ("en", "ko"):
            show(f"text of all pages ({tag})", lambda tag=tag: [feedback.page(row, tag=tag) for row in rows])
        show("text and files", lambda: [pages.write(row) for row in rows])
        show("looking whether any is missing", lambda: pages.complete(rows))
        command = [sys.executable, "-m", "grader", "report", "--out", folder, "--course", str(ROOT)]
        show("grader report", lambda: subprocess.run(command, cwd=ROOT, capture_output=True, check=False))
        sizes = [pages.path(row.student_id).stat().st_size for row in rows]
        print(f"\na page has {statistics.median(sizes) / 1024:.0f} KiB, the largest {max(sizes) / 1024:.0f} KiB")


def record(out: Path, rows: Sequence[GradeRow], assignment: Assignment) -> None:
    """Make a gradebook that holds these grades."""
    items = {item.id: item for item in assignment.items}
    with Gradebook.open(out / "gradebook.db") as book:
        for row in rows:
            scores = tuple(as_stored(items[each.item], each) for each in row.items if each.item in items)
            submission = Submission(Student(row.student_id, row.student_name), row.submission, ())
            told = (row.isolation, row.device, row.profile, row.started, row.seconds, row.grader_version, row.problem)
            book.record(ASSIGNMENT, Grade(submission, scores, *told), key=row.key)


def show(what: str, do: object) -> None:
    """Print the median of several runs."""
    assert callable(do)
    seconds, computed = [], []
    for _ in range(RUNS):
        start, before = time.perf_counter(), sum(os.times()[:4])
        do()
        seconds.append(time.perf_counter() - start)
        computed.append(sum(os.times()[:4]) - before)
    print(f"{what:40} {statistics.median(seconds):7.2f} {statistics.median(computed):7.2f}")


if __name__ == "__main__":
    main()
