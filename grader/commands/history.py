"""`grader history` and `grader request`: what happened to one student's grade, and a wish to look at it again."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import rubric
from grader.commands import stored, whom
from grader.decisions import Decision, Kind
from grader.errors import UsageError
from grader.gradebook import Gradebook
from grader.records import Assignment
from grader.reports.chronicle import Event, events
from grader.spelling import hint


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    student: str
    out: Path = Path("results")
    course: Path | None = None
    assignment: str | None = None


def history(options: Options) -> Sequence[Event]:
    """Every grade of a student and everything that people decided about it, oldest first.

    Raises:
        GraderError: with one clear line.
    """
    with Gradebook.open(options.out / "gradebook.db", writing=False) as book:
        assignment = _assignment(options, book)
        student = whom.student(options.student, assignment.name, book, options.out)
        return events(book.history(assignment.name, student), book.decisions(assignment.name, student))


def request(options: Options, item: str, text: str, who: str = "") -> int:
    """Record that a student asks for another look, and give the number of the request.

    Args:
        options: whose, and of which assignment.
        item: its id; empty for the whole.
        text: what the student says.
        who: records it.

    Raises:
        GraderError: with one clear line.
    """
    with Gradebook.beside(options.out / "gradebook.db") as book:
        assignment = _assignment(options, book)
        student = whom.student(options.student, assignment.name, book, options.out)
        if item and item not in {each.id for each in assignment.items}:
            known = [each.id for each in assignment.items]
            raise UsageError(f"{assignment.name} has no item {item!r}{hint(item, known)}")
        if not text.strip():
            raise UsageError("say by --text what the student asks for")
        who = who or getpass.getuser()
        return book.decide(Decision(assignment.name, student, item, Kind.REQUEST, who, text=text.strip()))


def _assignment(options: Options, book: Gradebook) -> Assignment:
    course = rubric.load(options.course or rubric.find_course(Path.cwd()), rubric.unproven)
    return stored.graded(course, options.assignment, options.out, book)
