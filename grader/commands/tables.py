"""The tables of a results folder on disk: grades.csv, items.csv and intake.csv, each whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.commands.intake import Intake
from grader.exports import files, tables
from grader.marks import Mark
from grader.records import Assignment
from grader.rows import GradeRow


def write(
    out: Path, rows: Sequence[GradeRow], assignment: Assignment, marks: Mapping[str, Mark] | None = None
) -> Sequence[Path]:
    """Write grades.csv and items.csv; marks where they are more than sums."""
    files.write(out / "grades.csv", tables.grades_csv(rows, assignment.items, marks))
    files.write(out / "items.csv", tables.items_csv(rows))
    return out / "grades.csv", out / "items.csv"


def write_intake(out: Path, taken: Intake) -> Path:
    """Write intake.csv."""
    files.write(out / "intake.csv", intake_csv(taken))
    return out / "intake.csv"


def intake_csv(taken: Intake) -> str:
    """What became of every file, and what is doubtful about students."""
    names = {person.student_id: person.name for person in taken.people}
    return tables.intake_csv(taken.placed, names, [(each.student, each.what, each.why) for each in taken.doubts])
