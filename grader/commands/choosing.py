"""Which assignment is meant where nobody says so: the one whose names the submitted notebooks define."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from grader import datasets, notebook, rubric
from grader.errors import DataMissing, UsageError
from grader.records import Assignment, Item, Rubric, Submission

SAMPLE = 40  # submissions that are looked at
_TOLD = 3  # broken files that are named


def course(given: Path | None, paths: Sequence[Path]) -> Path:
    """The folder of the course: the one that is given, else the nearest one around the current folder.

    Raises:
        RubricError: there is none.
        UsageError: it lies in what is to be read, where students put files: its reference would be run unconfined.
    """
    if given is not None:
        return given
    found = rubric.find_course(Path.cwd())
    for path in paths:
        if path.is_dir() and found.is_relative_to(path.resolve()):
            raise UsageError(
                f"{found / rubric.FILE} lies in {path}, among what was handed in, and would decide what is asked; "
                "give --course with the folder of your course"
            )
    return found


def choose(course: Rubric, name: str | None, found: Sequence[Submission]) -> tuple[Assignment, str]:
    """The assignment, and a sentence for the user; the sentence is empty where there was nothing to choose.

    Raises:
        RubricError: no such assignment, or several to choose from and none that fits best.
        UsageError: nothing that was handed in can be read, so that nothing tells the assignment.
    """
    if name is not None or len(course.assignments) == 1:
        return rubric.choose(course, name), ""
    if found and not any(each.notebooks for each in found):
        told = " ".join(sentence for each in found[:_TOLD] for sentence in each.unreadable[:1])
        more = f" ({len(found) - _TOLD} more are like that.)" if len(found) > _TOLD else ""
        known = " or ".join(course.assignments)
        raise UsageError(f"{told}{more} To have it in the table all the same, give --assignment {known}")
    step = -(-len(found) // SAMPLE) or 1
    chosen = rubric.choose(course, None, [set(_defined(each)) for each in found[::step]])
    notebooks = "this notebook" if sum(len(each.notebooks) for each in found) == 1 else "these notebooks"
    return chosen, f"Assignment: {chosen.name} (its names fit {notebooks} best)"


def missing_data(items: Sequence[Item]) -> Iterator[str]:
    """A sentence per data set that items ask for and this machine lacks."""
    wanted: dict[str, list[str]] = {}
    for item in items:
        if "data" in item.options:
            wanted.setdefault(str(item.options["data"]), []).append(item.id)
    for name, ids in wanted.items():
        try:
            datasets.folder(name)
        except DataMissing as error:
            yield f"{', '.join(ids)} will wait for staff: {error}"


def _defined(submission: Submission) -> Iterator[str]:
    for file in submission.notebooks:
        try:
            read = notebook.read(file)
        except notebook.UnreadableNotebook:
            continue
        for cell in read.legible:
            yield from _definitions(cell.source)
    for attached in submission.attachments:
        if attached.name.endswith(".py"):
            yield from _definitions(attached.content.decode("utf-8", "replace"))


def _definitions(source: str) -> tuple[str, ...]:
    # Most cells define nothing, and reading one as IPython does takes a while.
    return notebook.definitions(source) if "def " in source or "class " in source else ()
