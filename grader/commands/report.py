"""`grader report`: every feedback page and the class report written anew from the gradebook; nothing is run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import rubric
from grader.commands import classroom, printing, stored
from grader.commands.pages import FOLDER, Pages
from grader.gradebook import Gradebook
from grader.records import Status


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    out: Path = Path("results")
    course: Path | None = None
    assignment: str | None = None
    language: str | None = None  # None: as the rubric has it
    pdf: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What was written, and where."""

    folder: Path
    pages: Sequence[Path]
    classroom: Path
    printed: Sequence[Path]
    needs_staff: bool

    @property
    def exit_code(self) -> int:
        """1 when something needs staff, else 0."""
        return 1 if self.needs_staff else 0


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told how far it is."""

    planned: Callable[[str, int], None] = lambda what, count: None  # what is made now, and how many
    done: Callable[[], None] = lambda: None  # one of them


def report(options: Options, watch: Watch = Watch()) -> Result:
    """Write the pages, and print them where that is asked for.

    Args:
        options: what is asked for.
        watch: hears of each page.

    Raises:
        GraderError: with one clear line; what was written stays.
    """
    with Gradebook.open(options.out / "gradebook.db", writing=False) as book:
        course = rubric.load(options.course or rubric.find_course(Path.cwd()), rubric.unproven)
        assignment = stored.graded(course, options.assignment, options.out, book)
        facts = stored.Facts.of(course, assignment, book)
        pages = Pages(options.out, facts, options.language or course.language)
        rows = book.current(assignment.name)
    watch.planned("pages", len(rows))
    written = []
    for row in rows:
        written.append(pages.write(row))
        watch.done()
    whole = classroom.write(pages, facts, facts.with_missing(rows))
    printed: Sequence[Path] = ()
    if options.pdf:
        browser = printing.browser()
        watch.planned(f"printing with {browser.name}", len(written) + 1)
        printed = printing.printed(browser, [*written, whole], watch.done)
    staff = any(row.status is Status.NEEDS_STAFF for row in rows)
    return Result(options.out / FOLDER, written, whole, printed, staff)
