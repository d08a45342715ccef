"""A home: the folder that says what is asked and knows what is right.

    a course            rubric.yaml, assignments/, reference/: an instructor's
    a released folder   vectors/: what students received (releases/), in which no right answer is code

Whoever checks a notebook finds its home upwards from it; both are used alike.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from grader import rubric
from grader.errors import ReleaseError
from grader.records import Assignment, Rubric
from grader.releases import vectors
from grader.rubric import BindCheck

if TYPE_CHECKING:
    from grader.answer_key import AnswerKey
    from grader.kept_answers import KeptAnswers
    from grader.releases.key import ReleasedKey


def find(start: Path) -> Path:
    """The nearest home at or above a folder.

    Raises:
        ReleaseError: there is none.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / rubric.FILE).is_file() or vectors.lies_in(folder):
            return folder
    raise ReleaseError(
        f"nothing in {start.resolve()} or above says what is asked: keep the notebook in the folder that your course "
        f"gave you, beside {vectors.FOLDER}/, or give --course DIR"
    )


def is_course(home: Path) -> bool:
    """Whether a home is an instructor's, with the reference."""
    return (home / rubric.FILE).is_file()


def load(home: Path, bind: BindCheck) -> Rubric:
    """What a home asks; `bind` proves that each item's options fit its check.

    Raises:
        RubricError: the rubric says something that it cannot mean.
        ReleaseError: a released file is damaged.
    """
    if is_course(home) or not vectors.lies_in(home):
        return rubric.load(home, bind)
    found = vectors.read_all(home)
    rows = {index.assignment: dict(index.rubric) for index in found}
    return rubric.read({"version": 1, "language": found[0].language, "assignments": rows}, home, bind)


def key(
    home: Path, assignment: Assignment, *, secret: bytes | None = None, kept: KeptAnswers | None = None
) -> AnswerKey | ReleasedKey:
    """Who knows the right answers of an assignment; slow to make, because torch comes with it.

    Args:
        home: a course, or a released folder.
        assignment: one of its assignments.
        secret: makes hidden cases of its own, in a course; without one the public cases are asked.
        kept: where a reference's answers are kept.

    Raises:
        RubricError: there is no such reference.
        ReleaseError: a released file is damaged.
    """
    if is_course(home):
        from grader.answer_key import AnswerKey

        return AnswerKey(home, assignment.reference, secret=secret, kept=kept)
    # Not the other module: it needs what only a grader's machine has.
    from grader.releases.key import ReleasedKey

    return ReleasedKey(home, assignment.name)
