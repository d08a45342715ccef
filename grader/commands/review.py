"""`grader review`: the pages on which people mark answers and correct marks; nothing is run."""

from __future__ import annotations

import getpass
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from grader import rubric
from grader.commands import classroom, stored, tables
from grader.commands.pages import Pages
from grader.commands.stored import Facts
from grader.errors import UsageError
from grader.gradebook import Gradebook
from grader.records import Assignment, Rubric

if TYPE_CHECKING:
    from flask import Flask

    from grader.reviewing.guarding import Guard


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    out: Path = Path("results")
    course: Path | None = None
    assignment: str | None = None
    port: int = 0
    who: str = ""


@dataclass(slots=True)
class Review:
    """What is reviewed, and of whom something was decided so far."""

    options: Options
    course: Rubric
    assignment: Assignment
    changed: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, options: Options) -> Review:
        """Find the assignment.

        Raises:
            GraderError: with one clear line.
        """
        course = rubric.load(options.course or rubric.find_course(Path.cwd()), rubric.unproven)
        with Gradebook.open(options.out / "gradebook.db", writing=False) as book:
            return cls(options, course, stored.graded(course, options.assignment, options.out, book))

    def app(self, guard: Guard) -> Flask:
        """The pages on which to decide."""
        from grader.reviewing.app import app
        from grader.reviewing.classroom import Classroom
        from grader.reviewing.deeds import Desk

        room = Classroom(self.options.out / "gradebook.db", self.assignment)
        pages = Pages(self.options.out, Facts.of(self.course, self.assignment, room.book), self.course.language)

        def changed(student: str) -> None:
            with pages.replaced(
                student
            ):  # a page that is missing is written by whoever grades next, a stale one is not
                self.changed.add(student)

        return app(Desk(room, self.options.who or getpass.getuser()), guard, changed)

    def finish(self) -> None:
        """Write the tables, and the pages of those about whom something was decided."""
        if not self.changed:
            return
        with Gradebook.open(self.options.out / "gradebook.db", writing=False) as book:
            facts = Facts.of(self.course, self.assignment, book)
            rows = book.current(self.assignment.name)
        pages = Pages(self.options.out, facts, self.course.language)
        for row in rows:
            if row.student_id in self.changed:
                pages.write(row)
        shown = facts.with_missing(rows)
        tables.write(self.options.out, shown, self.assignment, facts.marks(shown))
        classroom.write(pages, facts, shown)


def review(options: Options, told: Callable[[str], None]) -> Review:
    """Serve the pages until Ctrl-C, then write the tables and pages that have changed.

    Args:
        options: what is asked for.
        told: hears the address.

    Raises:
        GraderError: with one clear line.
    """
    try:
        from grader.reviewing.guarding import Guard
        from grader.reviewing.serving import listening, serve
    except ImportError as error:
        raise UsageError(
            f"`grader review` needs {error.name}, which is not installed: pip install 'convgrader[review]'"
        ) from error
    found = Review.of(options)
    with listening(options.port) as opened:
        guard = Guard(opened.getsockname()[1])
        made = found.app(guard)
        told(guard.address)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            serve(made, opened)
        except KeyboardInterrupt:
            pass
    found.finish()
    return found
