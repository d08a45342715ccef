"""Judge one item of what a session answers: every version, helpers that stand in, and whose fault a failure is.

One mistake costs once: where an item builds on another that is wrong, it is asked again with a helper of ours.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from grader import checks, scoring
from grader.checks.asking import Reference, failed, sentence
from grader.errors import CourseError
from grader.probes import Missing, Observation, Probe, Returned, Session, Version
from grader.recording import NotRecorded
from grader.records import Assignment, Finding, Item, Outcome, Profile
from grader.releases.key import NotReleased

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


class Key(Reference, Protocol):
    """Who knows the right answers of an assignment: its reference, or what was released of it (homes.py)."""

    @property
    def solutions(self) -> Any:
        """What has the right definitions as attributes; none where they were not released."""
        ...

    def stand_in(self, target: str) -> str | None:
        """Source text of a right helper, where there is one.

        Raises:
            NotReleased: there is one, but it stays with the course.
        """
        ...


class Standard(Protocol):
    """What is judged by."""

    @property
    def assignment(self) -> Assignment:
        """Its items."""
        ...

    @property
    def key(self) -> Key:
        """Who knows."""
        ...

    @property
    def device(self) -> str:
        """Where networks are trained."""
        ...

    @property
    def profile(self) -> Profile:
        """How long."""
        ...


@dataclass(frozen=True, slots=True)
class AtVersion:
    """A session in which a target means one captured version, with helpers replaced where wanted."""

    session: Session
    target: str
    number: int
    stand_ins: tuple[tuple[str, str], ...] = ()

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """Ask the version."""
        return self.session.ask([self._aimed(probe) for probe in probes])

    def versions(self, target: str) -> Sequence[Version]:
        """As of the session itself."""
        return self.session.versions(target)

    def _aimed(self, probe: Probe) -> Probe:
        if probe.target != self.target:
            return probe
        return replace(probe, target=f"{probe.target}@{self.number}", stand_ins=dict(self.stand_ins))


def judge(session: Session, item: Item, findings: Mapping[str, Finding], standard: Standard) -> Finding:
    """Check one item. Whatever goes wrong here is our fault, and never costs the student a point.

    Args:
        session: the student's, or a recording of it.
        item: what is asked.
        findings: what is known of other items, by id.
        standard: what to judge by.

    Raises:
        CourseError: the rubric or the reference is wrong.
        NotRecorded: the session is a recording, which lacks an answer.
    """

    def found() -> Finding:
        finding = scoring.consistent(item, _judge(session, item, findings, standard))
        return finding if checks.kinds()[item.check].trains else _noted(finding, session, item)

    return guarded(item, found)


def guarded(item: Item, do: Callable[[], _T]) -> _T | Finding:
    """What this gives, or the finding that we failed."""
    try:
        return do()
    except (CourseError, NotRecorded):
        raise
    except NotReleased as told:
        return Finding(Outcome.WAITING, 0.0, str(told))
    except Exception as error:  # noqa: BLE001 - a fault of ours is a finding for staff
        _log.exception("%s: the check failed", item.id)
        return Finding(Outcome.BROKEN, 0.0, f"The grader failed on this item ({type(error).__name__}: {error}).")


def _judge(session: Session, item: Item, findings: Mapping[str, Finding], standard: Standard) -> Finding:
    kind = checks.kinds()[item.check]
    if not kind.versions:
        return _ask(kind, session, item, standard)
    versions = [(n, v) for n, v in enumerate(session.versions(item.target)) if v.kind in kind.versions]
    if not versions:
        return _missing(session, item)
    lacking = scoring.lacking(item, findings, standard.assignment.items)
    if kind.trains and _untrainable(lacking, standard):
        return _skipped(item, findings, standard)
    best = _best(kind, session, item, versions, standard, ())
    if best.credit < 1 and lacking:
        stand_ins = _stand_ins(lacking, item, standard)
        helped = _best(kind, session, item, versions, standard, stand_ins) if stand_ins else best
        if helped.credit > best.credit:
            names = " and ".join(f"`{name}`" for name, _ in stand_ins)
            return replace(
                helped, hint=f"Judged with a working {names}, because yours is wrong: one mistake costs once."
            )
        if not stand_ins and best.credit == 0:
            return replace(best, outcome=Outcome.SKIPPED, hint=f"Follows from {', '.join(lacking)}.")
    if best.credit < 1 and kind.sees_helpers and not lacking:
        return _otherwise_written(kind, session, item, versions, standard) or best
    return best


def _otherwise_written(
    kind: checks.Kind,
    session: Session,
    item: Item,
    versions: Sequence[tuple[int, Version]],
    standard: Standard,
) -> Finding | None:
    """The pass that right helpers of ours make of it, where right ones of the student's hide what they are made of."""
    needs = sorted(scoring.needed([item.id], standard.assignment.items))
    try:
        stand_ins = _stand_ins(needs, item, standard)
    except NotReleased:
        return None
    found = _best(kind, session, item, versions, standard, stand_ins) if stand_ins else None
    return found if found is not None and found.credit == 1 else None


def _best(
    kind: checks.Kind,
    session: Session,
    item: Item,
    versions: Sequence[tuple[int, Version]],
    standard: Standard,
    stand_ins: tuple[tuple[str, str], ...],
) -> Finding:
    """The finding of the version that earns most; the newest is asked first, because it is mostly the right one."""
    found: list[Finding] = []
    for number, version in reversed(versions):
        finding = _ask(kind, AtVersion(session, item.target, number, stand_ins), item, standard)
        where = {"cell": version.cell, "notebook": version.notebook}
        found.append(_run_later(replace(finding, evidence={**finding.evidence, **where}), version))
        if finding.credit == 1 or finding.outcome is Outcome.BROKEN:
            break
    # The names of values, such as X and K, are used again and again for something else: no later one is a mistake.
    values = all(version.kind == "value" for _, version in versions)
    best = scoring.nearest(found[::-1]) if values else scoring.best(found[::-1])
    later = [each for each in found[:-1] if _below(each, best)]
    if best.credit == 1 and not values and any(map(scoring.gave_values, later)):
        counts = f"The version in cell {best.evidence['cell']} counts; a later one is wrong."
        best = replace(best, hint=" ".join(part for part in (best.hint, counts) if part))
    return best


def _below(one: Finding, other: Finding) -> bool:
    """Whether two findings are about different cells of one notebook."""
    (notebook, cell), (there, its_cell) = ((each.evidence["notebook"], each.evidence["cell"]) for each in (one, other))
    return bool(notebook == there and cell != its_cell)


def _run_later(finding: Finding, version: Version) -> Finding:
    """The finding with a word on a definition that lacked a name when its cell ran: that costs nothing."""
    if version.kind != "definition" or not version.note or finding.credit == 0:
        return finding
    note = f"{version.note} Run from top to bottom, your notebook stops there."
    return replace(finding, hint=" ".join(part for part in (finding.hint, note) if part))


def _ask(kind: checks.Kind, session: Session, item: Item, standard: Standard) -> Finding:
    given = {"profile": standard.profile.value, "device": standard.device}
    accepted = inspect.signature(kind.check).parameters
    run = {name: value for name, value in given.items() if name in accepted}
    return kind.check(session, standard.key, item, **item.options, **run)


def _missing(session: Session, item: Item) -> Finding:
    library = [version.note for version in session.versions(item.target) if version.kind == "library" and version.note]
    if library:
        return failed(f"{library[-1]}; {item.section} asks to write it.")
    (observation,) = session.ask([Probe("state", item.target)])
    return failed(sentence(observation if isinstance(observation, Missing) else Missing(item.target), item.target))


def _stand_ins(lacking: Sequence[str], item: Item, standard: Standard) -> tuple[tuple[str, str], ...]:
    targets = {each.id: each.target for each in standard.assignment.items}
    names = dict.fromkeys(targets[need] for need in lacking)
    sources = {name: source for name in names if name != item.target and (source := standard.key.stand_in(name))}
    return tuple(sources.items())


def _untrainable(lacking: Sequence[str], standard: Standard) -> bool:
    """Whether something an accuracy item needs is wrong and nothing can stand in for it."""
    targets = {each.id: each.target for each in standard.assignment.items}
    return any(standard.key.stand_in(targets[need]) is None for need in lacking)


def _skipped(item: Item, findings: Mapping[str, Finding], standard: Standard) -> Finding:
    lacking = ", ".join(scoring.lacking(item, findings, standard.assignment.items))
    return Finding(Outcome.SKIPPED, 0.0, f"Not trained, because {lacking} did not pass.")


def _noted(finding: Finding, session: Session, item: Item) -> Finding:
    """The finding with a word on imports that the prelude made up for: they cost nothing."""
    if "notebook" not in finding.evidence:
        return finding
    (observation,) = session.ask([Probe("imports", item.target)])
    rows = observation.value if isinstance(observation, Returned) else []
    where = [finding.evidence["notebook"], finding.evidence.get("cell")]
    used = " and ".join(f"`{name}`" for notebook, cell, names in rows if [notebook, cell] == where for name in names)
    if not used or finding.credit == 0:
        return finding
    note = f"Your notebook uses {used} without an import of its own; the grader's import was used."
    return replace(finding, hint=" ".join(part for part in (finding.hint, note) if part))
