"""How late something was handed in and what that costs: pure functions of stored facts, a due date and a policy.

Nothing of this is stored with a grade: whoever writes a table asks again, so that a moved date or an extension changes
the tables and runs nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from grader.records import Assignment, LatePolicy

_DAY: Final = timedelta(days=1)


class Timing(StrEnum):
    """When something was handed in, compared with when it was due."""

    ON_TIME = "on time"
    GRACE = "within grace"
    LATE = "late"
    CUT_OFF = "after the cut-off"
    UNKNOWN = "unknown"  # marked as late by an LMS that does not say by how much, or no time is known at all
    NOT_DUE = "not due"  # the assignment has no due date


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the source of a submission tells about its time; facts, without any judgement.

    Args:
        handed_in: ISO 8601 with its offset, or empty where the source does not tell.
        marked_late: whether the LMS itself marked it as late (Canvas writes LATE into the file's name).
        source: the kind of source, such as `canvas`.
    """

    handed_in: str = ""
    marked_late: bool = False
    source: str = ""

    @property
    def moment(self) -> datetime | None:
        """When it was handed in, aware of its zone; None where that is not known."""
        return datetime.fromisoformat(self.handed_in) if self.handed_in else None


@dataclass(frozen=True, slots=True)
class Extension:
    """More time for one student: another due date, or days on top of the due date."""

    due: datetime | None = None
    days: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Penalty:
    """What lateness costs one submission.

    Args:
        timing: when it came.
        share: of the points, from 0 to 1, that is taken off.
        days: days begun after the due date; 0 where it came in time.
        sentence: for the student and the table; empty where nothing is to be said.
        of_possible: whether the share is of the possible points, as Canvas has it, instead of those earned.
    """

    timing: Timing
    share: float = 0.0
    days: int = 0
    sentence: str = ""
    of_possible: bool = False


def penalty(
    handed_in: datetime | None,
    due: datetime | None,
    policy: LatePolicy,
    extension: Extension | None = None,
    *,
    marked_late: bool = False,
) -> Penalty:
    """What handing in then costs.

    Every day begun after the due date counts as one; a submission within the grace counts as on time, one after it is
    late from the due date on. A known time is believed more than an LMS's mark, which does not know of extensions.

    Args:
        handed_in: when; None where the source does not tell. Times are aware of their zones.
        due: until when it is on time; None where there is no such date.
        policy: what a day costs.
        extension: of this student.
        marked_late: whether the LMS marked it as late.
    """
    due = extended(due, extension)
    if due is None and not marked_late:
        return Penalty(Timing.NOT_DUE)
    if handed_in is None or due is None:
        told = "The LMS marked it as late without saying by how much; nothing is taken off." if marked_late else ""
        return Penalty(Timing.UNKNOWN, sentence=told)
    # In UTC, because two times of one zone are subtracted as if summer time did not begin or end between them.
    late = handed_in.astimezone(UTC) - due.astimezone(UTC)
    if late.total_seconds() <= policy.grace_minutes * 60:
        return Penalty(Timing.ON_TIME if late <= timedelta(0) else Timing.GRACE)
    days = math.ceil(late / _DAY)
    by = f"Handed in {_duration(late)} after it was due ({due:%Y-%m-%d %H:%M})"
    if policy.cut_off_days is not None and late.total_seconds() > policy.cut_off_days * 86400:
        told = f"{by}, more than the {policy.cut_off_days:g} days after which nothing counts."
        return Penalty(Timing.CUT_OFF, 1.0, days, told)
    # Decimal, because three days of 3.3 % are 9.9 % and not a little less.
    percent = min(_decimal(policy.percent_per_day) * days, _decimal(policy.cap_percent))
    of = "points" if policy.of_possible else "points earned"
    told = f"{by}: {float(percent):g} % of the {of} are taken off." if percent else f"{by}; nothing is taken off."
    return Penalty(Timing.LATE, float(percent / 100), days, told, policy.of_possible)


def of_arrival(arrival: Arrival | None, assignment: Assignment, extension: Extension | None = None) -> Penalty:
    """The penalty of one student's stored arrival under an assignment's dates; of nobody's arrival it is unknown.

    Without a policy in the rubric it tells how late something came and takes nothing off.
    """
    arrival = arrival or Arrival()
    policy = assignment.late or LatePolicy()
    return penalty(arrival.moment, assignment.due, policy, extension, marked_late=arrival.marked_late)


def extended(due: datetime | None, extension: Extension | None) -> datetime | None:
    """The due date of a student with this extension; days are those of a calendar, so that 23:59 stays 23:59."""
    if extension is None:
        return due
    if extension.due is not None:
        return extension.due
    return due + timedelta(days=extension.days) if due else None


def deadline(value: Any, zone: tzinfo | None) -> datetime:
    """A due date as people write it: `2026-10-03 23:59`, with or without seconds and offset; a day ends at its end.

    Args:
        value: text, date or time, as YAML gives it.
        zone: where a time without an offset is meant; None is this machine's, whose summer time counts as well.

    Raises:
        ValueError: it is no date.
    """
    if isinstance(value, str):
        value = value.strip()
        value = date.fromisoformat(value) if len(value) == len("2026-10-03") else datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(23, 59, 59))
    if not isinstance(value, datetime):
        raise ValueError(f"{value!r} is no date")
    return value if value.tzinfo is not None else value.replace(tzinfo=zone or Here())


class Here(tzinfo):
    """The zone of this machine with its summer time; `astimezone()` would keep the offset of one day for all others."""

    def utcoffset(self, when: datetime | None) -> timedelta | None:
        """As the machine's clock has it at that time."""
        return when.replace(tzinfo=None).astimezone().utcoffset() if when is not None else None

    def dst(self, when: datetime | None) -> timedelta | None:
        """Nobody asks."""
        return None

    def tzname(self, when: datetime | None) -> str | None:
        """As the machine calls it."""
        return when.replace(tzinfo=None).astimezone().tzname() if when is not None else None


def _decimal(value: float) -> Decimal:
    """The number as it is written in the rubric."""
    return Decimal(repr(value))


def _duration(late: timedelta) -> str:
    """Such as `1 day 3 h`, `2 h 5 min`, `40 s`: the two greatest units."""
    seconds = int(late.total_seconds())
    units = ((86400, " days"), (3600, " h"), (60, " min"), (1, " s"))
    parts = []
    for size, name in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{' day' if (count, name) == (1, ' days') else name}")
    return " ".join(parts[:2]) or "a moment"
