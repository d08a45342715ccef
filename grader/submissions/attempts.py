"""Which attempt counts where somebody handed in several: the newest that came in time, else the newest.

All files of one attempt belong together. Attempts are told apart by their time (Blackboard, Brightspace), and by the
source where the same LMS's download was given twice (Canvas, whose attachments are numbered in the order of time).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from grader.lateness import Arrival
from grader.roster import Enrolled
from grader.submissions import names
from grader.submissions.claims import Claim

OnTime: TypeAlias = Callable[[Enrolled, Arrival], bool]


@dataclass(frozen=True, slots=True)
class Sourced:
    """A claim and the source it comes from."""

    claim: Claim
    source: str  # the path that the instructor named
    kind: str  # of layout


@dataclass(frozen=True, slots=True)
class Chosen:
    """The files of the attempt that counts, when it came, and each other attempt with the reason."""

    counted: Sequence[Sourced]
    arrival: Arrival
    left_out: Sequence[tuple[Sequence[Sourced], str]]


def arrived_in_time(owner: Enrolled, arrival: Arrival) -> bool:
    """What is known without a due date: whether the LMS marked it as late."""
    return not arrival.marked_late


def choose(own: Sequence[Sourced], on_time: OnTime = arrived_in_time) -> Chosen:
    """The attempt that counts among the files of one owner.

    An attempt without any file that could be a notebook counts only where all are like that: somebody who adds a
    comment after handing in does not take the notebook back.

    Args:
        own: all files of one owner, from all sources.
        on_time: whether something that came then is in time.
    """
    attempts: dict[tuple[str, ...], list[Sourced]] = {}
    for each in own:
        attempts.setdefault(_attempt(each), []).append(each)
    always = attempts.pop((), [])  # such as a file that was mailed and lies beside a download
    if len(attempts) < 2:
        return Chosen(own, _arrival(own), ())
    in_order = sorted(attempts.values(), key=_age)
    filled = [each for each in in_order if any(_may_be_notebook(one.claim) for one in each)] or in_order
    timely = [each for each in filled if on_time(each[0].claim.owner, _arrival(each))]
    counted = (timely or filled)[-1]
    left_out = [(each, _why(each, counted, in_order, filled)) for each in in_order if each is not counted]
    return Chosen([*counted, *always], _arrival(counted), left_out)


def _why(
    attempt: list[Sourced], counted: list[Sourced], in_order: list[list[Sourced]], filled: list[list[Sourced]]
) -> str:
    if in_order.index(attempt) < in_order.index(counted):
        return "an older attempt"
    return "a newer attempt, which came too late" if attempt in filled else "a newer attempt without a notebook"


def _attempt(each: Sourced) -> tuple[str, ...]:
    if each.claim.attempt:
        return each.kind, each.claim.attempt
    return (each.kind, each.source) if each.kind == "canvas" else ()


def _age(attempt: Iterable[Sourced]) -> tuple[str, int]:
    """What sorts attempts by time: their moment, and the number of Canvas's newest attachment."""
    numbers, moments = [0], [""]
    for each in attempt:
        numbers.append(each.claim.order)
        moments.append(_utc(each.claim.handed_in) or each.claim.attempt)
    return max(moments), max(numbers)


def _utc(moment: str) -> str:
    """Times of one zone differ in their offsets where summer time ends between them."""
    return datetime.fromisoformat(moment).astimezone(UTC).isoformat() if moment else ""


def _arrival(attempt: Sequence[Sourced]) -> Arrival:
    moments = [each.claim.handed_in for each in attempt]
    kinds = sorted({each.kind for each in attempt})
    return Arrival(max(moments, key=_utc), any(each.claim.marked_late for each in attempt), "+".join(kinds))


def _may_be_notebook(claim: Claim) -> bool:
    name = claim.file.parts[-1]
    return names.is_notebook(name) or name.lower().endswith(".zip")
