"""The class report of a results folder, `report.html`, made of the gradebook, dates and intake.csv; runs nothing."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from grader.commands.pages import FOLDER, Pages
from grader.commands.stored import Facts
from grader.exports import files
from grader.records import Status
from grader.rows import GradeRow

if TYPE_CHECKING:
    from grader.reports.classroom.given import Note

FILE: Final = "report.html"
SIMILAR: Final = "similar.html"  # linked where it lies beside the report
_STAMP: Final = re.compile(rb'<meta name="made-of" content="([0-9a-f]{64})">')


def write(pages: Pages, facts: Facts, rows: Sequence[GradeRow], *, anew: bool = True) -> Path:
    """Write the report beside the feedback pages that it links to.

    Args:
        pages: where the feedback pages lie.
        facts: what is known beside the grades.
        rows: the current grades, and one without anything for everybody who handed in nothing.
        anew: whether it is written even if there is one made of the same.

    Raises:
        MachineryError: the disk is full or the folder is closed to us.
    """
    from grader.reports import classroom  # who writes no report need not wait for Jinja

    there = [row.student_id for row in rows if row.status is not Status.MISSING]
    given = classroom.Class(
        assignment=facts.assignment,
        rows=rows,
        marks=facts.marks(rows),
        penalties={student: facts.penalty(student) for student in there},
        sections={student: person.section for student, person in facts.enrolled.items()},
        pages={student: f"{FOLDER}/{quote(pages.path(student).name)}" for student in there},
        notes=list(_notes(pages.out)),
        similar=SIMILAR if (pages.out / SIMILAR).exists() else "",
    )
    path = pages.out / FILE
    if anew or _stamp(path) != given.stamp:
        files.write(path, classroom.page(given), encoding="utf-8", durable=False)
    return path


def _stamp(path: Path) -> str:
    """What the report that lies there was made of; empty where there is none."""
    try:
        with path.open("rb") as file:
            found = _STAMP.search(file.read(4096))
    except OSError:
        return ""
    return found[1].decode() if found else ""


def _notes(out: Path) -> Iterator[Note]:
    """What the last intake wants a person to look at: doubts about students, and files that are nobody's."""
    from grader.reports.classroom.given import Note

    try:
        text = (out / "intake.csv").read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return  # nothing was taken in here, or somebody removed what can be made anew
    for line in csv.DictReader(text.splitlines()):
        student, file, use, why = (line.get(name) or "" for name in ("student_id", "file", "use", "why"))
        if student and not file:
            yield Note(student, "", use, why)
        elif use == "not placed":
            yield Note("", file, use, why)
