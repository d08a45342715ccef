"""Whose fault a failure is: a check that fails, or contradicts itself, costs its own item and nothing else."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader import checks
from grader.judging import judge
from grader.records import Assignment, Finding, Item, Outcome, Profile
from tests.fakes import FakeSession

ITEM = Item("odd", "7.2", "odd", 1.0, "odd", "f")


@dataclass(frozen=True)
class Standard:
    """What nothing is asked of here."""

    assignment: Assignment
    key: Any = None
    device: str = "cpu"
    profile: Profile = Profile.QUICK


@dataclass(frozen=True)
class Kind:
    """A check of another package that gives this, whatever it is asked."""

    gives: Any
    trains: bool
    versions: frozenset[str] = frozenset()

    def check(self, student: object, reference: object, item: Item) -> Any:
        if isinstance(self.gives, Exception):
            raise self.gives
        return self.gives


@pytest.mark.parametrize("trains", [False, True])
@pytest.mark.parametrize(
    "gives",
    [
        Finding(Outcome.PARTIAL, 1.0, ""),
        Finding(Outcome.PASSED, 0.5, ""),
        Finding(Outcome.FAILED, math.nan, ""),
        None,
        ZeroDivisionError("division by zero"),
    ],
)
def test_what_a_check_does_wrong_is_no_fault_of_the_students(
    gives: object, trains: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "kinds", lambda: {"odd": Kind(gives, trains)})

    found = judge(FakeSession(), ITEM, {}, Standard(Assignment("hw", "", Path(), "", (ITEM,))))

    assert (found.outcome, found.credit) == (Outcome.BROKEN, 0)
    assert found.message.startswith("The grader failed on this item (")
