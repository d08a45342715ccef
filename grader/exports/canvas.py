"""Canvas: its gradebook export, filled in and imported again.

The importer (instructure/canvas-lms, gradebook_importer.rb) finds students by ID, SIS ids and login, assignments by the
`(id)` behind their titles; a header that it does not know becomes a new assignment, so the header stays as it came.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from grader.errors import CourseError
from grader.exports import making
from grader.exports.filling import Layout, Slot, choose
from grader.exports.outgoing import Outgoing, number
from grader.exports.sheets import Sheet
from grader.joining import Person

LMS: Final = "canvas"
_TITLE: Final = re.compile(r"(?P<title>.*)\s\((?P<id>\d+)\)")
_ABOVE: Final = "Canvas takes it as extra credit"
_TEST_STUDENT: Final = "Student, Test"


def lay_out(sheet: Sheet, wanted: str) -> Layout:
    """Where everything is in an export of Canvas's gradebook.

    Raises:
        CourseError: it is none.
        UsageError: it is not clear which column is meant.
    """
    header = [cell.value for cell in sheet.rows[0]]
    name, number_, login = sheet.column("Student"), sheet.column("SIS User ID"), sheet.column("SIS Login ID")
    identity, section = sheet.column("ID"), sheet.column("Section")
    if identity is None or section is None:
        raise CourseError(
            "this is no export of Canvas's gradebook: its first line needs the columns Student, ID and Section"
            " (Grades > Export > Export Entire Gradebook)"
        )
    columns = {}
    for place, title in enumerate(header):
        if place > section and (found := _TITLE.fullmatch(title)):
            columns[place] = (title, found["title"], found["id"])
    column = choose(columns, wanted, "Canvas")
    maximum = None
    slots = []
    for row in range(1, len(sheet.rows)):
        called = sheet.value(row, name if name is not None else 0)
        identifier = sheet.value(row, identity).strip()
        if "Points Possible" in called and not identifier:  # people have an ID, and may be called anything
            maximum = number(sheet.value(row, column))
            continue
        if not identifier.isdecimal() or called.strip() == _TEST_STUDENT:
            continue  # manual posting, muted, an empty line
        person = Person(
            lms_id=identifier,
            number=sheet.value(row, number_) if number_ is not None else "",
            login=sheet.value(row, login) if login is not None else "",
            name=called if name is not None else f"{sheet.value(row, 0)}, {sheet.value(row, 1)}",
        )
        slots.append(Slot(row, person, sheet.value(row, section).strip(), maximum))
    return Layout(LMS, slots, column, header[column], _ABOVE)


def blank(outgoing: Sequence[Outgoing], column: str) -> bytes:
    """A file with everybody whom Canvas can find, for those who have no export at hand.

    Raises:
        UsageError: the column is not named as Canvas names it.
    """
    column = making.column(column, _TITLE, "HW2 (87568490)", "canvas")
    lines = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", column]]
    for each in outgoing:
        person = each.person(LMS)
        if person.lms_id:
            lines.append([each.name, person.lms_id, person.number, person.login, each.enrolled.section, ""])
    return making.csv(lines)
