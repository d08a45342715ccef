"""Where the checks of one notebook are carried out: finds out what is asked, remembers what is bound, judges, reports.

There is one desk a kernel and assignment. It looks at the names of the assignment after each cell, from the first check
on, and shows the reports that a cell made and did not end with.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython

from grader import checks, homes, judging, rubric, scoring
from grader.checks.asking import failed
from grader.errors import RubricError, UsageError
from grader.judging import Key
from grader.kernel.inside.answering import warm
from grader.probes import Raised, names_of
from grader.records import LANGUAGES, Assignment, Finding, Item, Outcome, Profile, Rubric
from grader.reports.feedback.display import Row, Shown, State
from grader.selfcheck.alarm import Interrupts
from grader.selfcheck.history import History
from grader.selfcheck.live import LiveSession
from grader.selfcheck.memory import Memory
from grader.selfcheck.report import Report
from grader.selfcheck.undisturbed import undisturbed
from grader.selfcheck.wanted import Wanted, known_words, wanted


@dataclass(frozen=True, slots=True)
class Standard:
    """What is judged by: a `judging.Standard`."""

    assignment: Assignment
    key: Key
    device: str = "cpu"
    profile: Profile = Profile.QUICK


@dataclass(frozen=True, slots=True)
class Desk:
    """What stays between two checks."""

    standard: Standard
    memory: Memory
    history: History
    language: str

    def report(self, asked: Sequence[Any], language: str | None, interrupts: Interrupts) -> Report:
        """Check and tell.

        Raises:
            UsageError: the assignment has nothing of that name.
        """
        assignment = self.standard.assignment
        meant = wanted(assignment, asked, self.memory.namespace)
        session = LiveSession(self.memory, self.history.calls, assignment.limits.probe_s, interrupts)
        rows: dict[str, Row] = {}
        with contextlib.suppress(KeyboardInterrupt), contextlib.ExitStack() as given:
            for target, value in meant.given.items():
                given.callback(self.memory.put(target, value))
            for row in _judged(session, meant, self.standard, everything=not asked):
                rows[row.item.id] = row
        shown = [rows[item.id] for item in meant.items if item.id in rows]
        problem = "Stopped before the end." if interrupts.came else ""
        return Report(Shown(meant.title, shown, problem, language or self.language, whole=not asked))


def checked(asked: Sequence[Any], assignment: str | None, language: str | None) -> Report:
    """The report on what these objects and words mean.

    Raises:
        GraderError: with one clear line.
        KeyboardInterrupt: stopped before anything was found out.
    """
    shell = get_ipython()
    namespace = shell.user_ns if shell is not None else vars(sys.modules["__main__"])
    if language is not None and language not in LANGUAGES:
        raise UsageError(f"lang={language!r} is not spoken here; choose {' or '.join(LANGUAGES)}.")
    with Interrupts() as interrupts, undisturbed(namespace), contextlib.ExitStack() as stack:
        stack.callback(interrupts.close)  # before all is put back
        warm()
        desk = _desk(shell, namespace, asked, assignment)
        desk.memory.look(_number(shell), _current_cell(shell))
        report = desk.report(asked, language, interrupts)
    if shell is not None:
        _unseen.append(report)
    return report


# ---- judging ---------------------------------------------------------------------------------------------------------


def _judged(session: LiveSession, meant: Wanted, standard: Standard, *, everything: bool) -> Iterator[Row]:
    """A row for each item; those that the wanted ones build on are judged first, as far as they are begun."""
    shown = {item.id for item in meant.items}
    findings: dict[str, Finding] = {}
    table = checks.kinds()
    judged = shown | scoring.needed(shown, standard.assignment.items)
    for item in standard.assignment.items:
        if item.id not in judged:
            continue
        if table[item.check].trains or not table[item.check].captures:
            if not everything and item.id in shown:
                yield Row(item, State.LATER)
            continue
        if not _begun(session, item):
            findings[item.id] = failed(_lacking(session, item))
            yield from [Row(item, State.TO_DO, findings[item.id])] if item.id in shown else []
            continue
        session.heard.clear()
        findings[item.id] = judging.judge(session, item, findings, standard)
        if item.id in shown:
            yield _row(item, findings[item.id], session.heard)


def _begun(session: LiveSession, item: Item) -> bool:
    """Whether there is anything to check; a stub counts as something."""
    kinds = checks.kinds()[item.check].versions
    bound = {version.kind for version in session.versions(item.target)}
    if item.check == "some_version_returns":
        return "library" in bound  # the name is its function until it is bound to layers
    return bool(bound) if not kinds else bool(bound & kinds) or "library" in bound


def _lacking(session: LiveSession, item: Item) -> str:
    bound = session.versions(item.target)
    return f"`{item.target}` is not bound to a layer yet." if bound else f"`{item.target}` is not defined."


def _row(item: Item, finding: Finding, heard: Sequence[Raised | None]) -> Row:
    raised = [each for each in heard if each is not None]
    if raised and len(raised) == len(heard) and all(each.type == "NotImplementedError" for each in raised):
        return Row(item, State.TO_DO, finding)
    if finding.outcome is Outcome.WAITING:
        return Row(item, State.LATER, finding)
    said = raised[0] if raised and finding.outcome is Outcome.FAILED and raised[0].type in finding.message else None
    return Row(item, State.JUDGED, finding, said.message if said is not None else "")


# ---- what is asked ---------------------------------------------------------------------------------------------------

_desks: dict[tuple[int, str, str, int], Desk] = {}
_unseen: list[Report] = []


def _desk(shell: Any, namespace: dict[str, Any], asked: Sequence[Any], name: str | None) -> Desk:
    """The one that fits, made anew when the file that says what is asked has changed."""
    home = homes.find(Path.cwd())
    stamp = _stamp(home)
    course = _rubric(home, stamp)
    chosen = _chosen(course, name, asked, namespace)
    key = (id(namespace), str(home), chosen.name, stamp)
    if key not in _desks:
        history = History(shell, chosen.prelude)
        targets = tuple(dict.fromkeys(item.target for item in chosen.items if checks.kinds()[item.check].captures))
        memory = Memory(targets, namespace, str(Path.cwd()), history.cell_of)
        _desks[key] = Desk(Standard(chosen, homes.key(home, chosen)), memory, history, course.language)
        if shell is not None:
            _follow(shell)
    return _desks[key]


_rubrics: dict[tuple[str, int], Rubric] = {}


def _rubric(home: Path, stamp: int) -> Rubric:
    if (str(home), stamp) not in _rubrics:
        _rubrics[str(home), stamp] = homes.load(home, checks.bind)
    return _rubrics[str(home), stamp]


def _stamp(home: Path) -> int:
    try:
        return os.stat(home / rubric.FILE).st_mtime_ns
    except FileNotFoundError:
        return 0  # what was released does not change


def _chosen(course: Rubric, name: str | None, asked: Sequence[Any], namespace: Mapping[str, Any]) -> Assignment:
    """The assignment of that name, of this folder, of what is asked, or of what is defined."""
    if name is not None or len(course.assignments) == 1:
        return rubric.choose(course, name)
    here = Path.cwd()
    for each in course.assignments.values():
        if here.is_relative_to(each.notebooks.resolve()):
            return each
    words = {each if isinstance(each, str) else getattr(each, "__name__", "") for each in asked}
    fitting = [each for each in course.assignments.values() if words & set(known_words(each))]
    if len(fitting) == 1:
        return fitting[0]
    defined = {name for name in namespace if not name.startswith("_")}
    targets = {name for each in course.assignments.values() for item in each.items for name in names_of(item.target)}
    try:
        return rubric.choose(course, None, [defined & targets])
    except RubricError:
        known = " or ".join(f"assignment={each!r}" for each in course.assignments)
        raise UsageError(f"There are several assignments here; say which: check({known}).") from None


# ---- cells -----------------------------------------------------------------------------------------------------------


_followed: list[Any] = []


def _follow(shell: Any) -> None:
    """Look at what each cell has bound, and show what it has not shown."""
    if not any(each is shell for each in _followed):
        _followed.append(shell)
        shell.events.register("post_run_cell", lambda result: _after(shell, result))


def _after(shell: Any, result: Any) -> None:
    cell = getattr(getattr(result, "info", None), "cell_id", None) or ""
    number = getattr(result, "execution_count", None) or 0
    for key, desk in _desks.items():
        if key[0] == id(shell.user_ns):
            desk.memory.look(number, cell)
    reports = [report for report in _unseen if not report.shown]
    _unseen.clear()
    for report in reports:
        shell.display_pub.publish(report._repr_mimebundle_())


def _number(shell: Any) -> int:
    return int(getattr(shell, "execution_count", 0) or 0)


def _current_cell(shell: Any) -> str:
    """The id of the cell that is being run; its own hook will tell the same."""
    parent = getattr(shell, "parent_header", None) or {}
    metadata = parent.get("metadata", {}) if isinstance(parent, dict) else {}
    return str(metadata.get("cellId", "")) if isinstance(metadata, dict) else ""
