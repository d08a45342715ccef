"""Feedback pages as the zip that an LMS takes back, each named so that it finds its student.

Canvas (app/models/assignment.rb, infer_comment_context_from_filename) takes the first two numbers between underscores
for the user and the attachment that is commented on; Moodle (mod/assign/feedback/file/importziplib.php) the second part
for the participant, the third and fourth for the plug-in, and the rest for the name of the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from grader.errors import UsageError
from grader.exports import files
from grader.exports.outgoing import Kind, Outgoing, Request, Result, Trouble
from grader.records import Status

_PAGE: Final = "feedback.html"
_CANVAS: Final = re.compile(r"(?:^|, )(?P<prefix>(?:[^,/]*?_)?\d+_\d+)_")


def canvas_name(each: Outgoing) -> str | None:
    """The name for Canvas; None where no file of the submission is named as Canvas names it, or it may be another's."""
    found = _CANVAS.search(each.row.submission)
    if not found:
        return None
    numbers = [part for part in found["prefix"].split("_") if part.isdecimal()]
    known = each.enrolled.lms.get("canvas")
    return f"{found['prefix']}_{_PAGE}" if len(numbers) == 2 and known == numbers[0] else None


def moodle_name(each: Outgoing) -> str | None:
    """The name for Moodle; None where the participant's number is not known."""
    participant = each.enrolled.lms.get("moodle", "")
    name = re.sub(r'[_/\\:*?"<>|\x00-\x1f]+', " ", each.name).strip() or "Participant"
    return f"{name}_{participant}_assignsubmission_file_{_PAGE}" if participant.isdecimal() else None


def returned(zip_name: str, named: Callable[[Outgoing], str | None]) -> Callable[[Request], Result]:
    """An export of all pages in one zip; an empty one is of no use to anybody."""

    def make(request: Request) -> Result:
        pages: dict[str, bytes] = {}
        troubles = []
        for each in request.outgoing:
            name, page = named(each), request.pages.get(each.id)
            if each.row.status is Status.MISSING:
                continue
            if page is None:
                troubles.append(Trouble(Kind.NO_PAGE, each.id, "no feedback page; `grader report` writes them"))
            elif name is None:
                told = "not from a download of this LMS, which tells whose a file is by the names that it gave"
                troubles.append(Trouble(Kind.LEFT_OUT, each.id, told))
            else:
                pages[name] = page
        if not pages:
            why = troubles[0].sentence if troubles else "nobody has handed in anything"
            raise UsageError(f"there is nothing to give back, so no zip was written: {why}")
        return Result({zip_name: files.zipped(pages)}, troubles=troubles)

    return make
