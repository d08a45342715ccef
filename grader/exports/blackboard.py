"""Blackboard: a download of its gradebook (one column or the full one), filled in and uploaded again.

Rows are found by `Username`, columns by the `|id` behind their titles; a header without id makes a new column. The
download is comma separated with a byte order mark, or tab separated in UTF-16 under the name of an Excel file.
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

LMS: Final = "blackboard"
_TITLE: Final = re.compile(r"(?P<title>.*?)\s*(?:\[Total Pts: (?P<points>[\d.,]*)[^\]]*\])?\s*\|\s*(?P<id>\d+)")
_ABOVE: Final = "Blackboard takes it as extra credit"


def lay_out(sheet: Sheet, wanted: str) -> Layout:
    """Where everything is in a download of Blackboard's gradebook.

    Raises:
        CourseError: it is none.
        UsageError: it is not clear which column is meant.
    """
    header = [cell.value for cell in sheet.rows[0]]
    login = sheet.column("Username")
    if login is None:
        raise CourseError("this is no download of Blackboard's gradebook: its first line needs the column Username")
    number_, last, first = sheet.column("Student ID"), sheet.column("Last Name"), sheet.column("First Name")
    columns, points = {}, {}
    for place, title in enumerate(header):
        if found := _TITLE.fullmatch(title.strip()):
            columns[place] = (title, found["title"], found["id"])
            points[place] = number(found["points"] or "")
    column = choose(columns, wanted, "Blackboard")
    slots = []
    for row in range(1, len(sheet.rows)):
        if not sheet.value(row, login).strip():
            continue
        names = [sheet.value(row, place) for place in (last, first) if place is not None]
        person = Person(
            number=sheet.value(row, number_) if number_ is not None else "",
            login=sheet.value(row, login),
            name=", ".join(filter(None, names)),
        )
        slots.append(Slot(row, person, maximum=points[column]))
    comments, form = sheet.column("Feedback to Learner"), sheet.column("Feedback Format")
    beside = {form: "HTML"} if form is not None else {}
    # Without its format the feedback would be shown as the text of tags.
    return Layout(LMS, slots, column, header[column], _ABOVE, feedback=comments if beside else None, beside=beside)


def blank(outgoing: Sequence[Outgoing], column: str) -> bytes:
    """A file with everybody whose login is known.

    Raises:
        UsageError: the column is not named as Blackboard names it.
    """
    column = making.column(column, _TITLE, "HW2 [Total Pts: 10 Score] |1281892", "blackboard")
    lines = [["Last Name", "First Name", "Username", column]]
    for each in outgoing:
        login = each.person(LMS).login or each.person(LMS).id
        last, _, first = each.name.partition(",") if "," in each.name else each.name.rpartition(" ")[::-1]
        if login:
            lines.append([last.strip(), first.strip(), login, ""])
    return making.csv(lines, quote_all=True)
