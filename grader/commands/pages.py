"""The feedback pages of a results folder:

results/
  feedback/
    <student>.html    written anew whenever the student's grade changes; missing while it is being changed
    <student>.pdf     where somebody asked for it

A page is derived from the gradebook and can be lost: whoever grades next writes those that are missing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.commands.stored import Facts
from grader.exports import files
from grader.records import Status
from grader.rows import GradeRow
from grader.submissions.names import safe_id

FOLDER: Final = "feedback"


@dataclass(frozen=True, slots=True)
class Pages:
    """Writes pages.

    Args:
        out: the results folder.
        facts: what is known beside the grades: dates, policy, the rubric's items.
        tag: of the language.
    """

    out: Path
    facts: Facts
    tag: str = "en"

    def path(self, student_id: str) -> Path:
        """Where a student's page lies."""
        return self.out / FOLDER / f"{safe_id(student_id)}.html"

    def write(self, row: GradeRow) -> Path:
        """Write the page of a stored grade.

        Raises:
            MachineryError: the disk is full or the folder is closed to us.
        """
        from grader.reports import feedback  # who writes no page need not wait for Jinja

        simple = self.facts.assignment.policy is None and not self.facts.dated
        text = feedback.page(
            row,
            tag=self.tag,
            assignment=self.facts.assignment,
            mark=None if simple else self.facts.mark(row),
            late=self.facts.penalty(row.student_id) if self.facts.dated else None,
        )
        files.write(self.path(row.student_id), text, encoding="utf-8", durable=False)
        return self.path(row.student_id)

    @contextmanager
    def replaced(self, student_id: str) -> Iterator[None]:
        """While a student's grade changes there is no page, so that none is of an earlier grade, whatever happens."""
        self.path(student_id).unlink(missing_ok=True)
        yield

    def complete(self, rows: Sequence[GradeRow]) -> None:
        """Write the pages that are missing, or empty after a power cut; who handed in nothing gets none."""
        try:
            there = {entry.name for entry in os.scandir(self.out / FOLDER) if entry.stat().st_size}
        except FileNotFoundError:
            there = set()
        for row in rows:
            if row.status is not Status.MISSING and self.path(row.student_id).name not in there:
                self.write(row)
