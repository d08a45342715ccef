"""Canvas's "Download Submissions": one flat folder, the names joined by underscores.

    kimchulsoo_340934_208490284_HW2.ipynb            name, user id, attachment id, file name
    kimchulsoo_LATE_340934_208490284_HW2-1.ipynb     late; the suffix says that it was handed in again
    anon_a1B2c_777_HW2.ipynb                         with anonymous grading; LATE_ stands in front
    kimchulsoo_340934_text.html, ..._link.html       a text or an address instead of a file

A display name with underscores and digits in it, or a file name that begins with two numbers, can be read in two ways;
such a file is nobody's in particular, so that no name takes over another's id. The user id is the column ID of Canvas's
gradebook. Source: instructure/canvas-lms, lib/content_zipper.rb.
"""

from __future__ import annotations

import re
from dataclasses import replace

from grader.submissions.claims import Claim, Source, by_number, of_lms, posix

_NAME = re.compile(
    r"^(?:(?!LATE_)(?P<name>\w+?)_)?(?P<late>LATE_)?(?:anon_(?P<anon>[A-Za-z0-9]+)|(?P<user>\d{1,20}))"
    r"_(?:(?P<kind>text|link)\.html|(?P<attachment>\d{1,20})_(?P<file>.+))\Z",
    re.DOTALL,
)
_SECOND = re.compile(r"(?:LATE_)?(?P<user>\d{1,20})_(?:\d{3,20}_.|(?:text|link)\.html\Z)", re.DOTALL)


def canvas(source: Source) -> list[Claim] | None:
    """The claims of a Canvas download; None where the names are not Canvas's."""
    found = [(file, _NAME.match(posix(file.parts)) if len(file.parts) == 1 else None) for file in source.files]
    matches = [match for _, match in found if match]
    if not matches or not (source.told or _convincing(matches, len(found))):
        return None
    claims = []
    for file, match in found:
        if match is None:
            claims += by_number(file, source.number)
            continue
        name, inside = match["name"] or "", match["file"] or f"{match['kind']}.html"
        other = _SECOND.match(inside)
        user = match["user"] or f"anon-{match['anon']}"
        owner = of_lms("canvas", f"{user}-or-{other['user']}" if other else user, name="" if other else name)
        claims.append(
            Claim(
                replace(owner, lms={} if match["anon"] or other else owner.lms),
                file.parts[0],
                replace(file, parts=(inside,)),
                file.whole,
                marked_late=bool(match["late"]),
                order=int(match["attachment"] or 0),
            )
        )
    return claims


def _convincing(matches: list[re.Match[str]], files: int) -> bool:
    """Whether these are Canvas's names and not such as hw_3_2_final.ipynb: in lower case, with unique ids."""
    attachments = [match["attachment"] for match in matches if match["attachment"]]
    named = all((match["name"] or "") == (match["name"] or "").lower() for match in matches)
    unique = len(set(attachments)) == len(attachments) and all(len(number) >= 3 for number in attachments)
    return 2 * len(matches) > files and bool(attachments) and named and unique
