"""Whose file is whose: the records between finding files and putting submissions together.

Source (one folder, archive or file) --a layout--> Claims --attempts, assembling--> Submissions
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import PurePosixPath
from typing import TypeAlias

from grader.records import Student
from grader.roster import Enrolled
from grader.submissions import names
from grader.submissions.files import FoundFile


@dataclass(frozen=True, slots=True)
class Source:
    """The files of one path that the instructor named, and how names and times in it are to be read.

    Args:
        name: of the folder or archive.
        files: what was found in it, but for what systems left there.
        number: finds a student number in a name.
        zone: of times without an offset; None is this machine's.
        told: whether the instructor says what it is, so that its names need not convince.
        left: paths of what operating systems, editors and version control left there.
    """

    name: str
    files: Sequence[FoundFile]
    number: re.Pattern[str]
    zone: tzinfo | None = None
    left: Sequence[tuple[str, ...]] = ()
    told: bool = False

    def moment(self, text: str, form: str) -> str:
        """A time in this form, as ISO 8601 with its offset; empty where it is none."""
        try:
            read = datetime.strptime(text, form)
            return (read.replace(tzinfo=self.zone) if self.zone else read.astimezone()).isoformat()
        except (ValueError, OverflowError):
            return ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One file with its owner.

    Args:
        owner: as far as the source tells; the id is the student's where no roster knows better.
        name: the file or folder as handed in.
        file: its path is relative to what the owner handed in.
        origin: its path in the source.
        handed_in: ISO 8601 with its offset where the source tells.
        marked_late: whether the LMS marked it as late.
        attempt: tells the attempts of one owner apart, in the order of time; empty where there is only one.
        order: sorts attempts whose times are not known, such as the number of Canvas's attachment.
        assignment: the name of the assignment, where the source holds several.
        aside: why the file itself is no part of the submission, such as an LMS's receipt; empty where it is.
    """

    owner: Enrolled
    name: str
    file: FoundFile
    origin: tuple[str, ...]
    handed_in: str = ""
    marked_late: bool = False
    attempt: str = ""
    order: int = 0
    assignment: str = ""
    aside: str = ""


Layout: TypeAlias = Callable[[Source], list[Claim] | None]


def claim(student: Student, name: str, file: FoundFile, number: re.Pattern[str], inside: Sequence[str] = ()) -> Claim:
    """The claim of a student of whom only a name tells; `inside` is the path below what was handed in."""
    owner = Enrolled(student.id, student.name, student.id if number.search(student.id) else "", listed=False)
    return Claim(owner, names.plain(name), replace(file, parts=tuple(inside) or file.parts), file.whole)


def by_number(file: FoundFile, number: re.Pattern[str]) -> list[Claim]:
    """The claim of a file that lies among others of an LMS's download and is named after a student number, if it is."""
    top = file.parts[0]
    stem = top if len(file.parts) > 1 else names.stem(top)
    return [claim(names.student_in(stem, number), top, file, number, file.parts[1:])] if number.search(stem) else []


def of_lms(kind: str, lms_id: str, *, name: str = "", number: str = "", login: str = "", email: str = "") -> Enrolled:
    """Somebody whom an LMS knows by an id of its own; the kind in the student's id keeps it apart from all others."""
    return Enrolled(names.safe_id(f"{kind}-{lms_id}"), name, number, login, email, {kind: lms_id}, listed=False)


def posix(parts: Sequence[str]) -> str:
    """A path in composed form, as patterns expect it."""
    return str(PurePosixPath(*(names.composed(part) for part in parts)))
