"""Which promises of the sandbox are kept on this machine, as a table for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from grader.escaping import visible

_SHOWN: Final = 3


def promise_table(backends: Mapping[str, Mapping[str, Sequence[str]]]) -> Group:
    """One line a promise, one column a backend; below it what is wrong where a promise is broken.

    Args:
        backends: by name of the backend and sentence of the promise, what is wrong.
    """
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("promise")
    for name in backends:
        table.add_column(Text(visible(name)))
    for sentence in dict.fromkeys(sentence for looked in backends.values() for sentence in looked):
        kept = [not looked.get(sentence, ()) for looked in backends.values()]
        table.add_row(Text(sentence), *(Text("kept", "green") if each else Text("BROKEN", "bold red") for each in kept))
    details = [
        Text(visible(f"{name}: {sentence} {_told(wrong)}"), "dim")
        for name, looked in backends.items()
        for sentence, wrong in looked.items()
        if wrong
    ]
    return Group(table, *details)


def _told(wrong: Sequence[str]) -> str:
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    return f"But: {', '.join(wrong[:_SHOWN])}{more}."
