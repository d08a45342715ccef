"""A graded class without any notebook: a course, a gradebook, and who is in it. All names are invented."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from grader import __version__, keys, rubric
from grader.commands.export import Exported, Options, export
from grader.gradebook import Gradebook
from grader.keys import Conditions
from grader.lateness import Arrival
from grader.records import Finding, Grade, Outcome, Profile, Score, Student, Submission
from grader.roster import Enrolled

ITEMS = [
    {"id": "corr2d", "section": "7.2", "title": "corr2d", "target": "corr2d", "points": 6, "check": "returns_close"},
    {"id": "written", "section": "7.1", "title": "Discussion", "target": "7.1", "points": 4, "check": "answered"},
]

CHULSOO = Enrolled(
    "2019170361",
    "Kim, Chulsoo",
    "2019170361",
    "chulsoo",
    "chulsoo@example.org",
    {"canvas": "55", "moodle": "12"},
    "DL-01",
)
YOUNGHEE = Enrolled(
    "2019170362", "이, 영희", "2019170362", "younghee", "yh@example.org", {"canvas": "56", "moodle": "13"}, "DL-01"
)
MINA = Enrolled(
    "2019170363", "Çelik, Mina", "2019170363", "mina", "mina@example.org", {"canvas": "57", "moodle": "14"}, "DL-02"
)
LEO = Enrolled(
    "2019170364", '=Leo "Lee"', "2019170364", "leo", "leo@example.org", {"canvas": "58", "moodle": "15"}, "DL-02"
)
EVERYBODY = (CHULSOO, YOUNGHEE, MINA, LEO)


@dataclass(frozen=True)
class Class:
    """A course in a folder, with results beside it."""

    folder: Path

    @property
    def out(self) -> Path:
        return self.folder / "results"

    def template(self, content: bytes | str, name: str = "template.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def export(self, format: str, template: bytes | str | None = None, **options: Any) -> Exported:
        path = self.template(template) if template is not None else None
        return export(Options(format, self.out, self.folder, template=path, **options))

    def exported(self, format: str, template: bytes | str | None = None, **options: Any) -> bytes:
        """The one file that is written."""
        return self.export(format, template, **options).paths[0].read_bytes()


def troubles(exported: Exported) -> list[tuple[str, str]]:
    return [(each.kind.value, each.student) for each in exported.result.troubles]


def write_rubric(folder: Path, **policy: Any) -> None:
    homework = {"title": "HW2", "items": ITEMS, **({"policy": policy} if policy else {})}
    (folder / "rubric.yaml").write_text(yaml.safe_dump({"version": 1, "assignments": {"hw2": homework}}), "utf-8")


def graded(
    folder: Path,
    points: Iterable[tuple[Enrolled | str, tuple[float | None, float | None]]],
    *,
    roster: Iterable[Enrolled] = (),
    arrivals: Mapping[str, Arrival] | None = None,
    message: str = "3 of 4 cases are wrong.",
    **policy: Any,
) -> Class:
    """A class with these points for `corr2d` and `written`; None waits for a person, -1 is broken."""
    write_rubric(folder, **policy)
    assignment = rubric.load(folder, rubric.unproven).assignments["hw2"]
    (folder / "results").mkdir()
    with Gradebook.open(folder / "results/gradebook.db") as book:
        known = keys.of(folder, assignment, Conditions(book.secret, Profile.QUICK, "cpu", sandboxed=True))
        people = list(roster)
        for who, earned in points:
            person = who if isinstance(who, Enrolled) else Enrolled(who, listed=False)
            people += [] if person in people or not isinstance(who, Enrolled) else [person]
            findings = [
                _finding(item.points, each, message) for item, each in zip(assignment.items, earned, strict=True)
            ]
            scores = tuple(
                Score(item, finding, max(each or 0.0, 0.0), item.points if finding.outcome.decided else 0.0,
                      str(known.key(item.id, "c0ffee", ())))
                for item, finding, each in zip(assignment.items, findings, earned, strict=True)
            )  # fmt: skip
            submission = Submission(
                Student(person.student_id, person.name), f"{person.student_id}.ipynb", (), sha256="c0ffee"
            )
            grade = Grade(
                submission, scores, "forked", "cpu", Profile.QUICK, "2026-10-04T12:00:00+00:00", 1.5, __version__
            )
            book.record("hw2", grade, key="k")
        book.enrol("hw2", people)
        book.arrived("hw2", dict(arrivals or {}))
    return Class(folder)


def _finding(possible: float, earned: float | None, message: str) -> Finding:
    if earned is None:
        return Finding(Outcome.WAITING, 0.0, "A person reads this.")
    if earned < 0:
        return Finding(Outcome.BROKEN, 0.0, "The data set is missing.")
    credit = earned / possible
    outcome = Outcome.PASSED if credit == 1 else Outcome.PARTIAL if credit else Outcome.FAILED
    return Finding(outcome, credit, "" if credit == 1 else message)
