"""What students handed in, as `Submission` records: folders, loose notebooks and zip files are read, nothing is run.

    path --files--> FoundFile --layouts--> Claim (whose is it) --assembling--> Submission

One student's broken file becomes a sentence in that student's submission; only a path that the instructor got wrong
is an error.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from grader.errors import UsageError
from grader.records import Submission
from grader.submissions import assembling, files, layouts, names
from grader.submissions.files import FoundFile
from grader.submissions.layouts import Claim
from grader.submissions.names import DEFAULT_PATTERN
from grader.submissions.recognising import readable

__all__ = ["DEFAULT_PATTERN", "read", "readable"]


def read(paths: Sequence[Path], *, student_number: str = DEFAULT_PATTERN) -> list[Submission]:
    """Read what was handed in below each path, one submission for each student, sorted by student id.

    Args:
        paths: folders of submissions, zip archives of such folders, or single notebooks. A folder or archive whose
            own name carries a student number is that student's alone.
        student_number: a regular expression that finds a student number in a file or folder name.

    Raises:
        UsageError: a path does not exist or holds no submission, or the pattern is not a regular expression.
    """
    try:
        number = re.compile(student_number)
    except re.error as error:
        raise UsageError(f"the pattern of a student number, {student_number!r}, is wrong: {error}") from error
    return assembling.submissions(claim for path in paths for claim in _claims(path, number))


def _claims(path: Path, number: re.Pattern[str]) -> list[Claim]:
    try:
        found = _found(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    name = path.resolve().name
    if (path.is_dir() or _is_zip(path)) and number.search(names.stem(name)):
        claims = layouts.of_one_student(found, name, number)
    else:
        claims = layouts.claims(_without_wrapper(found, path, number) if _is_zip(path) else found, number)
    if not claims:
        raise UsageError(f"{path} holds no submission; expected notebooks, zip files, or a folder for each student.")
    return claims


def _found(path: Path) -> list[FoundFile]:
    if not path.exists():
        raise UsageError(f"{path} does not exist.")
    if path.is_dir():
        return list(files.in_folder(path))
    if not _is_zip(path):
        return [files.one_file(path)]
    try:
        return list(files.in_zip(path, of_class=True))
    except zipfile.BadZipFile as error:
        raise UsageError(f"{path} is not a zip file that can be opened: {error}") from error


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip" and not path.is_dir()


def _without_wrapper(found: list[FoundFile], archive: Path, number: re.Pattern[str]) -> list[FoundFile]:
    """Step into the one folder that many programs put around everything they zip.

    It is that folder when it is called like the archive or holds files of several students; otherwise it may be
    a student's own.
    """
    tops = {file.parts[0] for file in found}
    if len(tops) != 1 or any(len(file.parts) == 1 for file in found) or number.search(min(tops)):
        return found
    inner = [replace(file, parts=file.parts[1:]) for file in found]
    named_alike = names.key(names.stem(tops.pop())) == names.key(names.stem(archive.name))
    owners = {names.key(claim.student.id) for claim in layouts.claims(inner, number)}
    return inner if named_alike or len(owners) > 1 else found
