"""`grader check`: a student's own check of a notebook, with public cases, unofficial."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from grader import datasets, homes, scoring, submissions
from grader.commands import choosing
from grader.errors import UsageError
from grader.kernel.sandbox import Confinement
from grader.records import Assignment, Grade, Item, Profile, Submission
from grader.runners.work import Grading, Work
from grader.spelling import hint
from grader.submissions.names import is_notebook

_NOT_BY_DEFAULT = ("learns", "answered")  # minutes of training; nothing a machine can judge


def check(
    paths: Sequence[Path],
    wanted: Sequence[str],
    *,
    course: Path | None,
    assignment: str | None,
    told: Callable[[str], None] = lambda sentence: None,
) -> Grade:
    """Run a student's notebooks in plain processes with limits and judge them with the public cases.

    Args:
        paths: notebooks, or folders with notebooks.
        wanted: item ids, sections or names; everything but accuracy and written answers when empty.
        course: the folder with rubric.yaml, or that students received; found upwards from the first path when None.
        assignment: its name; when None the only one, or the one whose names the notebooks define.
        told: hears which assignment was chosen, and which notebooks cannot be read.

    Raises:
        GraderError: with one clear line.
    """
    submission = together(paths)
    for sentence in submission.unreadable:
        told(sentence)
    return Grading(work(paths[0], submission, wanted, course=course, assignment=assignment, told=told))(submission)


def work(
    path: Path,
    submission: Submission,
    wanted: Sequence[str],
    *,
    course: Path | None,
    assignment: str | None,
    told: Callable[[str], None],
) -> Work:
    """What is needed to check notebooks; the arguments are those of `check`, `submission` is what they say.

    Raises:
        GraderError: with one clear line.
    """
    from grader import checks

    home = course or homes.find(path if path.is_dir() else path.resolve().parent)
    chosen, sentence = choosing.choose(homes.load(home, checks.bind), assignment, [submission])
    if sentence:
        told(sentence)
    only = tuple(item.id for item in _items(chosen, wanted))
    confinement = Confinement("none", datasets.training_folder(), limits=chosen.limits)
    return Work(home, chosen, None, confinement, Profile.QUICK, warm=False, only=only)


def whole(paths: Sequence[Path]) -> Submission:
    """The same as `together`, where every notebook can be read: one that is being written would be missed.

    Raises:
        UsageError: as there, or a notebook cannot be read.
    """
    submission = together(paths)
    if submission.unreadable:
        raise UsageError(submission.unreadable[0])
    return submission


def together(paths: Sequence[Path]) -> Submission:
    """Notebooks as one student hands them in, with the `.py` files beside those of a folder.

    Raises:
        UsageError: a path does not exist, none is a notebook, or two have the same name.
    """
    listed = list(dict.fromkeys(file for path in paths for file in (within(path) if path.is_dir() else [path])))
    found = [each for path in listed for each in submissions.read([path])]
    files = [file for each in found for file in each.notebooks]
    if not files:
        raise UsageError(" ".join(sentence for each in found for sentence in each.unreadable[:1]))
    names = [file.name for file in files]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise UsageError(f"two of the notebooks are called {twice}; check them one at a time, or rename one")
    return Submission(
        student=found[0].student,
        name=", ".join(file.name for file in files),
        notebooks=tuple(files),
        attachments=tuple(file for each in found for file in each.attachments),
        unreadable=tuple(sentence for each in found if not each.attachments for sentence in each.unreadable),
        sha256=found[0].sha256,
    )


def within(folder: Path) -> list[Path]:
    """The notebooks of a folder and its modules, not those of folders in it.

    Raises:
        UsageError: it cannot be read, or holds no notebook.
    """
    try:
        found = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {error.strerror}") from error
    if not any(is_notebook(path.name) for path in found):
        raise UsageError(f"{folder} holds no notebook")
    return [path for path in found if is_notebook(path.name) or path.suffix == ".py"]


def _items(assignment: Assignment, wanted: Sequence[str]) -> list[Item]:
    if not wanted:
        return [item for item in assignment.items if item.check not in _NOT_BY_DEFAULT]
    chosen = [item for item in assignment.items if {item.id, item.section, item.target} & set(wanted)]
    known = {word for item in assignment.items for word in (item.id, item.section, item.target)}
    for word in wanted:
        if word not in known:
            raise UsageError(f"nothing is called {word!r}{_meant(word, known, assignment)}")
    ids = {item.id for item in chosen}
    ids |= scoring.needed(ids, assignment.items)
    return [item for item in assignment.items if item.id in ids]


def _meant(word: str, known: Collection[str], assignment: Assignment) -> str:
    """How a message about an unknown word ends."""
    if "did you mean" in (close := hint(word, known)):
        return close
    names = ", ".join(dict.fromkeys(item.target for item in assignment.items if item.check != "answered"))
    return f"; try a section such as {assignment.items[0].section} or one of {names}"
