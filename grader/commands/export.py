"""`grader export`: stored grades as the file that another program takes; nothing is run and no grade is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader import rubric
from grader.commands import stored
from grader.errors import CourseError, MachineryError, UsageError
from grader.exports import EXPORTS, files, sheets
from grader.exports.outgoing import Kind, Outgoing, Request, Result
from grader.exports.sheets import Sheet
from grader.gradebook import Gradebook
from grader.records import Assignment, Status

_LARGEST: Final = 64 * 2**20  # bytes of a template
_STAFF: Final = (Kind.UNMATCHED, Kind.AMBIGUOUS, Kind.ABOVE, Kind.LOCKED)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    format: str
    out: Path = Path("results")
    course: Path | None = None
    assignment: str | None = None
    template: Path | None = None
    column: str = ""
    output: Path | None = None
    dry_run: bool = False
    provisional: bool = False
    sections: tuple[str, ...] = ()
    assistant: str = ""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was made, and where it lies; nowhere after a dry run."""

    result: Result
    paths: Sequence[Path]
    unknown: Sequence[str]  # names in extensions.yaml that are nobody's
    needs_staff: bool

    @property
    def exit_code(self) -> int:
        """1 when somebody has to look before the upload, else 0."""
        return 1 if self.needs_staff or any(each.kind in _STAFF for each in self.result.troubles) else 0


def export(options: Options) -> Exported:
    """Make the files of one format and write them, each whole or not at all.

    Raises:
        GraderError: with one clear line; nothing has been written then.
    """
    format = EXPORTS[options.format]
    if options.template and not fills(options):
        taking = ", ".join(name for name, each in EXPORTS.items() if each.takes_template)
        raise UsageError(f"`grader export {options.format}` fills in no template; those that do are {taking}")
    template = _template(options.template) if options.template else None
    with Gradebook.open(options.out / "gradebook.db", writing=False) as book:
        course = rubric.load(options.course or rubric.find_course(Path.cwd()), rubric.unproven)
        assignment = stored.graded(course, options.assignment, options.out, book)
        facts = stored.Facts.of(course, assignment, book)
        rows = book.current(assignment.name)
        stale = stored.staleness(course, assignment, rows, book.secret)
        pseudonyms = book.pseudonym_key
    outgoing = stored.outgoing(facts, rows, stale)
    sections = _sections(options, assignment)
    if template is None and sections:
        outgoing = [each for each in outgoing if each.enrolled.within(sections)]
        if not outgoing:
            raise UsageError(f"nobody is known to be in {', '.join(sections)}; grade with a --roster that has sections")
    pages = _pages(options.out / "feedback", outgoing) if format.takes_pages else {}
    request = Request(outgoing, assignment, template, options.column, options.provisional, sections, pages, pseudonyms)
    result = format.make(request)
    paths = [] if options.dry_run else _write(options, result)
    staff = any(each.row.status is Status.NEEDS_STAFF for each in outgoing)
    return Exported(result, paths, facts.unknown, staff)


def fills(options: Options) -> bool:
    """Whether the format is that of an LMS's own file."""
    return EXPORTS[options.format].takes_template


def _template(path: Path) -> Sheet:
    """The instructor's file.

    Raises:
        CourseError: it cannot be read, or is none.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise CourseError(f"{path} is larger than {_LARGEST // 2**20} MiB, which no gradebook is")
        return sheets.read(path.read_bytes(), path.name)
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}") from error


def _sections(options: Options, assignment: Assignment) -> tuple[str, ...]:
    """The sections that are asked for, by name or by who looks after them.

    Raises:
        UsageError: the assistant has none.
    """
    if not options.assistant:
        return options.sections
    known = assignment.policy.sections if assignment.policy else {}
    theirs = [section for section, people in known.items() if options.assistant in people]
    if not theirs:
        people = sorted({who for each in known.values() for who in each})
        told = f"there are {', '.join(people)}" if people else "write `policy: {sections: ...}` into rubric.yaml"
        raise UsageError(f"{options.assistant!r} looks after no section; {told}")
    return (*options.sections, *theirs)


def _pages(folder: Path, outgoing: Sequence[Outgoing]) -> dict[str, bytes]:
    """The feedback pages that are there, by student id."""
    try:
        there = {path.stem: path for path in folder.iterdir() if path.suffix == ".html"} if folder.is_dir() else {}
        return {each.id: there[each.id].read_bytes() for each in outgoing if each.id in there}
    except OSError as error:
        raise MachineryError(f"{error.filename or folder} cannot be read: {error.strerror}") from error


def _write(options: Options, result: Result) -> list[Path]:
    single = len(result.files) == 1 and (options.output is None or options.output.suffix != "")
    folder = options.out / "exports"
    paths = []
    for name, content in result.files.items():
        if single:
            usual = folder / (options.template.name if options.template else name)
            path = options.output or usual
        else:
            path = (options.output or folder / options.format) / name
        files.write_bytes(path, content)
        paths.append(path)
    return paths
