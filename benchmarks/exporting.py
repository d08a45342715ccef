"""What it costs to put the marks of a class into Canvas's gradebook: the whole command, as it is typed.

.venv/bin/python benchmarks/exporting.py [number of students] [number of columns beside]

The class is graded on every item of the homework; the template holds as many other assignments as a long course has,
in an order of its own.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from grader import __version__, keys, rubric
from grader.gradebook import Gradebook
from grader.keys import Conditions
from grader.records import Finding, Grade, Outcome, Profile, Score, Student, Submission
from grader.roster import Enrolled

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Print the line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("students", nargs="?", type=int, default=500)
    parser.add_argument("columns", nargs="?", type=int, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        people = [
            Enrolled(f"2024{n:06}", f"Family{n}, Given{n}", f"2024{n:06}", f"s{n}", f"s{n}@example.org")
            for n in range(arguments.students)
        ]
        record(Path(folder), people)
        template = Path(folder) / "gradebook.csv"
        template.write_bytes(gradebook(people, arguments.columns))
        command = [sys.executable, "-m", "grader", "export", "canvas", "--out", folder, "--course", str(ROOT)]
        command += ["--assignment", "hw2-cnn", "--template", str(template), "--column", "HW2"]
        seconds, told = [], ""
        for _ in range(5):
            start = time.perf_counter()
            told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()[0]
            seconds.append(time.perf_counter() - start)
        size = template.stat().st_size / 1000
        print(f"{arguments.students} students, {arguments.columns} other columns, {size:.0f} kB: {told}")
        print(f"  median {statistics.median(seconds):.2f} s, best {min(seconds):.2f} s of {len(seconds)}")


def record(out: Path, people: list[Enrolled]) -> None:
    """A gradebook in which everybody has half of every point."""
    assignment = rubric.load(ROOT, rubric.unproven).assignments["hw2-cnn"]
    finding = Finding(Outcome.PARTIAL, 0.5, "10 of 20 cases are wrong.")
    with Gradebook.open(out / "gradebook.db") as book:
        known = keys.of(ROOT, assignment, Conditions(book.secret, Profile.QUICK, "cpu", sandboxed=True))
        for person in people:
            scores = tuple(
                Score(item, finding, item.points / 2, item.points, str(known.key(item.id, "c0ffee", item.needs)))
                for item in assignment.items
            )
            submission = Submission(Student(person.student_id, person.name), "hw2.ipynb", (), sha256="c0ffee")
            grade = Grade(
                submission, scores, "forked", "cpu", Profile.QUICK, "2026-10-04T12:00:00+00:00", 1.0, __version__
            )
            book.record(assignment.name, grade, key="")
        book.enrol(assignment.name, people)


def gradebook(people: list[Enrolled], columns: int) -> bytes:
    """Canvas's export, shuffled."""
    others = [f"Quiz {n} ({9000 + n})" for n in range(columns)]
    lines = [
        [each.name, str(n + 500), each.number, each.login, "DL-01", *["7.5"] * columns, ""]
        for n, each in enumerate(people)
    ]
    random.Random(7).shuffle(lines)
    text = io.StringIO()
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *others, "HW2 (42)"]
    csv.writer(text).writerows([header, ["    Points Possible", *[""] * 4, *["10"] * columns, "100"], *lines])
    return text.getvalue().encode()


if __name__ == "__main__":
    main()
