"""What is judged only after handing in: items that a released folder does not tell, accuracies, written answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grader.checks.asking import Reference
from grader.probes import Session
from grader.records import Finding, Item, Outcome

AFTERWARDS: Final = "This is judged after you hand in."


def later(student: Session, reference: Reference, item: Item) -> Finding:
    """Ask nothing and wait. `grader release` writes it in place of checks that need the course's own files."""
    return Finding(Outcome.WAITING, 0.0, AFTERWARDS)


def in_words(items: Sequence[Item]) -> str:
    """The titles of such items in one line, several written answers in two words; "" for none."""
    titles = [item.title for item in items if item.check != "answered"]
    written = [item.title for item in items if item.check == "answered"]
    return ", ".join([*titles, *(written if len(written) == 1 else ["written answers"][: len(written)])])
