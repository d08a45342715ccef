"""`grader check`: a student's own check of a notebook, with public cases, unofficial."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from grader import datasets, homes, scoring, submissions
from grader.commands import choosing
from grader.errors import UsageError
from grader.kernel.sandbox import Confinement
from grader.records import Assignment, Grade, Item, Profile, Submission
from grader.runners.work import Grading, Work

_NOT_BY_DEFAULT = ("learns", "answered")  # minutes of training; nothing a machine can judge


def check(
    notebook: Path,
    wanted: Sequence[str],
    *,
    course: Path | None,
    assignment: str | None,
    told: Callable[[str], None] = lambda sentence: None,
) -> Grade:
    """Run a notebook in a plain process with limits and judge it with the public cases.

    Args:
        notebook: the student's file.
        wanted: item ids, sections or names; everything but accuracy and written answers when empty.
        course: the folder with rubric.yaml, or that students received; found upwards from the notebook when None.
        assignment: its name; when None the only one, or the one whose names the notebook defines.
        told: hears which assignment was chosen.

    Raises:
        GraderError: with one clear line.
    """
    submission = one(notebook)
    return Grading(work(notebook, submission, wanted, course=course, assignment=assignment, told=told))(submission)


def work(
    notebook: Path,
    submission: Submission,
    wanted: Sequence[str],
    *,
    course: Path | None,
    assignment: str | None,
    told: Callable[[str], None],
) -> Work:
    """What is needed to check a notebook; the arguments are those of `check`, `submission` is what it says.

    Raises:
        GraderError: with one clear line.
    """
    from grader import checks

    home = course or homes.find(notebook.resolve().parent)
    chosen, sentence = choosing.choose(homes.load(home, checks.bind), assignment, [submission])
    if sentence:
        told(sentence)
    only = tuple(item.id for item in _items(chosen, wanted))
    confinement = Confinement("none", datasets.training_folder(), limits=chosen.limits)
    return Work(home, chosen, None, confinement, Profile.QUICK, warm=False, only=only)


def one(notebook: Path) -> Submission:
    """Read one notebook.

    Raises:
        UsageError: it does not exist, or is none.
    """
    if notebook.is_dir():
        raise UsageError(f"{notebook} is a folder; `grader check` takes one notebook")
    (found,) = submissions.read([notebook])
    if found.unreadable and not found.notebooks:
        raise UsageError(found.unreadable[0])
    return found


def _items(assignment: Assignment, wanted: Sequence[str]) -> list[Item]:
    if not wanted:
        return [item for item in assignment.items if item.check not in _NOT_BY_DEFAULT]
    chosen = [item for item in assignment.items if {item.id, item.section, item.target} & set(wanted)]
    known = {word for item in assignment.items for word in (item.id, item.section, item.target)}
    for word in wanted:
        if word not in known:
            names = ", ".join(dict.fromkeys(item.target for item in assignment.items if item.check != "answered"))
            raise UsageError(f"nothing is called {word!r}; try a section such as 7.2 or one of {names}")
    ids = {item.id for item in chosen}
    ids |= scoring.needed(ids, assignment.items)
    return [item for item in assignment.items if item.id in ids]
