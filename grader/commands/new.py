"""`grader new` and `grader stubs`: a new assignment, and its notebooks in step with its reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader import documents, rubric
from grader.authoring import cells, converting, masters, scaffold
from grader.authoring.stubs import Stub, stubs
from grader.errors import CourseError, RubricError, UsageError
from grader.exports import files
from grader.probes import names_of
from grader.records import Assignment


@dataclass(frozen=True, slots=True)
class Made:
    """A new assignment.

    Args:
        name: of the assignment.
        course: its folder.
        begun: whether the course is new as well.
        files: what was written, in order.
    """

    name: str
    course: Path
    begun: bool
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Renewed:
    """What became of the stubs of an assignment.

    Args:
        written: by notebook the names whose stubs are new in it.
        added: the names that no notebook had, in the notebook at whose end they stand now.
        gone: by notebook the names that its cells ask for and the reference lacks.
        unmarked: whether no notebook has any cell that is made of the reference.
    """

    written: Mapping[Path, tuple[str, ...]]
    added: Mapping[Path, tuple[str, ...]]
    gone: Mapping[Path, tuple[str, ...]]
    unmarked: bool

    @property
    def changed(self) -> bool:
        """Whether any notebook is another one now."""
        return bool(self.written or self.added)


# ---- a new assignment ------------------------------------------------------------------------------------------------


def new(name: str, *, title: str = "", course: Path | None = None) -> Made:
    """Write the files of a new assignment, which `grader verify` finds sound, into a course or as a new one.

    Raises:
        UsageError: nothing can be called so, or something is called so already; nothing is written then.
        RubricError: rubric.yaml cannot be added to.
    """
    module = _checked(name)
    called = _title(title or name.replace("-", " ").capitalize())
    made = scaffold.example_files(name, called)
    return _written(name, module, made, scaffold.entry(name, called, scaffold.example_items()), course)


def convert(name: str, source: Path, *, title: str = "", course: Path | None = None) -> Made:
    """Make an assignment of a master notebook of nbgrader or otter-assign, which is never run.

    Raises:
        UsageError: the notebook cannot be read, or is no master; or see `new`.
        RubricError: rubric.yaml cannot be added to.
    """
    module = _checked(name)
    called = _title(title or name.replace("-", " ").capitalize())
    try:
        made, entry = converting.convert(name, called, masters.read(source.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"{source} cannot be read: {error.strerror}") from error
    except ValueError as error:  # a text that is no UTF-8 is one, too
        raise UsageError(f"{source}: {error}") from error
    return _written(name, module, made, entry, course)


def _written(name: str, module: str, made: Mapping[str, str], entry: str, course: Path | None) -> Made:
    """Put the files of a new assignment into its course, the entry in the rubric last.

    Raises:
        UsageError: something is called so already.
        RubricError: rubric.yaml cannot be added to.
    """
    folder, begun = _course(course)
    path = folder / rubric.FILE
    for place in (folder / "assignments" / name, folder / "reference" / module):
        if place.exists():
            raise UsageError(f"{place} exists already; nothing is overwritten, choose another name or remove it")
    try:
        before = scaffold.RUBRIC if begun else path.read_bytes().decode("utf-8")
        after = documents.with_entry(before, "assignments", name, entry)
    except OSError as error:
        raise RubricError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:  # a text that is no UTF-8 is one, too
        raise RubricError(f"{path}: {error}") from error
    for below, text in made.items():
        files.write(folder / below, text, encoding="utf-8")
    files.write(path, after, encoding="utf-8")
    return Made(name, folder, begun, (*(folder / below for below in made), path))


def _checked(name: str) -> str:
    try:
        return scaffold.module_name(name)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _title(title: str) -> str:
    """A title that can stand in the docstrings of the reference."""
    if not title.isprintable() or '"""' in title or "\\" in title or not title.strip():
        raise UsageError(f"{title!r} cannot be the title; it takes one line without backslashes")
    return title


def _course(given: Path | None) -> tuple[Path, bool]:
    """The folder of the course, and whether it is only begun now."""
    if given is not None:
        return given, not (given / rubric.FILE).is_file()
    try:
        return rubric.find_course(Path.cwd()), False
    except RubricError:
        return Path.cwd(), True


# ---- stubs -----------------------------------------------------------------------------------------------------------


def renew(name: str, *, course: Path | None = None, only_look: bool = False) -> Renewed:
    """Bring the stub cells of an assignment's notebooks in step with its reference; what else they hold stays.

    A name that an item asks for and that no notebook binds gets a cell at the end of the last notebook.

    Args:
        name: of the assignment.
        course: its folder; found upwards if absent.
        only_look: whether nothing is written.

    Raises:
        CourseError: the reference or a notebook cannot be read.
    """
    folder = course or rubric.find_course(Path.cwd())
    assignment = rubric.choose(rubric.load(folder, rubric.unproven), name)
    known = _known(folder / "reference" / assignment.reference / "solutions.py")
    looked = {path: _in_step(path, known) for path in sorted(assignment.notebooks.glob("*.ipynb"))}
    if not looked:
        raise CourseError(f"{assignment.notebooks} holds no notebook")
    texts = {path: one.text for path, one in looked.items() if one.changed}
    held = {each for one in looked.values() for each in one.held}
    added: dict[Path, tuple[str, ...]] = {}
    unmarked = not any(cells.stub_names(one.text) for one in looked.values())
    last = max(looked)
    if not unmarked and (lacking := [each for each in _asked(assignment) if each in known and each not in held]):
        further = [cell for each in lacking for cell in (cells.stub_cell([known[each]]), cells.check_cell(each))]
        texts[last] = cells.with_cells(looked[last].text, further)
        added[last] = tuple(lacking)
    if not only_look:
        for path, text in texts.items():
            files.write(path, text, encoding="utf-8")
    return Renewed(
        {path: one.changed for path, one in looked.items() if one.changed},
        added,
        {path: one.gone for path, one in looked.items() if one.gone},
        unmarked,
    )


def _known(path: Path) -> Mapping[str, Stub]:
    try:
        return stubs(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CourseError(f"{path}: {error}") from error


def _in_step(path: Path, known: Mapping[str, Stub]) -> cells.InStep:
    try:
        return cells.in_step(path.read_text(encoding="utf-8"), known)
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CourseError(f"{path} is no notebook: {error}") from error


def _asked(assignment: Assignment) -> list[str]:
    """The names that items ask for, each once."""
    targets = (item.target for item in assignment.items if item.check != "answered")
    return list(dict.fromkeys(name for target in targets for name in names_of(target)))
