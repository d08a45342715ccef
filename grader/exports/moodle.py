"""Moodle: the offline grading worksheet of an assignment, filled in and uploaded again.

The importer (moodle/moodle, mod/assign/feedback/offline/importgradeslib.php) finds students by `Identifier`, and skips
in silence what is locked, above the maximum or changed on the server since. Headers are written in the site's
language, so where the English ones are missing `--column` names the column of marks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from grader.errors import CourseError
from grader.exports import making
from grader.exports.filling import Layout, Slot, choose
from grader.exports.outgoing import Outgoing, number
from grader.exports.sheets import Sheet
from grader.joining import Person

LMS: Final = "moodle"
_IDENTIFIER: Final = re.compile(r"\D*?(?P<id>\d+)\s*")  # Participant 12, in the site's language
_ABOVE: Final = "Moodle would drop the row in silence, so none is written"
_LOCKED: Final = "the worksheet says that the grade cannot be changed (locked, or a workflow state forbids it)"
_MARKS: Final = ("Grade",)
_GENERIC: Final = ("ID number", "Email address", "Full name", "Grade", "Feedback comments")


def lay_out(sheet: Sheet, wanted: str) -> Layout:
    """Where everything is in an offline grading worksheet.

    Raises:
        CourseError: it is none.
        UsageError: it is not clear which column is meant.
    """
    header = [cell.value.strip() for cell in sheet.rows[0]]
    identifier = sheet.column("Identifier")
    if identifier is None and sheet.column("ID number", "Email address") is None:
        identifier = _looks_like_identifiers(sheet)
    marks = {place: (name,) for place, name in enumerate(header) if wanted == name or (not wanted and name in _MARKS)}
    if not marks:
        raise CourseError(
            "the Moodle file has no column 'Grade'; take the offline grading worksheet (Assignment > Submissions >"
            f" Download grading worksheet), or name its column of marks by --column; there are {', '.join(header)}"
        )
    column = choose(marks, wanted, "Moodle")
    known = {
        field: sheet.column(*names)
        for field, names in {
            "number": ("ID number",),
            "login": ("Username",),
            "email": ("Email address",),
            "name": ("Full name",),
            "section": ("Group",),
            "maximum": ("Maximum Grade",),
            "locked": ("Grade can be changed",),
            "handed_in": ("Last modified (submission)",),
        }.items()
    }

    def value(row: int, field: str) -> str:
        place = known[field]
        return sheet.value(row, place) if place is not None else ""

    slots = []
    for row in range(1, len(sheet.rows)):
        found = _IDENTIFIER.fullmatch(sheet.value(row, identifier)) if identifier is not None else None
        if not sheet.rows[row] or (identifier is not None and not found):
            continue
        person = Person(
            lms_id=found["id"] if found else "",
            **{field: value(row, field).strip() for field in ("number", "login", "email", "name")},
        )
        locked = _LOCKED if value(row, "locked").strip().casefold() == "no" else ""
        maximum = number(value(row, "maximum"))
        newer = _Newer(value(row, "handed_in"))
        slots.append(Slot(row, person, value(row, "section").strip(), maximum, locked, newer))
    comments = sheet.column("Feedback comments")
    return Layout(LMS, slots, column, header[column], _ABOVE, drops_above=True, feedback=comments)


def blank(outgoing: Sequence[Outgoing], column: str) -> bytes:
    """A file for Moodle's general import of grades (Grades > Import > CSV file), where columns are mapped by hand."""
    lines = [[column if name == "Grade" and column else name for name in _GENERIC]]
    for each in outgoing:
        person = each.person(LMS)
        number_ = person.number or ("" if person.email else each.id)
        lines.append([number_, person.email, each.name, "", ""])
    return making.csv(lines)


class _Newer:
    """Whether something was handed in after a grade began, in English worksheets; of others it is not known."""

    _FORMS = ("%A, %d %B %Y, %I:%M %p", "%A, %B %d, %Y, %I:%M %p", "%A, %d %B %Y, %H:%M")

    def __init__(self, handed_in: str) -> None:
        self._text = handed_in.strip()

    def __call__(self, graded: str) -> str:
        for form in self._FORMS:
            try:
                # Both are taken as times of this machine, where the worksheet was downloaded.
                handed_in = datetime.strptime(self._text, form).astimezone()
                late = handed_in > datetime.fromisoformat(graded)
            except ValueError:
                continue
            return f"handed in again ({self._text}) after it was graded; grade it anew" if late else ""
        return ""


def _looks_like_identifiers(sheet: Sheet) -> int | None:
    """The first column whose every cell is a word and a number, as `Participant 12` is in any language."""
    rows = [row for row in range(1, len(sheet.rows)) if sheet.rows[row]]
    for place in range(len(sheet.rows[0])):
        if rows and all(re.fullmatch(r"\D+\d+", sheet.value(row, place).strip()) for row in rows):
            return place
    raise CourseError("no column of the Moodle file looks like `Participant 12`; take the offline grading worksheet")
