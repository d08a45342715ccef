"""extensions.yaml: who has more time for what. It lies beside rubric.yaml:

    hw2-cnn:
      2024000010: {days: 2, reason: illness}
      ada@example.org: {due: 2026-10-05 23:59}

A student is named by id, number, login or e-mail address, as it is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

from grader import documents, lateness
from grader.errors import CourseError
from grader.lateness import Extension
from grader.roster import Enrolled
from grader.spelling import hint

FILE: Final = "extensions.yaml"
_KEYS: Final = ("due", "days", "reason")
_MOST_DAYS: Final = 3650


def load(
    path: Path, zone: tzinfo | None = None, *, known: Collection[str] | None = None
) -> Mapping[str, Mapping[str, Extension]]:
    """The extensions of a course, by assignment and by how the student is named there.

    Args:
        path: of the file; where there is none, nobody has an extension.
        zone: where a time without an offset is meant; None is this machine's.
        known: the assignments that there are: an extension of another one would be nobody's, in silence.

    Raises:
        CourseError: the file cannot be read or says what it cannot mean.
    """
    try:
        content = documents.load(path.read_text(encoding="utf-8-sig"), texts_only=True)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CourseError(f"{path}: {error}") from error
    given = {}
    for assignment, students in _mapping(content or {}, f"{path.name}").items():
        if known is not None and assignment not in known:
            raise CourseError(f"{path.name}: no assignment is called {assignment!r}{hint(assignment, known)}")
        where = f"{path.name}: {assignment}"
        given[assignment] = {
            who: _extension(row, f"{where}: {who}", zone) for who, row in _mapping(students or {}, where).items()
        }
    return given


def of_students(given: Mapping[str, Extension], people: Iterable[Enrolled]) -> tuple[dict[str, Extension], list[str]]:
    """The extensions of one assignment by student id, and the names in the file that are nobody's or several people's.

    Args:
        given: by how the student is named in the file.
        people: all that are known.
    """
    owners: dict[str, set[str]] = {}
    for person in people:
        for name in (person.student_id, person.number, person.login, person.email):
            owners.setdefault(name.casefold(), set()).add(person.student_id)
    found: dict[str, Extension] = {}
    unknown = []
    for name, extension in given.items():
        meant = owners.get(name.casefold(), set()) if name else set()
        if len(meant) == 1:
            found[min(meant)] = extension
        else:
            unknown.append(name)
    return found, unknown


def _extension(content: Any, where: str, zone: tzinfo | None) -> Extension:
    row = _mapping(content, where)
    for key in row:
        if key not in _KEYS:
            raise CourseError(f"{where}: unknown key {key!r}; known are {', '.join(_KEYS)}")
    if ("due" in row) == ("days" in row):
        raise CourseError(f"{where}: give either due or days")
    reason = str(row.get("reason", ""))
    try:
        if "due" in row:
            return Extension(due=lateness.deadline(row["due"], zone), reason=reason)
        days = float(row["days"])
    except (ValueError, TypeError) as error:
        raise CourseError(f"{where}: expected a date such as 2026-10-05 23:59, or a number of days: {error}") from error
    if not 0 <= days <= _MOST_DAYS:
        raise CourseError(f"{where}: days is {row['days']}; it must be a number from 0 to {_MOST_DAYS}")
    return Extension(days=days, reason=reason)


def _mapping(content: Any, where: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise CourseError(f"{where}: expected keys with values, found {content!r}")
    return content
