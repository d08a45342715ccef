"""What the class report of a large course costs: making it, its size, and how fast a browser opens and sorts it.

.venv/bin/python benchmarks/classroom.py [number of students] [number of items] [--results DIR] [--keep FILE]

The grades are generated, with a fixed seed: every item of every student is that of some student in a results folder
(of `make grade` if absent), with an accuracy a little off, and items beyond those of the homework are repeated under
other names. They go through a real gradebook; the browser is Chromium, driven by Playwright.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from grader import rubric
from grader.commands import classroom, printing
from grader.commands.pages import Pages
from grader.commands.standing import as_stored
from grader.commands.stored import Facts
from grader.gradebook import Gradebook
from grader.lateness import Arrival
from grader.records import Assignment, Grade, Student, Submission
from grader.roster import Enrolled
from grader.rows import GradeRow, ItemRow

ROOT = Path(__file__).parents[1]
ASSIGNMENT = "hw2-cnn"
RUNS = 3
SEED = 2026
FAMILY = "Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim".split()
GIVEN = "Minjun Seoyeon Jiho Haeun Doyun Jiwoo Siwoo Subin Yejun Chaewon Hyunwoo Eunji".split()


def main() -> None:
    """Print seconds and sizes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("students", nargs="?", type=int, default=1500)
    parser.add_argument("items", nargs="?", type=int, default=40)
    parser.add_argument("--results", type=Path, default=ROOT / "results")
    parser.add_argument("--keep", type=Path, help="where the report is kept")
    arguments = parser.parse_args()
    homework = rubric.load(ROOT, rubric.unproven).assignments[ASSIGNMENT]
    with Gradebook.open(arguments.results / "gradebook.db", writing=False) as book:
        graded = [row for row in book.current(ASSIGNMENT) if row.items]
    with tempfile.TemporaryDirectory() as folder:
        course, out = Path(folder), Path(folder) / "results"
        write_rubric(course, homework, arguments.items)
        read = rubric.load(course, rubric.unproven)
        assignment = read.assignments["large"]
        record(out, graded, assignment, arguments.students)
        with Gradebook.open(out / "gradebook.db", writing=False) as book:
            facts = Facts.of(read, assignment, book)
        pages = Pages(out, facts)
        print(f"{arguments.students} generated students x {len(assignment.items)} items; seconds, and seconds of CPU")
        show("reading the gradebook", lambda: current(out))
        show("making and writing the report", lambda: classroom.write(pages, facts, facts.with_missing(current(out))))
        command = [sys.executable, "-m", "grader", "report", "--out", str(out), "--course", folder]
        show(
            "grader report, with every student's page",
            lambda: subprocess.run(command, capture_output=True, check=False),
            runs=1,
        )
        report = out / classroom.FILE
        print(f"{'size of the report':44} {report.stat().st_size / 2**20:7.1f} MiB")
        if arguments.keep:
            shutil.copyfile(report, arguments.keep)
        browse(report)


def current(out: Path) -> list[GradeRow]:
    """The stored grades."""
    with Gradebook.open(out / "gradebook.db", writing=False) as book:
        return book.current("large")


def write_rubric(course: Path, homework: Assignment, count: int) -> None:
    """A course with as many items as that; JSON is YAML."""
    items = [
        {
            "id": item.id if number < len(homework.items) else f"{item.id}-{number}",
            "section": item.section,
            "title": item.title,
            "target": item.target,
            "points": item.points,
            "check": item.check,
        }
        for number, item in ((n, homework.items[n % len(homework.items)]) for n in range(count))
    ]
    large = {"title": f"{homework.title} ({count} items)", "due": "2026-10-03 23:59", "items": items}
    (course / "rubric.yaml").write_text(json.dumps({"version": 1, "assignments": {"large": large}}), encoding="utf-8")


def record(out: Path, graded: Sequence[GradeRow], assignment: Assignment, count: int) -> None:
    """Make a gradebook of so many students; a few hand in nothing, a few are late."""
    chance = random.Random(SEED)
    due = datetime.fromisoformat("2026-10-03T23:59:00+09:00")
    people, arrivals = [], {}
    found = [{item.item: item for item in row.items} for row in graded]
    names = [item.id for item in assignment.items]
    origin = [list(found[0])[n % len(found[0])] for n in range(len(names))]
    with Gradebook.open(out / "gradebook.db") as book:
        for number in range(count):
            name = f"{chance.choice(FAMILY)} {chance.choice(GIVEN)}"
            person = Enrolled(f"{2026000000 + number}", name, section=f"DL-{number % 12:02}")
            people.append(person)
            if chance.random() < 0.02:
                continue
            arrivals[person.student_id] = Arrival(
                (due + timedelta(hours=chance.gauss(-12, 10))).isoformat(), False, "canvas"
            )
            weak = chance.random() ** 3  # how often an item is taken from any student instead of a good one
            row = chance.choice(graded)
            good = max(found, key=lambda items: sum(item.earned for item in items.values()))
            items = [
                changed((chance.choice(found) if chance.random() < weak else good)[name], chance) for name in origin
            ]
            scores = tuple(as_stored(item, each) for item, each in zip(assignment.items, items, strict=True))
            submission = Submission(Student(person.student_id, name), f"{person.student_id}.ipynb", ())
            seconds = max(5.0, chance.gauss(55, 18))
            told = (row.isolation, row.device, row.profile, row.started, seconds, row.grader_version, "")
            book.record("large", Grade(submission, scores, *told), key="k")
        book.enrol("large", people)
        book.arrived("large", arrivals)


def changed(item: ItemRow, chance: random.Random) -> ItemRow:
    """The item with an accuracy, and the curve to it, a little off."""
    accuracy = item.evidence.get("accuracy")
    if not isinstance(accuracy, float):
        return item
    by = chance.gauss(0, 0.03)

    def moved(value: Any) -> Any:
        return min(0.99, max(0.05, round(value + by, 4))) if isinstance(value, float) else value

    curve = [[row[0], row[1], moved(row[2])] for row in item.evidence.get("curve", [])]
    return replace(item, evidence={**item.evidence, "accuracy": moved(accuracy), "curve": curve})


def show(what: str, do: Callable[[], object], runs: int = RUNS) -> None:
    """Print the median of several runs."""
    seconds, computed = [], []
    for _ in range(runs):
        start, before = time.perf_counter(), sum(os.times()[:4])
        do()
        seconds.append(time.perf_counter() - start)
        computed.append(sum(os.times()[:4]) - before)
    print(f"{what:44} {statistics.median(seconds):7.2f} {statistics.median(computed):7.2f}")


# Until the second frame after it: the first may have been drawn already when the change was made.
TIMED = """async what => { const start = performance.now(); eval(what);
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    return performance.now() - start }"""


def browse(report: Path) -> None:
    """Print how long a browser takes to show, sort and filter."""
    from playwright.sync_api import sync_playwright

    acts = {
        "sort by per cent": "document.querySelector('#table thead th:nth-child(5) button').click()",
        "sort by an item": "document.querySelector('#table thead th:last-child button').click()",
        "sort by name": "document.querySelector('#table thead th button').click()",
        "find a name": "const field = document.getElementById('find');"
        " field.value = 'kim min'; field.dispatchEvent(new Event('input'))",
        "show all again": "document.getElementById('all').click()",
        "follow a number": "document.querySelector('.lines a.count').click()",
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(printing.browser()), args=["--no-sandbox"])
        # Playwright's own eval stands outside the page's policy only where that is told.
        context = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
        first, whole = [], []
        for _ in range(RUNS):
            page = context.new_page()
            page.goto(report.as_uri())
            page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
            first.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
            whole.append(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
        print(f"{'in the browser: first paint':44} {statistics.median(first) / 1000:7.2f}")
        print(f"{'in the browser: loaded':44} {statistics.median(whole) / 1000:7.2f}")
        for what, act in acts.items():
            took = statistics.median(page.evaluate(TIMED, act) for _ in range(RUNS))
            print(f"{'in the browser: ' + what:44} {took / 1000:7.2f}")
        print(f"{'elements':44} {page.evaluate('document.getElementsByTagName(`*`).length'):7}")
        browser.close()


if __name__ == "__main__":
    main()
