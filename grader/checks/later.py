"""An item that a released folder does not tell: it is judged after handing in."""

from __future__ import annotations

from typing import Final

from grader.checks.asking import Reference
from grader.probes import Session
from grader.records import Finding, Item, Outcome

AFTERWARDS: Final = "This is judged after you hand in."


def later(student: Session, reference: Reference, item: Item) -> Finding:
    """Ask nothing and wait. `grader release` writes it in place of checks that need the course's own files."""
    return Finding(Outcome.WAITING, 0.0, AFTERWARDS)
