"""Our short words about an item and a grade, in the reader's language."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from grader.records import Outcome, Profile
from grader.reports.feedback.languages import Language
from grader.rows import GradeRow


def verdict(outcome: Outcome, hint: str, _: Language) -> tuple[str, str]:
    """A sign and a word for what became of an item, so that colour is never needed to tell."""
    match outcome:
        case Outcome.PASSED:
            return "✓", _("right")
        case Outcome.PARTIAL:
            return "◐", _("partly right")
        case Outcome.FAILED:
            return "✗", _("not right yet")
        case Outcome.SKIPPED:
            # What follows from a mistake before it was asked, and its answers are wrong; the rest was not asked at all.
            return "↷", _("not right yet") if hint.startswith("Follows from") else _("not judged")
        case Outcome.WAITING:
            return "…", _("waits for a reader")
        case Outcome.BROKEN:
            return "!", _("your teachers look at this; it costs nothing")


def asked(check: str, _: Language) -> str:
    """What an item asks, by its kind of check; nothing for one of another package."""
    match check:
        case "returns_close":
            return _("Called with many different inputs, it has to give the right values.")
        case "gradient_close":
            return _("The gradients that flow back through it have to be right.")
        case "module_close":
            return _("With given weights its outputs and gradients have to be right.")
        case "has_shapes":
            return _("Its layers have to give outputs of the right shapes, in the right order.")
        case "initialises":
            return _("Applied to a network, it has to set the weights that it should, and nothing else.")
        case "learned_weight":
            return _("At the end of its cell it has to have learned the expected weight.")
        case "evaluates_to":
            return _("Used where you define it, it has to give the expected values.")
        case "some_version_returns":
            return _("Each of the layers that you make one after the other has to give the right values.")
        case "learns":
            return _("Trained anew, the network has to recognise images that it has never seen.")
        case "answered":
            return _("Your own words on the questions of this section.")
        case _:
            return ""


def place(evidence: Mapping[str, Any], _: Language) -> str:
    """The cell that was looked at, and its notebook."""
    cell, notebook = evidence.get("cell"), evidence.get("notebook")
    if not isinstance(cell, int):
        return ""
    if isinstance(notebook, str) and notebook:
        return _("cell {cell} of {notebook}", cell=cell, notebook=notebook)
    return _("cell {cell}", cell=cell)


def facts(row: GradeRow, _: Language) -> Iterator[tuple[str, str]]:
    """How it was graded, and what is known to differ from the student's own machine."""
    yield _("Handed in"), row.submission
    yield _("Graded"), _when(row.started)
    yield _("Graded on"), device(row.device, _)
    if row.items:
        trained = any(item.check == "learns" for item in row.items)
        if trained:
            yield _("Training"), profile(row.profile, _)
    plain = {"yes": _("yes"), "no": _("no")}
    for name, yours, ours in _machines(row):
        told = {"yours": plain.get(yours, yours), "ours": plain.get(ours, ours)}
        yield name, _("{yours} in your notebook, {ours} here", **told)
    yield _("Grader"), row.grader_version


def device(name: str, _: Language) -> str:
    """Where the networks were trained."""
    return _("a computer without a GPU") if name == "cpu" else _("a computer with a GPU ({name})", name=name)


def profile(name: str, _: Language) -> str:
    """How long networks were trained."""
    if name == Profile.QUICK:
        return _("shortened: a recipe that is enough to tell whether the network learns")
    return _("in full: the book's own recipe")


def _machines(row: GradeRow) -> Iterator[tuple[str, str, str]]:
    """What a notebook says of the machine it was written on, beside ours, where they differ."""
    shown: set[str] = set()
    for item in row.items:
        machines = item.evidence.get("machines")
        for each in machines if isinstance(machines, list) else []:
            match each:
                case [str() as name, str() as yours, str() as ours] if yours != ours and name not in shown:
                    shown.add(name)
                    yield name, yours, ours


def _when(started: str) -> str:
    try:
        return datetime.datetime.fromisoformat(started).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return ""
