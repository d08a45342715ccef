"""Files for an LMS from nothing but our gradebook, for those who have no file of the LMS at hand.

No cell is guarded against being read as a formula: a changed id would be nobody's. Such files are for the LMS alone.
"""

from __future__ import annotations

import csv as writing
import io
import re
from collections.abc import Iterable, Sequence

from grader.errors import UsageError


def column(name: str, form: re.Pattern[str], example: str, export: str) -> str:
    """The header of the column of marks.

    Raises:
        UsageError: it is not what the LMS would know again.
    """
    if not form.fullmatch(name):
        raise UsageError(
            f"give --template with the file that the LMS wrote (better), or --column with the whole header of its"
            f" column, such as `grader export {export} --column {example!r}`"
        )
    return name


def csv(lines: Iterable[Sequence[str]], *, quote_all: bool = False) -> bytes:
    """The lines as UTF-8."""
    text = io.StringIO()
    writing.writer(
        text, lineterminator="\r\n", quoting=writing.QUOTE_ALL if quote_all else writing.QUOTE_MINIMAL
    ).writerows(lines)
    return text.getvalue().encode("utf-8", "backslashreplace")
