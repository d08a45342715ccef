"""`grader forget`: delete one student's data from a results folder, and say what lies elsewhere."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader import extensions, rubric
from grader.commands import classroom, tables
from grader.commands.pages import Pages
from grader.commands.stored import Facts
from grader.errors import MachineryError, UsageError
from grader.gradebook import Gradebook
from grader.records import Assignment, Rubric
from grader.spelling import hint

_PAGES: Final = "feedback"
_DERIVED: Final = ("exports", _PAGES)  # folders of files that are made from the gradebook
_SHORT: Final = 4  # bytes
_ENCODINGS: Final = ("utf-8", "utf-16-le", "cp949")


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    student: str
    out: Path = Path("results")
    course: Path | None = None
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What is deleted, or would be, and what only people can delete."""

    rows: Mapping[str, int]  # by table; empty where nothing has been deleted yet
    grades: int
    files: Sequence[Path]
    elsewhere: Sequence[str]


def forget(options: Options) -> Forgotten:
    """Delete one student from the gradebook and from everything that was made of it; without `sure` only look.

    Raises:
        GraderError: with one clear line.
    """
    course = rubric.load(options.course or rubric.find_course(Path.cwd()), rubric.unproven)
    with Gradebook.open(options.out / "gradebook.db", writing=options.sure) as book:
        known = _Known.of(book, course, options)
        files = list(_files(options.out, known.words))
        elsewhere = _elsewhere(course, known)
        if not options.sure:
            return Forgotten({}, known.grades, files, elsewhere)
        for path in files:  # before the gradebook: were we stopped here, the command could be given again
            _unlink(path)
        rows = book.forget(options.student)
        for assignment in course.assignments.values():
            if assignment.name in known.assignments and _tabulated(options.out, assignment):
                facts = Facts.of(course, assignment, book)
                left = facts.with_missing(book.current(assignment.name))
                tables.write(options.out, left, assignment, facts.marks(left))
                classroom.write(Pages(options.out, facts, course.language), facts, left)
    return Forgotten(rows, known.grades, files, elsewhere)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a gradebook knows of a student."""

    student: str
    grades: int
    assignments: Collection[str]
    words: Set[str]  # by which a file is recognised as the student's
    submissions: Collection[str]

    @classmethod
    def of(cls, book: Gradebook, course: Rubric, options: Options) -> _Known:
        student, everybody = options.student, set[str]()
        grades, assignments, submissions = 0, [], dict[str, None]()
        words = {student}
        for name in course.assignments:
            people = [each for each in book.roster(name) if each.student_id == student]
            history = book.history(name, student)
            everybody |= {row.student_id for row in book.current(name)} | {e.student_id for e in book.roster(name)}
            grades += len(history)
            if history or people:
                assignments.append(name)
            submissions |= {row.submission: None for row in history if row.submission}
            for person in people:
                words |= {person.number, person.login, person.email, person.name}
            words |= {row.student_name for row in history}
        if not assignments:
            raise UsageError(f"{options.out} knows nothing of a student {student!r}{hint(student, everybody)}")
        return cls(student, grades, assignments, {word for word in words if len(word) > 1}, list(submissions))


def _files(out: Path, words: Set[str]) -> list[Path]:
    """Derived files that are named after the student or hold any word of who it is; they can be made anew."""
    long = {word for word in words if len(word.encode()) > _SHORT}
    marks = {word.encode(encoding, "ignore") for word in long for encoding in _ENCODINGS} - {b""}
    # A short word stands within others by chance, and as one of its own in what other students wrote.
    whole = [_whole(word) for word in words - long]
    found = []
    try:
        derived = [
            *out.glob("*.html"),
            *out.glob("intake.csv"),
            *(path for folder in _DERIVED for path in (out / folder).rglob("*")),
        ]
        for path in sorted(derived):
            # The page of similar code shows what many wrote, and short names are not looked for.
            named = path.stem in words or path.name == classroom.SIMILAR
            if not path.is_file():
                continue
            content = path.read_bytes()
            listing = path.parent != out / _PAGES
            if (
                named
                or any(mark in content for mark in marks)
                or (listing and any(each.search(content) for each in whole))
            ):
                found.append(path)
    except OSError as error:
        raise MachineryError(f"{error.filename} cannot be read: {error.strerror}") from error
    return found


def _whole(word: str) -> re.Pattern[bytes]:
    """Finds a word that stands by itself, in any of the encodings."""
    spelt = {word.encode(encoding, "ignore") for encoding in _ENCODINGS} - {b""}
    return re.compile(rb"(?<![0-9A-Za-z])(?:%s)(?![0-9A-Za-z])" % b"|".join(map(re.escape, sorted(spelt))))


def _elsewhere(course: Rubric, known: _Known) -> list[str]:
    told = [f"the submission itself: {name}" for name in known.submissions]
    try:
        given = extensions.load(course.course / extensions.FILE, rubric.time_zone(course.intake))
    except OSError:
        given = {}
    if any(name in known.words for students in given.values() for name in students):
        told.append(f"{extensions.FILE} names the student")
    if course.intake.roster is not None:
        told.append(f"the roster {course.intake.roster}")
    return [*told, "downloads, templates and tables that were copied out of this folder, backups, and the LMS itself"]


def _tabulated(out: Path, assignment: Assignment) -> bool:
    """Whether grades.csv is of this assignment."""
    try:
        with (out / "grades.csv").open(encoding="utf-8-sig") as file:
            header = next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError):
        return False
    return {item.id for item in assignment.items} <= set(header)


def _unlink(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise MachineryError(f"{path} cannot be removed ({error.strerror}); the gradebook is untouched") from error
