"""The kinds of checks: the visible table `CHECKS`, and how a rubric's options are bound to them.

A check asks the student's session and the reference the same probes and compares the observations:

    def check(student: Session, reference: Reference, item: Item, *, option: ..., ...) -> Finding

Its keyword-only parameters are the options that rubric.yaml may give. Others add theirs through the entry-point
group `grader.checks`. A check is imported when it is first used, because torch comes with it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from grader.errors import RubricError
from grader.records import Assignment, Finding, Item
from grader.spelling import hint

Check = Callable[..., Finding]

_GROUP = "grader.checks"

DEFINITIONS = frozenset({"definition"})
ANY = frozenset({"definition", "library", "value"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A check and what it is asked about.

    Args:
        entry: where the function is.
        versions: which captured bindings are asked one by one, the best counting; empty if the check looks itself.
        trains: whether it runs in the training pass.
        captures: whether its target is a name of the notebook's.
        sees_helpers: whether it sees how right helpers are written, so that helpers of ours may take their place.
        pictures: whether wrong answers are shown, for which public cases of its option `inputs` are asked beforehand.
        judges: the options that only judge what was observed, as paths such as `profiles.*.full`. A change of them
            runs nothing; every other option may change what is asked, so its change runs notebooks anew.
    """

    entry: EntryPoint
    versions: frozenset[str] = DEFINITIONS
    trains: bool = False
    captures: bool = True
    sees_helpers: bool = False
    pictures: bool = False
    judges: tuple[str, ...] = ()

    @property
    def check(self) -> Check:
        """The function itself."""
        loaded: Check = self.entry.load()
        return loaded


def _ours(name: str, **row: Any) -> Kind:
    return Kind(EntryPoint(name, f"grader.checks.{name}:{name}", _GROUP), **row)


CHECKS: Mapping[str, Kind] = {
    "returns_close": _ours("returns_close", pictures=True, judges=("on_banned", "credit", "rtol", "atol")),
    "gradient_close": _ours("gradient_close", judges=("rtol", "atol")),
    "module_close": _ours("module_close", judges=("credit",)),
    "has_shapes": _ours("has_shapes", sees_helpers=True, judges=("credit",)),
    "initialises": _ours("initialises"),
    "learned_weight": _ours("learned_weight", versions=frozenset(), judges=("shape", "expected", "within")),
    "evaluates_to": _ours("evaluates_to", versions=ANY),
    "some_version_returns": _ours("some_version_returns", versions=frozenset()),
    "learns": _ours(
        "learns", trains=True, judges=("profiles.*.none", "profiles.*.full", "without_training", "on_other")
    ),
    "answered": _ours("answered", versions=frozenset(), captures=False, judges=("looks_for",)),
    "later": _ours("later", versions=frozenset(), captures=False),
}

GIVEN_BY_THE_RUN = frozenset({"profile", "device"})  # keywords that no rubric sets


@functools.cache  # looking through what is installed takes long
def kinds() -> Mapping[str, Kind]:
    """The table together with checks that other packages offer."""
    others = {entry.name: Kind(entry) for entry in entry_points(group=_GROUP)}
    return {**others, **CHECKS}


def bind(item: Item, where: str) -> Kind:
    """The kind of an item's check, its options proven to fit.

    Args:
        item: the item.
        where: its place in rubric.yaml, for messages.

    Raises:
        RubricError: no such check, an option it does not have, or one that is lacking.
    """
    table = kinds()
    if item.check not in table:
        raise RubricError(f"{where}: no check is called {item.check!r}{hint(item.check, table)}")
    parameters = {
        name: parameter
        for name, parameter in inspect.signature(table[item.check].check).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name not in GIVEN_BY_THE_RUN
    }
    for option in item.options:
        if option not in parameters:
            raise RubricError(f"{where}: unknown option {option!r} for check {item.check!r}{hint(option, parameters)}")
    cases = item.options.get("cases", 1)
    if isinstance(cases, bool) or not isinstance(cases, int) or cases < 1:
        raise RubricError(f"{where}: cases is {cases!r}; it must be a whole number above 0")
    for name, parameter in parameters.items():
        if parameter.default is parameter.empty and name not in item.options:
            raise RubricError(f"{where}: check {item.check!r} lacks its option {name!r}")
    return table[item.check]


def prove(assignment: Assignment) -> None:
    """Bind every item of an assignment.

    Raises:
        RubricError: see `bind`.
    """
    for item in assignment.items:
        bind(item, f"rubric.yaml: {assignment.name}: {item.id}")
