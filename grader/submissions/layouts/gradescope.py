"""Gradescope's "Export Submissions": a folder for each submission and one file that tells about all.

    assignment_4242_export/submission_metadata.yml
    assignment_4242_export/submission_123456/HW2.ipynb       archives of students are unpacked already

A submission of a group belongs to every one of its submitters. The metadata are YAML whose keys begin with a colon;
they also hold the results of each run, which can be long and are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from grader import documents
from grader.roster import Enrolled
from grader.submissions import names
from grader.submissions.claims import Claim, Source, claim

_METADATA: Final = "submission_metadata.yml"
_READ: Final = (":submitters:", ":created_at:")
# Characters that are parsed, of 20,000 submissions; an archive of a student's may hold more.
_LONGEST: Final = 1_000_000


def gradescope(source: Source) -> list[Claim] | None:
    """The claims of a Gradescope export; None where it has no metadata that can be read."""
    told = next((file for file in source.files if file.parts == (_METADATA,)), None)
    if told is None:
        return None
    try:
        needed = "\n".join(_needed(told.content.decode("utf-8-sig")))
        metadata = documents.load(needed, texts_only=True) if len(needed) <= _LONGEST else None
    except ValueError:
        return None
    if not isinstance(metadata, dict):
        return None
    claims = []
    for file in source.files:
        top, *inside = file.parts
        if not top.startswith("submission_") or not (inside or file.is_folder):
            continue
        row = metadata.get(top)
        row = row if isinstance(row, dict) else {}
        owners = _owners(row, top)
        inner = replace(file, parts=tuple(inside) or file.parts)
        handed_in = _moment(str(row.get(":created_at", "")))
        claims += [Claim(owner, top, inner, file.whole, handed_in=handed_in) for owner in owners]
        if not owners:
            claims.append(claim(names.student_in(top, source.number), top, file, source.number, inside))
    return claims


def _needed(text: str) -> Iterator[str]:
    """The lines of the metadata that are read: those about who and when."""
    reading = True
    for line in text.splitlines():
        if not line.strip() or not line.startswith(" "):
            reading = True
        elif line.startswith("  ") and line[2:3] not in (" ", "-"):
            reading = line[2:].startswith(_READ)
        if reading:
            yield line


def _owners(row: dict[str, Any], folder: str) -> list[Enrolled]:
    submitters = row.get(":submitters")
    owners = []
    for each in submitters if isinstance(submitters, list) else ():
        if not isinstance(each, dict):
            continue
        name, number, email = (str(each.get(f":{key}") or "") for key in ("name", "sid", "email"))
        known = number or email or name
        if known:
            lms = {"gradescope": folder.removeprefix("submission_")}
            owners.append(Enrolled(names.safe_id(known), name, number, "", email, lms, listed=False))
    return owners


def _moment(text: str) -> str:
    """`2024-10-03 23:59:10.123456 +09:00` in ISO 8601; empty where it is no time with an offset."""
    try:
        read = datetime.fromisoformat(text.replace(" UTC", "+00:00").replace(" +", "+").replace(" -", "-"))
    except ValueError:
        return ""
    return read.isoformat() if read.tzinfo else ""
