"""`grader similar`: which submissions share code that nothing explains, on a page for a person; no mark knows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grader
from grader import rubric, submissions
from grader.commands import choosing
from grader.errors import UsageError
from grader.exports import files
from grader.probes import names_of
from grader.records import Assignment, Rubric
from grader.similarity import Compared, Definition, Work, compare, definitions_of, in_text

FILE: Final = "similar.html"
_LIBRARY: Final = Path(grader.__file__).parent / "kernel" / "inside" / "site" / "d2l"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    paths: tuple[Path, ...]
    course: Path | None = None
    assignment: str | None = None
    out: Path = Path("results")
    expected: tuple[Path, ...] = ()  # code that everybody may have, beside the assignment's and the reference's


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told how far it is."""

    planned: Callable[[str, int], None] = lambda what, count: None
    done: Callable[[], None] = lambda: None
    told: Callable[[str], None] = lambda sentence: None


@dataclass(frozen=True, slots=True)
class Result:
    """What was found, and where it is written."""

    page: Path
    compared: Compared
    students: int
    unread: Sequence[str]


def similar(options: Options, watch: Watch = Watch()) -> Result:
    """Compare the definitions of all submissions, and write the page.

    Raises:
        GraderError: with one clear line.
    """
    from grader.reports import similarity as report  # who compares nothing need not wait for Jinja

    read = rubric.load(choosing.course(options.course, options.paths), rubric.unproven)
    number = read.intake.student_number or submissions.DEFAULT_PATTERN
    found = submissions.read(options.paths, student_number=number)
    assignment, chosen = choosing.choose(read, options.assignment, found)
    if chosen:
        watch.told(chosen)
    expected = [*_expected(read, assignment), *_given(options.expected)]
    works, unread = [], []
    watch.planned("reading", len(found))
    for each in found:
        definitions, problems = definitions_of(each)
        works.append(Work(each.student.id, each.student.name, definitions))
        unread += [f"{each.student.id}: {problem}" for problem in problems]
        watch.done()
    compared = compare(works, expected)
    targets = {name: item.section for item in assignment.items for name in names_of(item.target)}
    text = report.page(
        compared, title=assignment.title or assignment.name, students=len(works), sections=targets, unread=unread
    )
    files.write(options.out / FILE, text, encoding="utf-8", durable=False)
    return Result(options.out / FILE, compared, len(works), unread)


def _expected(read: Rubric, assignment: Assignment) -> Iterator[Definition]:
    """What the assignment hands out, the reference's own code, and the library's."""
    if notebooks := sorted(assignment.notebooks.glob("*.ipynb")):
        yield from _given(notebooks)
    reference = read.course / "reference" / assignment.reference
    for path in (*sorted(reference.glob("*.py")), *sorted(_LIBRARY.glob("*.py"))):
        yield from in_text(path.read_text(encoding="utf-8", errors="replace"), path.name)


def _given(paths: Sequence[Path]) -> Iterator[Definition]:
    """The definitions of notebooks and Python files.

    Raises:
        UsageError: one does not exist, or holds none.
    """
    for path in paths:
        if path.suffix == ".py":
            try:
                text = path.read_text(encoding="utf-8", errors="replace")
            except OSError as error:
                raise UsageError(f"{path} cannot be read: {error.strerror}") from error
            yield from in_text(text, path.name)
        else:
            for each in submissions.read([path]):
                yield from definitions_of(each)[0]
