"""How long the pages of `grader review` take for a large course: generated rows, real pages, over real HTTP.

.venv/bin/python benchmarks/reviewing.py [number of students] [number of items]

Every tenth item is a written one, with two thousand characters and formulas. The first page loads the class; of the
others the median and the slowest are shown. The server is the command, and is asked one thing after the other.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from grader import __version__, rubric
from grader.gradebook import Gradebook
from grader.records import Finding, Grade, Outcome, Profile, Score, Student, Submission
from grader.reviewing.guarding import KEY_HEADER
from grader.roster import Enrolled

ROOT = Path(__file__).parents[1]
TIMES = 15
TEXT = (
    "Convolution shares its weights, so that $f(Tx) = Tf(x)$.\n\n"
    "$$\\sum_{a=-\\Delta}^{\\Delta} v_a x_{i+a}$$\n\n- local\n\n" * 16
)


def main() -> None:
    """Print a line for each kind of page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("students", nargs="?", type=int, default=1500)
    parser.add_argument("items", nargs="?", type=int, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        build(course, arguments.students, arguments.items)
        command = [sys.executable, "-m", "grader", "review", "--course", folder, "--out", f"{folder}/results"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                measure(server.stdout.readline().split()[1], arguments.items)
            finally:
                server.send_signal(signal.SIGINT)


def build(course: Path, students: int, count: int) -> None:
    """A class with every kind of outcome."""
    items = [
        {"id": f"item-{n}", "section": f"7.{n // 8}", "title": f"Item {n}", "target": "f", "points": 4,
         "check": "returns_close" if n % 10 else "answered"}
        for n in range(count)
    ]  # fmt: skip
    (course / "rubric.yaml").write_text(yaml.safe_dump({"version": 1, "assignments": {"hw": {"items": items}}}))
    assignment = rubric.load(course, rubric.unproven).assignments["hw"]
    (course / "results").mkdir()
    chance = random.Random(1)
    with Gradebook.open(course / "results/gradebook.db") as book:
        for number in range(students):
            scores = []
            for item in assignment.items:
                found = finding(item.check, chance)
                earned = item.points * found.credit
                scores.append(Score(item, found, earned, item.points if found.outcome.decided else 0.0, "a.b"))
            submission = Submission(Student(f"s{number:05}"), f"s{number:05}.ipynb", (), sha256=str(number))
            told = ("forked", "cpu", Profile.QUICK, "2026-11-22T12:00:00+00:00", 30.0, __version__)
            book.record("hw", Grade(submission, tuple(scores), *told), key="k")
        book.enrol("hw", [Enrolled(f"s{number:05}", f"Student {number}") for number in range(students)])


def finding(check: str, chance: random.Random) -> Finding:
    """What is found of an item: most pass, one in a hundred is broken."""
    if check == "answered":
        return Finding(Outcome.WAITING, 0.0, "300 words wait for a reader.", evidence={"text": TEXT})
    drawn = chance.random()
    if drawn < 0.01:
        return Finding(Outcome.BROKEN, 0.0, "The data set is missing.", evidence={"error": "DataMissing"})
    if drawn < 0.3:
        return Finding(
            Outcome.FAILED, 0.0, "3 of 20 cases are wrong.", evidence={"cell": 4, "picture": [[0.1] * 8] * 8}
        )
    return Finding(Outcome.PASSED, 1.0, "All cases agree with the reference.")


class Visitor:
    """A browser's connection."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.host = parts.netloc
        self.connection = http.client.HTTPConnection(parts.netloc)
        self.headers: dict[str, str] = {}
        answer, _ = self.ask("GET", f"/?{parts.query}")
        self.headers["Cookie"] = (answer.getheader("Set-Cookie") or "").partition(";")[0]

    def ask(self, method: str, path: str, body: object = None) -> tuple[http.client.HTTPResponse, str]:
        """One request and its whole answer."""
        headers = dict(self.headers)
        if body is not None:
            headers |= {"Content-Type": "application/json", "Origin": f"http://{self.host}"}
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        assert answer.status in (200, 302), text[:300]
        return answer, text


def measure(address: str, items: int) -> None:
    """Ask for each kind of page, and mark answers."""
    start = time.perf_counter()
    visitor = Visitor(address)
    _, page = visitor.ask("GET", "/")
    print(f"first page, with the class loaded {time.perf_counter() - start:18.2f} s")
    key = re.search(r'name="review-key" content="([^"]+)"', page)
    assert key
    visitor.headers[KEY_HEADER] = key.group(1)
    show("overview", lambda _: visitor.ask("GET", "/"))
    show("one student of the class", lambda n: visitor.ask("GET", f"/student/s{n:05}"))
    show("all students", lambda _: visitor.ask("GET", "/students"))
    show("all that is broken", lambda _: visitor.ask("GET", "/broken"))
    show("next unmarked answer, and its page", lambda _: visitor.ask("GET", following(visitor)))

    def mark(number: int) -> None:
        sent = {
            "student": f"s{number:05}",
            "item": "item-0",
            "seen": 0,
            "points": "3",
            "comment": f"Comment {number % 7}.",
        }
        visitor.ask("POST", "/save", sent)

    show("a mark and a comment, saved", mark)


def following(visitor: Visitor) -> str:
    """Where the queue of an item leads."""
    answer, _ = visitor.ask("GET", "/item/item-0")
    return answer.getheader("Location") or ""


def show(what: str, do: object) -> None:
    """Print the median and the slowest."""
    assert callable(do)
    taken = []
    for number in range(TIMES):
        start = time.perf_counter()
        do(number)
        taken.append(1000 * (time.perf_counter() - start))
    print(f"{what:44} {statistics.median(taken):6.0f} ms, slowest {max(taken):6.0f} ms")


if __name__ == "__main__":
    main()
