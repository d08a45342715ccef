"""Brightspace (D2L): an export of its grades, filled in and imported again.

It wants OrgDefinedId or Username first, `<item> Points Grade`, and `End-of-Line Indicator` with a `#` in every row;
exports put a `#` before ids so that spreadsheet programs leave them alone, and take it back.
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

LMS: Final = "brightspace"
END: Final = "End-of-Line Indicator"
_TITLE: Final = re.compile(r"(?P<title>.*) Points Grade(?:\s*<Numeric MaxPoints:(?P<points>[\d.,]+)[^>]*>)?\s*")
_ABOVE: Final = "Brightspace cuts it down to the maximum unless the item `Can Exceed`"


def lay_out(sheet: Sheet, wanted: str) -> Layout:
    """Where everything is in an export of Brightspace's grades.

    Raises:
        CourseError: it is none.
        UsageError: it is not clear which column is meant.
    """
    header = [cell.value for cell in sheet.rows[0]]
    number_, login = sheet.column("OrgDefinedId"), sheet.column("Username")
    if number_ is None and login is None:
        raise CourseError("this is no export of Brightspace: its first line needs OrgDefinedId or Username")
    if sheet.column(END) is None:
        raise CourseError(f"the Brightspace file lacks the column {END!r}, without which it is refused; export it anew")
    columns, points = {}, {}
    for place, title in enumerate(header):
        if found := _TITLE.fullmatch(title):
            columns[place] = (title, found["title"], f"{found['title']} Points Grade")
            points[place] = number(found["points"] or "")
    column = choose(columns, wanted, "Brightspace")
    email, last, first = sheet.column("Email"), sheet.column("Last Name"), sheet.column("First Name")
    slots = []
    for row in range(1, len(sheet.rows)):
        if not sheet.rows[row]:
            continue
        texts = [sheet.value(row, place) if place is not None else "" for place in (number_, login, email, last, first)]
        name = ", ".join(filter(None, texts[3:]))
        person = Person(number=texts[0], login=texts[1], email=texts[2], name=name)
        slots.append(Slot(row, person, maximum=points[column]))
    return Layout(LMS, slots, column, header[column], _ABOVE)


def blank(outgoing: Sequence[Outgoing], column: str) -> bytes:
    """A file with everybody whose number or login is known.

    Raises:
        UsageError: the column is not named as Brightspace names it.
    """
    column = making.column(column, _TITLE, "HW2 Points Grade", "brightspace")
    lines = [["OrgDefinedId", "Username", column, END]]
    for each in outgoing:
        person = each.person(LMS)
        org = person.number or ("" if person.login else person.id)
        if org or person.login:
            lines.append([f"#{org}" if org else "", f"#{person.login}" if person.login else "", "", "#"])
    return making.csv(lines)
