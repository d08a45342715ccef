"""Folders and loose files named after students: what an instructor has who was sent notebooks."""

from __future__ import annotations

from pathlib import PurePosixPath

from grader.submissions import names
from grader.submissions.claims import Claim, Source, claim
from grader.submissions.files import CHECKPOINTS

_HANDED_IN = {".ipynb", ".py", ".pdf", ".zip", ".html", ".docx"}  # any other loose file is the instructor's own


def plain(source: Source) -> list[Claim]:
    """A folder for each student, or loose files that carry a student's number or name, or both mixed."""
    own = []
    for file in source.files:
        top, *rest = file.parts
        if top == CHECKPOINTS:
            continue  # whoever opened the folder in Jupyter left these
        if rest or file.is_folder:
            own.append(claim(names.student_in(top, source.number), top, file, source.number, rest))
        elif names.is_notebook(top) or PurePosixPath(top).suffix.lower() in _HANDED_IN:
            own.append(claim(names.student_in(names.stem(top), source.number), top, file, source.number))
    return own


def of_one_student(source: Source) -> list[Claim]:
    """Everything in a folder or archive that is itself named after one student."""
    student = names.student_in(names.stem(source.name), source.number)
    return [claim(student, source.name, file, source.number) for file in source.files]
