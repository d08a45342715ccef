"""nbgrader's folder `submitted`.

    submitted/<student>/<assignment>/<notebook>.ipynb
    submitted/<student>/<assignment>/timestamp.txt        where nbgrader collected it

Several assignments of one course may lie side by side; each claim says of which it is.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from grader.roster import Enrolled
from grader.submissions import names
from grader.submissions.claims import Claim, Source, posix

_FOLDER = "submitted"
_TIME = "timestamp.txt"
_STAMP = re.compile(r"(\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(?:\.\d+)?)\s*(\S*)")


def nbgrader(source: Source) -> list[Claim] | None:
    """The claims of a `submitted` folder; None where it is not called so and not most students have a timestamp."""
    stamped = {posix(file.parts[:2]): file for file in source.files if len(file.parts) == 3 and file.parts[2] == _TIME}
    deep = [file for file in source.files if len(file.parts) > 2]
    # A single one may be a student's own: it is not to tell what everybody's folders mean.
    usual = 2 * len({file.parts[0] for file in stamped.values()}) > len({file.parts[0] for file in source.files})
    if not deep or not (usual or source.told or source.name == _FOLDER):
        return None
    claims = []
    for file in source.files:
        if len(file.parts) < 2 and not file.is_folder:
            continue
        student, assignment = file.parts[0], file.parts[1] if len(file.parts) > 2 else ""
        owner = Enrolled(names.safe_id(student), lms={"nbgrader": student}, listed=False)
        stamp = stamped.get(posix(file.parts[:2]))
        inner = replace(file, parts=file.parts[2:] or file.parts[-1:])
        claims.append(
            Claim(
                owner,
                "/".join(map(names.plain, file.parts[:2])),
                inner,
                file.whole,
                handed_in=_moment(stamp.content.decode("utf-8", "replace"), source) if stamp else "",
                assignment=assignment,
                aside="nbgrader's time stamp" if file is stamp else "",
            )
        )
    return claims


def _moment(text: str, source: Source) -> str:
    """`2015-02-02 15:58:23.948203 America/Los_Angeles` in ISO 8601; without a zone it is the course's."""
    found = _STAMP.match(text.strip())
    if found is None:
        return ""
    zone = source.zone
    stamp = found[1].partition(".")[0].replace("T", " ")
    try:
        if re.fullmatch(r"[+-]\d{2}:?\d{2}", found[2]):
            return datetime.strptime(f"{stamp} {found[2]}", "%Y-%m-%d %H:%M:%S %z").isoformat()
        zone = ZoneInfo(found[2]) if found[2] else zone
    except (ValueError, ZoneInfoNotFoundError, OSError):
        return ""
    return replace(source, zone=zone).moment(stamp, "%Y-%m-%d %H:%M:%S")
