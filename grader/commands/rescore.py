"""`grader rescore`: changed points, shares, ramps and tolerances applied to what is stored; nothing is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader import keys, rubric
from grader.commands import classroom, stored, tables
from grader.commands.pages import Pages
from grader.commands.standing import Terms, as_stored, differs, rescored, stands
from grader.gradebook import Gradebook
from grader.keys import Conditions, Keys
from grader.records import Assignment, Grade, Status
from grader.rows import GradeRow, row_of

if TYPE_CHECKING:
    from grader.commands.rescoring import Rescorer


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    out: Path = Path("results")
    course: Path | None = None
    assignment: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Stale:
    """A mark that is kept as it was, because only running the notebook can tell what it is now."""

    student_id: str
    item: str


@dataclass(frozen=True, slots=True)
class Result:
    """The grades before and after, and what could not be had without running notebooks."""

    before: Sequence[GradeRow]
    after: Sequence[GradeRow]
    stale: Sequence[Stale]
    out: Path

    @property
    def exit_code(self) -> int:
        """1 when something needs staff or has to be run, else 0."""
        return 1 if self.stale or any(row.status is Status.NEEDS_STAFF for row in self.after) else 0


def rescore(options: Options) -> Result:
    """Hold every stored grade against the rubric, add those that are others now, and write the tables.

    With `dry_run` nothing is written: the grades `after` are those that would be.

    Raises:
        GraderError: with one clear line.
    """
    course = options.course or rubric.find_course(Path.cwd())
    path = options.out / "gradebook.db"
    with Gradebook.open(path, writing=path.exists() and not options.dry_run) as book:
        found = rubric.load(course, rubric.unproven)
        assignment = stored.graded(found, options.assignment, options.out, book)
        facts = stored.Facts.of(found, assignment, book)
        before = book.current(assignment.name)
        again = _Again(course, assignment, book)
        others: dict[str, Grade] = {}
        for row in before:
            if other := again.rescored(row):
                others[row.student_id], key = other
                if not options.dry_run:
                    book.record(assignment.name, other[0], key=key)
        if options.dry_run:
            would = {id: book.decided(row_of(assignment.name, grade)) for id, grade in others.items()}
            return Result(before, [would.get(row.student_id, row) for row in before], again.stale, options.out)
        after = book.current(assignment.name)
    shown = facts.with_missing(after)
    tables.write(options.out, shown, assignment, facts.marks(shown))
    pages = Pages(options.out, facts, found.language)
    pages.complete(after)
    classroom.write(pages, facts, shown)
    return Result(before, after, again.stale, options.out)


class _Again:
    """Rescores grade after grade, and keeps what cannot be had without running notebooks."""

    def __init__(self, course: Path, assignment: Assignment, book: Gradebook) -> None:
        self.stale: list[Stale] = []
        self._course, self._assignment, self._book = course, assignment, book
        self._keys: dict[Conditions, Keys] = {}
        self._rescorer: Rescorer | None = None

    def rescored(self, row: GradeRow) -> tuple[Grade, str] | None:
        """The student's grade as it is now, with its key, where it is another one."""
        if row.problem and not row.items:
            return None  # nothing could be read, so there is nothing to judge
        conditions = Conditions(self._book.secret, row.profile, row.device, row.sandboxed)
        if conditions not in self._keys:
            self._keys[conditions] = keys.of(self._course, self._assignment, conditions)
        terms = Terms(self._assignment, self._keys[conditions], [item.id for item in self._assignment.items], anew=())
        found = stands(row, row.sha256, terms)
        if found.rejudge:
            found = stands(row, row.sha256, terms, self._ready().of(row, terms.keys, conditions))
        kept = {each.item: each for each in row.items}
        scores = [
            found.scores[item.id] if item.id in found.scores else as_stored(item, kept[item.id])
            for item in self._assignment.items
            if item.id in found.scores or item.id in kept
        ]
        self.stale += [Stale(row.student_id, item) for item in found.run]
        return (rescored(row, scores), terms.keys.whole(row.sha256)) if differs(row, scores) else None

    def _ready(self) -> Rescorer:
        if self._rescorer is None:
            from grader import checks
            from grader.commands.rescoring import Rescorer  # torch comes with it

            rubric.load(self._course, checks.bind)
            self._rescorer = Rescorer(self._course, self._assignment, self._book)
        return self._rescorer
