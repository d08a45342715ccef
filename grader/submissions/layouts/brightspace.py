"""Brightspace's (D2L's) download of an assignment: a folder for each submission, or flat.

    397063-2557369 - Mary-Ann Smith - Sep 24, 2024 926 PM/HW2.ipynb       the time has no colon: 9:26 PM
    397063-2557369 - Mary-Ann Smith - Sep 24, 2024 2126 - HW2.ipynb       flat, with hours to 24
    index.html                                                            a list of all

The ids are Brightspace's own and no OrgDefinedId, so a roster is joined by name. Known from programs that read such
downloads, not from Brightspace's source.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from grader.roster import Enrolled
from grader.submissions.claims import Claim, Source, by_number, of_lms, posix

_PATH = re.compile(
    r"^(?P<one>\d+)-(?P<two>\d+) ?- ?(?P<name>.+?) ?- ?(?P<time>[^\W\d]{3,9}\.? \d{1,2}, \d{4} \d{3,4}(?: [AP]M)?)"
    r"(?: ?- ?(?P<file>[^/]+)|/(?P<path>.+)|/)?\Z",
    re.DOTALL,
)


def brightspace(source: Source) -> list[Claim] | None:
    """The claims of a Brightspace download; None where no name begins with its two ids and ends with a time."""
    found = [(file, _PATH.match(posix(file.parts))) for file in source.files]
    matches = [match for _, match in found if match]
    if 2 * len(matches) <= len(found):
        return None
    owners = _owners(matches)
    claims = []
    for file, match in found:
        if match is None:
            claims += by_number(file, source.number)
            continue
        inside = PurePosixPath(match["file"] or match["path"] or file.parts[-1]).parts
        moment = _moment(source, match["time"])
        claims.append(
            Claim(
                owners[match["one"], match["two"], match["name"]],
                file.parts[0],
                replace(file, parts=inside),
                file.whole,
                handed_in=moment,
                attempt=moment or match["time"],
            )
        )
    return claims


def _owners(matches: Sequence[re.Match[str]]) -> dict[tuple[str, str, str], Enrolled]:
    """The owner for each pair of ids and name; an id that all submissions share is the assignment's, not a person's."""
    keys = {(match["one"], match["two"], match["name"]) for match in matches}
    firsts, seconds = ({key[place] for key in keys} for place in (0, 1))
    several = len({name for _, _, name in keys}) > 1
    owners = {}
    for one, two, name in keys:
        lms_id = f"{one}-{two}"
        if several and len(seconds) == 1:
            lms_id = one
        elif several and len(firsts) == 1:
            lms_id = two
        owners[one, two, name] = of_lms("brightspace", lms_id, name=name)
    return owners


def _moment(source: Source, text: str) -> str:
    """`Sep 24, 2024 926 PM` in ISO 8601; empty where the month is in a language that this machine does not speak."""
    date, clock = text.replace(".", "").rsplit(", ", 1)
    year, digits, *half = clock.split()
    written = f"{date}, {year} {digits[:-2].zfill(2)}:{digits[-2:]} {''.join(half)}".strip()
    forms = ("%b %d, %Y %I:%M %p", "%B %d, %Y %I:%M %p") if half else ("%b %d, %Y %H:%M", "%B %d, %Y %H:%M")
    return next(filter(None, (source.moment(written, form) for form in forms)), "")
