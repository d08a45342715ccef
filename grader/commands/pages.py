"""The feedback pages of a results folder:

results/
  feedback/
    <student>.html    written anew whenever the student's grade or mark changes; missing while a grade is changed
    <student>.pdf     where somebody asked for it; gone once the page is another one

A page is derived from the gradebook and can be lost: whoever grades next writes those that are missing. It ends with a
digest of what it shows, because dates, extensions and policy make another mark without changing a grade, and because
somebody may be killed between a grade and its page.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.commands.stored import Facts
from grader.exports import files
from grader.lateness import Penalty
from grader.marks import Mark
from grader.records import Status
from grader.rows import GradeRow, ItemRow
from grader.submissions.names import safe_id

FOLDER: Final = "feedback"
_ENDING: Final = len("<!-- 0123456789abcdef -->\n")


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

        mark, late = self._beside(row)
        text = feedback.page(row, tag=self.tag, assignment=self.facts.assignment, mark=mark, late=late)
        path, text = self.path(row.student_id), text + self._ending(row)
        printed = path.with_suffix(".pdf")
        if printed.exists() and (not path.exists() or path.read_bytes() != text.encode()):
            printed.unlink()
        files.write(path, text, encoding="utf-8", durable=False)
        return path

    @contextmanager
    def replaced(self, student_id: str) -> Iterator[None]:
        """While a student's grade changes there is no page, so that none is of an earlier grade, whatever happens."""
        for suffix in (".pdf", ".html"):
            self.path(student_id).with_suffix(suffix).unlink(missing_ok=True)
        yield

    def complete(self, rows: Sequence[GradeRow]) -> None:
        """Write the pages that are missing, cut off, or show something else; who handed in nothing has none."""
        for row in rows:
            if row.status is not Status.MISSING and _end_of(self.path(row.student_id)) != self._ending(row).encode():
                self.write(row)

    def _beside(self, row: GradeRow) -> tuple[Mark | None, Penalty | None]:
        """The mark, and what lateness costs, where they are more than the points."""
        simple = self.facts.assignment.policy is None and not self.facts.dated
        late = self.facts.penalty(row.student_id) if self.facts.dated else None
        return None if simple else self.facts.mark(row), late

    def _ending(self, row: GradeRow) -> str:
        """How the page of a grade ends."""
        assignment = self.facts.assignment
        graded = row.problem, [_told(item) for item in row.items]
        shown = repr((
            self.tag, assignment.title, [item.points for item in assignment.items], graded, self._beside(row)
        ))  # fmt: skip
        return f"<!-- {hashlib.sha256(shown.encode('utf-8', 'backslashreplace')).hexdigest()[:16]} -->\n"


def _told(item: ItemRow) -> tuple[object, ...]:
    """What tells one state of an item from another; all evidence would have to be parsed for it."""
    comments = item.evidence.get("comments") if item.below else None
    return item.item, item.title, item.outcome, item.earned, item.possible, item.message, item.hint, item.key, comments


def _end_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(-_ENDING, os.SEEK_END)
            return file.read()
    except OSError:  # there is none, or it is shorter
        return b""
