"""The importers of the LMSs as far as their rules are known: strict readers for what our exports write.

Canvas after lib/gradebook_importer.rb, Moodle after mod/assign/feedback/offline/importgradeslib.php; Blackboard and
Brightspace after their documentation. They share no code with the exports: they read with the csv module.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field


class Refused(Exception):
    """The LMS would not take the file."""


@dataclass
class Taken:
    """What the LMS makes of a file."""

    grades: dict[str, str] = field(default_factory=dict)  # by the LMS's id of the student
    points: str = ""  # that the column has afterwards
    skipped: dict[str, str] = field(default_factory=dict)  # silently, and why
    comments: dict[str, str] = field(default_factory=dict)
    new_columns: list[str] = field(default_factory=list)


def canvas(content: bytes, column: str) -> Taken:
    text = content.decode("utf-8")  # a mark stays in front of "Student", which the importer tolerates
    first = "".join(text.splitlines(keepends=True)[:3])
    delimiter = ";" if first.count(";") > first.count(",") else ","
    rows = [
        row
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        if "".join(row).strip(";, ")
    ]
    header = rows[0]
    if len(header) <= 3 or "Student" not in header[0] or "ID" not in header[1]:
        raise Refused("no header")
    section = next((place for place, name in enumerate(header) if "Section" in name), None)
    if section is None:
        raise Refused("no Section")
    taken = Taken()
    places = {}
    for place, title in enumerate(header[section + 1 :], section + 1):
        if found := re.fullmatch(r"(.*)\s\((\d+)\)", title):
            places[found[2]] = place
        elif not re.search(r"(Current|Final) (Score|Points|Grade)|Override", title):
            taken.new_columns.append(title)
    for row in rows[1:]:
        if len(row) != len(header):
            raise Refused(f"{len(row)} cells instead of {len(header)}")
        if "Points Possible" in row[0]:
            taken.points = row[places[column]]
            continue
        if not row[1]:
            continue
        cell = row[places[column]].replace(",", ".") if delimiter == ";" else row[places[column]]
        if cell.strip() in ("", "-"):
            continue
        if cell not in ("EX", "N/A"):
            float(cell)
        taken.grades[row[1]] = cell
    return taken


def moodle(content: bytes, now: dict[str, str] | None = None) -> Taken:
    """Against what is on the server: grades by identifier."""
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    for needed in ("Identifier", "Grade", "Last modified (grade)"):
        if needed not in rows[0]:
            raise Refused("invalidgradeimport")
    taken = Taken()
    for row in rows:
        if None in row or None in row.values():
            raise Refused("uneven rows")
        who = row["Identifier"]
        if not re.fullmatch(r"Participant \d+", who):
            raise Refused(f"invalid identifier {who}")
        grade = row["Grade"].strip()
        if grade in ("", "-"):
            taken.skipped[who] = "blank"
        elif not re.fullmatch(r"\d+(\.\d+)?", grade):
            taken.skipped[who] = "no number"
        elif float(grade) > float(row["Maximum Grade"]):
            taken.skipped[who] = "above the maximum"
        elif row["Grade can be changed"] != "Yes":
            taken.skipped[who] = "locked"
        elif (now or {}).get(who) not in (None, "") and float((now or {})[who]) == float(grade):
            taken.skipped[who] = "unchanged"
        else:
            taken.grades[who] = grade
        if row.get("Feedback comments", "") not in ("", "-"):
            if "\n" in row["Feedback comments"]:
                raise Refused("line ends become <br>")
            taken.comments[who] = row["Feedback comments"]
    return taken


def blackboard(content: bytes, column: str) -> Taken:
    text = content.decode("utf-16" if content[:2] == b"\xff\xfe" else "utf-8-sig")
    delimiter = "\t" if "\t" in text.splitlines()[0] else ","
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    header = rows[0]
    if "Username" not in header:
        raise Refused("no Username")
    if delimiter == "," and any(
        not line.startswith('"') or not line.endswith('"') for line in text.splitlines() if line
    ):
        raise Refused("not every field is quoted")
    place = next((at for at, name in enumerate(header) if name.endswith(f"|{column}")), None)
    known = {"Last Name", "First Name", "Username", "Student ID", "Last Access", "Availability"}
    known |= {"Grading Notes", "Notes Format", "Feedback to Learner", "Feedback Format"}
    taken = Taken(new_columns=[name for name in header if name not in known and not re.search(r"\|\s*\d+$", name)])
    if place is None:
        raise Refused("no such column")
    for row in rows[1:]:
        if len(row) != len(header):
            raise Refused("uneven rows")
        who = row[header.index("Username")]
        if row[place]:
            float(row[place])
            taken.grades[who] = row[place]
        if "Feedback to Learner" in header and row[header.index("Feedback to Learner")]:
            if row[header.index("Feedback Format")] != "HTML":
                raise Refused("tags would be shown as text")
            taken.comments[who] = row[header.index("Feedback to Learner")]
    return taken


def brightspace(content: bytes, item: str) -> Taken:
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    header = rows[0]
    if header[0] not in ("OrgDefinedId", "Username") or header[-1] != "End-of-Line Indicator":
        raise Refused("first or last column")
    place = next((at for at, name in enumerate(header) if name.startswith(f"{item} Points Grade")), None)
    if place is None:
        raise Refused("no such item")
    taken = Taken()
    for row in rows[1:]:
        if len(row) != len(header) or row[-1] != "#":
            raise Refused("no end of line")
        if row[place]:
            float(row[place])
            taken.grades[row[0].lstrip("#")] = row[place]
    return taken
