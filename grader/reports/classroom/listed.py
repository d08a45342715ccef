"""The parts of a report that are lists: items in figures, mistakes, when work came, how it was graded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from grader.escaping import visible
from grader.lateness import Timing
from grader.records import Outcome, Status
from grader.reports.classroom import charts, figures, mistakes
from grader.reports.classroom.figures import Discrimination, Why
from grader.reports.classroom.given import Class, by_hand
from grader.reports.classroom.groups import Count, Groups
from grader.rows import GradeRow, ItemRow, number

_MOST_MISTAKES: Final = 60

OUTCOMES: Final = {
    Outcome.PASSED: "passed",
    Outcome.PARTIAL: "partly",
    Outcome.FAILED: "failed",
    Outcome.SKIPPED: "skipped",
    Outcome.WAITING: "waiting",
    Outcome.BROKEN: "broken",
}
_TIMINGS: Final = {
    Timing.ON_TIME: "on time",
    Timing.GRACE: "within the grace",
    Timing.LATE: "late",
    Timing.CUT_OFF: "after the cut-off",
    Timing.UNKNOWN: "time not known",
    Timing.NOT_DUE: "no due date",
}


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One item in figures."""

    id: str
    anchor: str
    section: str
    title: str
    points: str
    stack: Markup
    counts: Sequence[tuple[str, Count]]
    rate: str
    mean: str
    discrimination: str
    interval: str
    verdict: str  # in words


@dataclass(frozen=True, slots=True)
class MistakeLine:
    """One mistake, with the items it shows in."""

    sentence: str
    items: Sequence[tuple[str, str]]  # anchor and title
    count: Count


def handed_in(given: Class) -> list[int]:
    """Positions of who handed something in."""
    return [position for position, row in enumerate(given.rows) if row.status is not Status.MISSING]


# ---- items -----------------------------------------------------------------------------------------------------------


def items(given: Class, groups: Groups) -> list[ItemLine]:
    """A line for each item that counts, in the order of the rubric."""
    void = given.assignment.policy.void if given.assignment.policy else ()
    found = [{item.item: item for item in row.items} for row in given.rows]
    rests = [figures.rests(row, void) for row in given.rows]
    lines = []
    for place, item in enumerate(given.assignment.items):
        each: list[ItemRow | None] = [row.get(item.id) for row in found]
        shares = [figures.share(one) for one in each]
        told = figures.discrimination(shares, [rest.get(item.id) for rest in rests])
        outcomes = [one.outcome for one in each if one]
        if waits := outcomes.count(Outcome.WAITING):
            told = Discrimination(waits, why=Why.WAITING)
        known = [share for share in shares if share is not None]
        by = {outcome: [n for n, one in enumerate(each) if one and one.outcome is outcome] for outcome in Outcome}
        rate = figures.pass_rate(outcomes)
        title = visible(item.title)
        lines.append(
            ItemLine(
                id=visible(item.id),
                anchor=f"item-{place + 1}",
                section=visible(item.section),
                title=title,
                points=number(item.points) + (" (void)" if item.id in void else ""),
                stack=charts.stack([(name, len(by[outcome])) for outcome, name in _kinds()]),
                counts=[(word, groups.of(f"{title}: {word}", by[outcome])) for outcome, word in OUTCOMES.items()],
                rate="–" if rate is None else f"{100 * rate:.0f} %",
                mean="–" if waits or not known else f"{100 * sum(known) / len(known):.0f} %",
                discrimination="–" if told.value is None else _signed(told.value),
                interval="" if told.value is None else f"{_signed(told.low)} to {_signed(told.high)}",
                verdict=_verdict(told),
            )
        )
    return lines


def _kinds() -> list[tuple[Outcome, str]]:
    return [(outcome, outcome.value) for outcome in OUTCOMES]


def _signed(value: float) -> str:
    text = f"{value:.2f}".replace("-", "−")
    return "0.00" if text == "−0.00" else text


def _verdict(found: Discrimination) -> str:
    match found.why:
        case Why.WAITING:
            return f"{found.count} still wait for a reader"
        case Why.FEW:
            return f"too few marks to tell ({found.count}; {figures.FEWEST} are needed)"
        case Why.SAME:
            return "everybody has the same points, so it tells nobody apart"
        case Why.SAME_ELSEWHERE:
            return "everybody has the same points elsewhere"
    assert found.value is not None
    if found.low <= 0 <= found.high:
        return "not clear in a class of this size"
    if found.value < 0:
        return "look at it: who does well elsewhere loses it"
    return "tells well" if found.value >= 0.3 else "tells a little"


# ---- mistakes --------------------------------------------------------------------------------------------------------


def common(given: Class, groups: Groups) -> tuple[list[MistakeLine], list[MistakeLine]]:
    """What explains wrong answers, and the failures that nothing explains; the commonest first."""
    targets = {item.target for item in given.assignment.items}
    place = {item.id: (f"item-{n}", visible(item.title)) for n, item in enumerate(given.assignment.items, 1)}
    explained: list[MistakeLine] = []
    others: list[MistakeLine] = []
    for each in mistakes.mistakes(given.rows, targets):
        lines = explained if each.explained else others
        if len(lines) < _MOST_MISTAKES:
            sentence = visible(each.sentence)
            met = [place[item] for item in each.items if item in place]
            lines.append(MistakeLine(sentence, met, groups.of(f"Mistake: {sentence}", each.students)))
    return explained, others


# ---- lateness, conditions --------------------------------------------------------------------------------------------


def timings(given: Class, groups: Groups) -> list[tuple[str, Count]]:
    """How many came when."""
    there = handed_in(given)
    by: dict[Timing, list[int]] = {}
    days: dict[int, list[int]] = {}
    for position in there:
        penalty = given.penalties.get(given.rows[position].student_id)
        timing = penalty.timing if penalty else Timing.UNKNOWN
        by.setdefault(timing, []).append(position)
        if penalty and timing is Timing.LATE:
            days.setdefault(penalty.days, []).append(position)
    found = [
        (words, groups.of(f"Handed in: {words}", by[timing])) for timing, words in _TIMINGS.items() if timing in by
    ]
    for count, members in sorted(days.items()):
        words = "late by a day or less" if count == 1 else f"late by {count - 1} to {count} days"
        found.append((words, groups.of(f"Handed in: {words}", members)))
    return found


def conditions(given: Class, groups: Groups) -> list[tuple[str, list[tuple[str, Count]]]]:
    """Under which conditions was graded: device, isolation, profile, version."""
    there = handed_in(given)
    asked: tuple[tuple[str, Callable[[GradeRow], str]], ...] = (
        ("Device", lambda row: row.device),
        ("Isolation", lambda row: row.isolation),
        ("Training", lambda row: row.profile.value),
        ("Grader", lambda row: row.grader_version),
    )
    found = []
    for name, of in asked:
        by: dict[str, list[int]] = {}
        for position in there:
            by.setdefault(visible(of(given.rows[position])) or "none", []).append(position)
        ordered = sorted(by.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        found.append((name, [(value, groups.of(f"{name}: {value}", members)) for value, members in ordered]))
    return found


def states(given: Class, groups: Groups) -> dict[Status, Count]:
    """How many are in which state."""
    words = {
        Status.GRADED: "Final",
        Status.PROVISIONAL: "Waits for a reader",
        Status.NEEDS_STAFF: "Needs staff",
        Status.MISSING: "Missing",
    }
    by = {status: [n for n, row in enumerate(given.rows) if row.status is status] for status in Status}
    return {status: groups.of(words[status], by[status]) for status in Status}


def by_people(given: Class, groups: Groups) -> list[tuple[int, str, Count]]:
    """How many marks people gave: the number of marks, what they are, and how many students they are of."""
    read: list[int] = []
    overruled: list[int] = []
    for position, row in enumerate(given.rows):
        for item in row.items:
            if by_hand(item):
                (read if item.checked.outcome is Outcome.WAITING else overruled).append(position)
    kinds = ((read, "written answer", "marked"), (overruled, "automatic mark", "changed"))
    return [
        (len(found), f"{what}{'' if len(found) == 1 else 's'} {done}", groups.of(f"By a person: {what}s {done}", found))
        for found, what, done in kinds
        if found
    ]
