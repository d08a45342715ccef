"""The marks that moved, old and new side by side and why, as pure functions of grades."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from grader.escaping import visible
from grader.reports import reasons
from grader.rows import GradeRow, ItemRow, number

_SHOWN: Final = 20
_CHANGES: Final = ("earn more", "earn less", "earn as much of other points", "appear, go or wait")


@dataclass(frozen=True, slots=True)
class Move:
    """One mark before and after, as tables show it; empty where there was or is no such item."""

    student_id: str
    item: str
    old: str
    new: str
    why: str = field(default="", compare=False)


def moves(before: Sequence[GradeRow], after: Sequence[GradeRow]) -> Iterator[Move]:
    """Every item that earns, or may earn, other points after than before."""
    was = {row.student_id: row for row in before}
    for row in after:
        earlier = was.get(row.student_id)
        old = {item.item: item for item in earlier.items} if earlier else {}
        new = {item.item: item for item in row.items}
        for item in [*new, *(item for item in old if item not in new)]:
            mark, other = _mark(old.get(item)), _mark(new.get(item))
            if mark != other:
                why = reasons.reason(earlier, row, old.get(item), new.get(item)) if earlier else "first graded"
                yield Move(row.student_id, item, mark, other, why)


def moves_table(moved: Sequence[Move], verb: str = "moved") -> Group:
    """How many moved, item by item where they are many, and the first of them.

    Args:
        moved: the marks.
        verb: what became of them, or what would.
    """
    if not moved:
        return Group(Text(f"No mark {verb}."))
    told = f"1 mark {verb}." if len(moved) == 1 else f"{len(moved)} marks {verb}."
    if len(moved) > _SHOWN:
        told = "\n".join([told, *_by_item(moved)])
    lines = [(move.student_id, move.item, move.old, move.new, move.why) for move in moved[:_SHOWN]]
    beyond = len(moved) - _SHOWN
    more = [Text(f"... and {beyond} more{': see items.csv' if verb == 'moved' else ''}")] if beyond > 0 else []
    return Group(side_by_side(told, ("student", "item", "old", "new", "why"), lines), *more)


def _by_item(moved: Sequence[Move]) -> Iterator[str]:
    """Such as `corr2d-values: 75 earn more, 2 earn less, 36 earn as much of other points`."""
    counts: dict[str, Counter[str]] = {}
    for move in moved:
        counts.setdefault(move.item, Counter())[_change(move)] += 1
    for item, words in counts.items():
        yield visible(f"  {item}: {', '.join(f'{words[word]} {word}' for word in _CHANGES if words[word])}")


def _change(move: Move) -> str:
    """One of `_CHANGES`."""
    try:
        old, new = (float(mark.partition("/")[0]) for mark in (move.old, move.new))
    except ValueError:  # blank or ?
        return _CHANGES[3]
    return _CHANGES[0] if new > old else _CHANGES[1] if new < old else _CHANGES[2]


def side_by_side(told: str, names: Sequence[str], lines: Sequence[Sequence[str]]) -> Group:
    """A sentence, and below it a table of old and new marks.

    Args:
        told: the sentence.
        names: of the columns; those called old and new are numbers.
        lines: the cells of each line.
    """
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for name in names:
        numeric = name in ("old", "new")
        table.add_column(name, justify="right" if numeric else "left", no_wrap=numeric, overflow="fold")
    for line in lines:
        table.add_row(*(Text(visible(cell)) for cell in line))
    return Group(Text(told), table)


def _mark(item: ItemRow | None) -> str:
    if item is None:
        return ""
    return f"{number(item.earned)}/{number(item.possible)}" if item.outcome.decided else "?"
