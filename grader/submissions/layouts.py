"""Whose file is whose: each layout knows how one kind of source arranges what students hand in.

A layout gets all files of one source and returns a claim for each file that belongs to a student, or None when the
arrangement is not its own. `LAYOUTS` is asked in order and the plain layout at its end takes everything, so the
download format of a learning management system is one more function in front of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TypeAlias

from grader.records import Student
from grader.submissions import names
from grader.submissions.files import CHECKPOINTS, FoundFile

_HANDED_IN = {".ipynb", ".py", ".pdf", ".zip", ".html", ".docx"}  # any other loose file is the instructor's own


@dataclass(frozen=True, slots=True)
class Claim:
    """One file with its owner; the file's path is relative to what the owner handed in."""

    student: Student
    name: str  # the file or folder as handed in
    file: FoundFile
    handed_in: str = ""  # ISO 8601 where the layout tells


Layout: TypeAlias = Callable[[Sequence[FoundFile], re.Pattern[str]], list[Claim] | None]


def plain(found: Sequence[FoundFile], number: re.Pattern[str]) -> list[Claim]:
    """A folder for each student, or loose files that carry a student's number or name, or both mixed."""
    own = []
    for file in found:
        top, *rest = file.parts
        if top == CHECKPOINTS:
            continue  # whoever opened the folder in Jupyter left these
        if rest or file.is_folder:
            inside = replace(file, parts=tuple(rest)) if rest else file
            own.append(Claim(names.student_in(top, number), names.plain(top), inside))
        elif names.is_notebook(top) or PurePosixPath(top).suffix.lower() in _HANDED_IN:
            own.append(Claim(names.student_in(names.stem(top), number), names.plain(top), file))
    return own


def of_one_student(found: Sequence[FoundFile], source: str, number: re.Pattern[str]) -> list[Claim]:
    """Everything in a folder or archive that is itself named after one student."""
    student = names.student_in(names.stem(source), number)
    return [Claim(student, names.plain(source), file) for file in found]


LAYOUTS: tuple[Layout, ...] = (plain,)


def claims(found: Sequence[FoundFile], number: re.Pattern[str]) -> list[Claim]:
    """The claims of the first layout that knows the arrangement."""
    return next(known for layout in LAYOUTS if (known := layout(found, number)) is not None)
