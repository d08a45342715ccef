"""Moodle's "Download all submissions": a folder for each student, or flat.

    Kim Chulsoo_12_assignsubmission_file/HW2.ipynb     full name, participant, plug-in; older versions end in file_/
    Kim Chulsoo_12_assignsubmission_file_HW2.ipynb     without folders
    Kim Chulsoo_12_assignsubmission_onlinetext/onlinetext.html

The number is that of `Participant 12` in the offline grading worksheet. Source: moodle/moodle, mod/assign/classes/
downloader.php.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath

from grader.submissions.claims import Claim, Source, by_number, of_lms, posix

_PATH = re.compile(
    r"^(?P<name>.+?)(?:_(?P<id>\d+))?_assignsubmission_(?P<plugin>[a-z]+)"
    r"(?:/(?P<path>.+)|_/(?P<older>.+)|_(?P<flat>[^/].*)|_?/?)\Z",
    re.DOTALL,
)


def moodle(source: Source) -> list[Claim] | None:
    """The claims of a Moodle download; None where not most names have `_assignsubmission_`: anybody may call one so."""
    found = [(file, _PATH.match(posix(file.parts))) for file in source.files]
    matches = sum(match is not None for _, match in found)
    if not matches or not (source.told or 2 * matches > len(found)):
        return None
    claims = []
    for file, match in found:
        if match is None:
            claims += by_number(file, source.number)
            continue
        inside = match["path"] or match["older"] or match["flat"] or file.parts[-1]
        # A team without a number is known by its name alone; of_lms would take that for an id of Moodle's.
        owner = of_lms("moodle", match["id"] or match["name"], name=match["name"])
        owner = owner if match["id"] else replace(owner, lms={})
        inner = replace(file, parts=PurePosixPath(inside).parts)
        claims.append(Claim(owner, file.parts[0], inner, file.whole))
    return claims
