"""A list of students from the rows of a table: an LMS's gradebook as downloaded, or any list with headed columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Final

from grader.errors import CourseError
from grader.roster import Enrolled, columns

_WRAPPED: Final = re.compile(r'^="(.*)"$', re.DOTALL)  # how Canvas keeps a spreadsheet from reading a formula
_HANGUL: Final = re.compile(r"[가-힣 ]+")
_KOREAN_TIME: Final = re.compile(r"(\d{4})년 (\d{1,2})월 (\d{1,2})일.*?(?:(오전|오후) )?(\d{1,2}):(\d{2})")
_FORMS: Final = (
    "%A, %d %B %Y, %I:%M %p",  # Moodle's offline grading worksheet
    "%A, %d %B %Y, %H:%M",
    "%d %B %Y, %I:%M %p",
    "%d %B %Y, %H:%M",
    "%Y-%m-%d %H:%M:%S %z",  # Gradescope's list of scores
)


@dataclass(frozen=True, slots=True)
class Listed:
    """What a table says about who takes the course.

    Args:
        people: in its order; each one's `student_id` is the first that is known of number, login, address and name.
        handed_in: ISO 8601, by student id, where the table tells (Moodle's worksheet does).
        problems: rows that name nobody, or somebody once more: the row's number as a spreadsheet counts, and why.
    """

    people: Sequence[Enrolled]
    handed_in: Mapping[str, str] = field(default_factory=dict)
    problems: Sequence[tuple[int, str]] = ()


def read(rows: Sequence[Sequence[str]], name: str, zone: tzinfo | None = None) -> Listed:
    """The students that a table lists.

    Args:
        rows: all cells as text, with the header.
        name: of the file, for messages.
        zone: of times without an offset; None is this machine's.

    Raises:
        CourseError: no column tells who a student is, or nobody is listed.
    """
    found = columns.find(rows)
    if found is None:
        heads = ", ".join(cell.strip() for cell in rows[0][:8]) if rows else "nothing"
        raise CourseError(
            f"{name} has no column that tells who a student is ({columns.KNOWN}); it begins with: {heads}"
        )
    header, where = found
    people: dict[str, Enrolled] = {}
    handed_in, problems = {}, []
    for number, row in enumerate(rows[header + 1 :], start=header + 2):
        cells = {meaning: _cell(row, column) for meaning, column in where.items()}
        if not any(map(str.strip, row)) or _is_no_student(cells, row):
            continue
        person = _person(cells)
        if not person.student_id:
            problems.append((number, "names nobody"))
        elif person.student_id == person.name and _key(person.name) in people:
            problems.append((number, f"{person.name} is listed twice, by name alone; give numbers to tell them apart"))
        elif (before := people.get(_key(person.student_id))) is not None:
            if replace(before, section="") != replace(person, section=""):
                problems.append((number, f"{person.student_id} is listed twice, with other data; the first row counts"))
            else:
                sections = dict.fromkeys(filter(None, (*before.section.split(", "), person.section)))
                people[_key(person.student_id)] = replace(before, section=", ".join(sections))
        else:
            people[_key(person.student_id)] = person
            if moment := _moment(cells.get("handed_in", ""), zone):
                handed_in[person.student_id] = moment
    if not people:
        raise CourseError(f"{name} lists nobody below its header")
    return Listed(list(people.values()), handed_in, problems)


def _cell(row: Sequence[str], column: int) -> str:
    text = unicodedata.normalize("NFC", row[column]).strip() if column < len(row) else ""
    return _WRAPPED.sub(r"\1", text).strip()


def _is_no_student(cells: Mapping[str, str], row: Sequence[str]) -> bool:
    """Canvas's rows about its columns, and its student for trying things out."""
    if any("Points Possible" in cell for cell in row[:2]) and not cells.get("canvas"):  # which people have, of any name
        return True
    nobody = not any(cells.get(meaning) for meaning in ("name", "last", "number", "login", "email", "moodle", "github"))
    canvas = "canvas" in cells
    return canvas and (nobody or (cells.get("name") == "Student, Test" and not cells.get("number")))


def _person(cells: Mapping[str, str]) -> Enrolled:
    number, login = (cells.get(meaning, "").lstrip("#'").strip() for meaning in ("number", "login"))  # Brightspace's #
    email, name = cells.get("email", ""), cells.get("name", "")
    last, first = cells.get("last", ""), cells.get("first", "")
    if last and not first and name:  # 성 and 이름: the second is the given name there
        last, first, name = last, name, ""
    if last or first:
        korean = _HANGUL.fullmatch(last) and _HANGUL.fullmatch(first)
        name = last + first if korean else ", ".join(filter(None, (last, first)))
    lms = {kind: cells[kind] for kind in ("canvas", "github") if cells.get(kind)}
    if participant := re.search(r"(\d+)$", cells.get("moodle", "")):
        lms["moodle"] = participant[1]
    known = number or login or email or name or next((f"{kind}-{id}" for kind, id in lms.items()), "")
    return Enrolled(known, name, number, login, email, lms, cells.get("section", ""))


def _key(student_id: str) -> str:
    return student_id.casefold()


def _moment(text: str, zone: tzinfo | None) -> str:
    """A time in ISO 8601 with its offset; empty where it is none that we read."""
    text = " ".join(text.split())
    if korean := _KOREAN_TIME.search(text):
        year, month, day, half, hour, minute = korean.groups()
        clock = int(hour) % 12 + 12 * (half == "오후") if half else int(hour)
        text = f"{year}-{int(month):02}-{int(day):02}T{clock:02}:{minute}"
    read = None
    for form in _FORMS:
        try:
            read = datetime.strptime(text, form)
            break
        except ValueError:
            continue
    try:
        read = read or datetime.fromisoformat(text)
        if read.tzinfo is None:
            read = read.replace(tzinfo=zone) if zone else read.astimezone()
    except (ValueError, OverflowError):
        return ""
    return read.isoformat()
