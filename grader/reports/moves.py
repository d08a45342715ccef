"""The marks that a rescore moved, old and new side by side, as pure functions of grades."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from grader.escaping import visible
from grader.rows import GradeRow, ItemRow

_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Move:
    """One mark before and after, as tables show it; empty where there was or is no such item."""

    student_id: str
    item: str
    old: str
    new: str


def moves(before: Sequence[GradeRow], after: Sequence[GradeRow]) -> Iterator[Move]:
    """Every item that earns, or may earn, other points after than before."""
    was = {row.student_id: {item.item: item for item in row.items} for row in before}
    for row in after:
        old, new = was.get(row.student_id, {}), {item.item: item for item in row.items}
        for item in [*new, *(item for item in old if item not in new)]:
            mark, other = _mark(old.get(item)), _mark(new.get(item))
            if mark != other:
                yield Move(row.student_id, item, mark, other)


def moves_table(moved: Sequence[Move]) -> Group:
    """How many moved, and the first of them."""
    marks = "1 mark moved." if len(moved) == 1 else f"{len(moved)} marks moved."
    if not moved:
        return Group(Text("No mark moved."))
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("student", "item"):
        table.add_column(name, overflow="fold")
    for name in ("old", "new"):
        table.add_column(name, justify="right", no_wrap=True)
    for move in moved[:_SHOWN]:
        table.add_row(Text(visible(move.student_id)), Text(visible(move.item)), Text(move.old), Text(move.new))
    beyond = len(moved) - _SHOWN
    return Group(Text(marks), table, *([Text(f"... and {beyond} more: see items.csv")] if beyond > 0 else []))


def _mark(item: ItemRow | None) -> str:
    if item is None:
        return ""
    return f"{_number(item.earned)}/{_number(item.possible)}" if item.outcome.decided else "?"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
