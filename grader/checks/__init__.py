"""The kinds of checks: the visible table `CHECKS`, and how a rubric's options are bound to them.

A check asks the student's session and the reference the same probes and compares the observations:

    def check(student: Session, reference: Reference, item: Item, *, option: ..., ...) -> Finding

Its keyword-only parameters are the options that rubric.yaml may give. Others add theirs through the entry-point
group `grader.checks`.
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points

from grader.checks.answered import answered
from grader.checks.evaluates_to import evaluates_to
from grader.checks.gradient_close import gradient_close
from grader.checks.has_shapes import has_shapes
from grader.checks.initialises import initialises
from grader.checks.learned_weight import learned_weight
from grader.checks.learns import learns
from grader.checks.module_close import module_close
from grader.checks.returns_close import returns_close
from grader.checks.some_version_returns import some_version_returns
from grader.errors import RubricError
from grader.records import Finding, Item

Check = Callable[..., Finding]

DEFINITIONS = frozenset({"definition"})
ANY = frozenset({"definition", "library", "value"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A check and what it is asked about.

    Args:
        check: the function.
        versions: which captured bindings are asked one by one, the best counting; empty if the check looks itself.
        trains: whether it runs in the training pass.
        captures: whether its target is a name of the notebook's.
    """

    check: Check
    versions: frozenset[str] = DEFINITIONS
    trains: bool = False
    captures: bool = True


CHECKS: Mapping[str, Kind] = {
    "returns_close": Kind(returns_close),
    "gradient_close": Kind(gradient_close),
    "module_close": Kind(module_close),
    "has_shapes": Kind(has_shapes),
    "initialises": Kind(initialises),
    "learned_weight": Kind(learned_weight, frozenset()),
    "evaluates_to": Kind(evaluates_to, ANY),
    "some_version_returns": Kind(some_version_returns, frozenset()),
    "learns": Kind(learns, trains=True),
    "answered": Kind(answered, frozenset(), captures=False),
}

GIVEN_BY_THE_RUN = frozenset({"profile", "device"})  # keywords that no rubric sets


@functools.cache  # looking through what is installed takes long
def kinds() -> Mapping[str, Kind]:
    """The table together with checks that other packages offer."""
    others = {entry.name: Kind(entry.load()) for entry in entry_points(group="grader.checks")}
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
        raise RubricError(f"{where}: no check is called {item.check!r}{did_you_mean(item.check, table)}")
    parameters = {
        name: parameter
        for name, parameter in inspect.signature(table[item.check].check).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name not in GIVEN_BY_THE_RUN
    }
    for option in item.options:
        if option not in parameters:
            hint = did_you_mean(option, parameters)
            raise RubricError(f"{where}: unknown option {option!r} for check {item.check!r}{hint}")
    cases = item.options.get("cases", 1)
    if isinstance(cases, bool) or not isinstance(cases, int) or cases < 1:
        raise RubricError(f"{where}: cases is {cases!r}; it must be a whole number above 0")
    for name, parameter in parameters.items():
        if parameter.default is parameter.empty and name not in item.options:
            raise RubricError(f"{where}: check {item.check!r} lacks its option {name!r}")
    return table[item.check]


def did_you_mean(word: str, known: Mapping[str, object]) -> str:
    """The end of a message about a misspelt word."""
    if not known:
        return "; it has none"
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(sorted(known))}"
