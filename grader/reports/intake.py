"""What a person should know about what was handed in, as a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from grader.escaping import visible

_MOST: Final = 30  # rows; all of them are in intake.csv


def intake_table(rows: Sequence[tuple[str, str, str]], *, most: int = _MOST) -> Table:
    """One line for each file that nobody owns and each student in doubt, as long as they fit.

    Args:
        rows: who or which file, what about it, and why.
        most: lines that are shown.
    """
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("student or file", overflow="fold")
    table.add_column("what", no_wrap=True)
    table.add_column("why", overflow="fold")
    for row in rows[:most]:
        table.add_row(*(Text(visible(text)) for text in row))
    if len(rows) > most:
        table.add_row(Text(f"and {len(rows) - most} more"), Text(), Text("in intake.csv"))
    return table
