"""A class with written answers, and ways to ask for pages of it. All names are invented."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from grader import __version__, keys, listing, packing, rubric
from grader.commands.review import Options, Review
from grader.decisions import Decision
from grader.gradebook import Gradebook
from grader.keys import Conditions
from grader.listing import CodeCell
from grader.records import Finding, Grade, Outcome, Profile, Score, Student, Submission
from grader.reviewing.guarding import KEY_HEADER, Guard
from grader.rows import GradeRow
from tests.exports.classes import write_rubric

PORT = 8123
HERE = f"http://127.0.0.1:{PORT}"


def student_id(number: int) -> str:
    return f"s{number:02}"


def grade(
    folder: Path, number: int, text: str, *, code: float | None = 3.0, sha256: str = "", source: str = ""
) -> None:
    """Record a grade: `corr2d` with so many of 6 points (None: broken), and an answer worth 4 that waits.

    The `source` is that of cell 2, which was judged; there is another one above it.
    """
    assignment = rubric.load(folder, rubric.unproven).assignments["hw2"]
    sha256 = sha256 or f"sha-{number}"
    with Gradebook.open(folder / "results/gradebook.db") as book:
        known = keys.of(folder, assignment, Conditions(book.secret, Profile.QUICK, "cpu", sandboxed=True))
        corr2d, written = assignment.items
        if code is None:
            found = Finding(Outcome.BROKEN, 0.0, "The data set is missing.", evidence={"error": "DataMissing"})
        else:
            outcome = Outcome.PASSED if code == 6 else Outcome.PARTIAL if code else Outcome.FAILED
            where = {"cell": 2, "notebook": f"{number}.ipynb"} if source else {}
            found = Finding(outcome, code / 6, "3 of 4 cases are wrong.", evidence=where)
        waits = Finding(Outcome.WAITING, 0.0, "9 words wait for a reader.", evidence={"text": text})
        scores = (
            Score(corr2d, found, code or 0.0, 0.0 if code is None else 6.0, str(known.key("corr2d", sha256, ()))),
            Score(written, waits, 0.0, 0.0, str(known.key("written", sha256, ()))),
        )
        submission = Submission(Student(student_id(number), f"Student {number}"), f"{number}.ipynb", (), sha256=sha256)
        told = ("forked", "cpu", Profile.QUICK, "2026-11-20T12:00:00+00:00", 1.5, __version__)
        cells = [CodeCell(f"{number}.ipynb", 1, "import torch"), CodeCell(f"{number}.ipynb", 2, source)]
        kept = {listing.ITEM: listing.dump(cells)} if source else {}
        book.record("hw2", Grade(submission, scores, *told), key="k", observations=packing.joined(kept))


def build(folder: Path, count: int = 3, text: str = "Locality: $x^2$, of {number}.") -> Path:
    """A course in this folder with so many students, s00 and on."""
    folder.mkdir(parents=True, exist_ok=True)
    write_rubric(folder)
    (folder / "results").mkdir()
    for number in range(count):
        grade(folder, number, text.replace("{number}", str(number)))
    return folder


def rows(folder: Path) -> dict[str, GradeRow]:
    with Gradebook.open(folder / "results/gradebook.db", writing=False) as book:
        return {row.student_id: row for row in book.current("hw2")}


def decided(folder: Path) -> list[Decision]:
    with Gradebook.open(folder / "results/gradebook.db", writing=False) as book:
        return book.decisions("hw2")


@dataclass
class Visitor:
    """One person at the pages, as a browser would ask for them."""

    folder: Path
    who: str = "lee"
    guard: Guard = field(default_factory=lambda: Guard(PORT))

    def __post_init__(self) -> None:
        self.review = Review.of(Options(self.folder / "results", self.folder, who=self.who))
        self.app = self.review.app(self.guard)
        self.client: FlaskClient = self.app.test_client()
        self.get(f"/?token={self.guard.token}")

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, base_url=HERE, headers=headers)

    def text(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, *, headers: dict[str, str] | None = None, **sent: Any) -> TestResponse:
        told = {"Origin": HERE, KEY_HEADER: self.guard.key} if headers is None else headers
        return self.client.post(path, base_url=HERE, json=sent, headers=told)

    def done(self, path: str, **sent: Any) -> dict[str, Any]:
        answer = self.post(path, **sent)
        assert answer.status_code == 200, answer.text
        return dict(answer.json or {})

    def first(self, item: str = "written") -> str:
        """The alias of the answer to which the queue leads."""
        return self.get(f"/item/{item}").headers["Location"].rsplit("/", 1)[1]

    def whose(self, alias: str, item: str = "written") -> str:
        found = re.search(r'href="/student/([^"#]+)"', self.text(f"/item/{item}/{alias}"))
        assert found
        return found.group(1)
