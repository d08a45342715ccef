"""Data that a submission brings along: text in its code that is no code, and files that are no modules.

Weights made elsewhere and tables of labels have to come from somewhere. So may a student's own pictures, which is why
this is told and never judged.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from grader.notebook.cells import Notebook, effort
from grader.notebook.names import python_of
from grader.notebook.statements import PARSE_ERRORS, parsed
from grader.records import SourceFile

_MUCH = 20_000  # characters of the constants of one cell, bytes of one file; a LeNet has 61,706 weights
_READ, _READ_OF_ALL = 200_000, 600_000  # characters of a module, and of all, that are looked into (docs/decisions/0008)
_OTHERS = frozenset({".md", ".txt", ".pdf", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".html", ".ipynb"})


def carried(notebooks: Sequence[Notebook], attachments: Sequence[SourceFile]) -> list[str]:
    """A sentence for each cell and each file that holds much data."""
    return [*_in_cells(notebooks), *_in_files(attachments)]


def _in_cells(notebooks: Sequence[Notebook]) -> Iterator[str]:
    for each in notebooks:
        for cell in each.code:
            amount = _constants(python_of(cell.source)) if cell.legible else len(cell.source)
            if amount > _MUCH:
                yield f"Cell {cell.number} of {each.name} holds {amount:,} characters of data."


def _constants(source: str) -> int:
    """How many characters the constants of a piece of code have, numbers counting one."""
    try:
        tree = parsed(source)
    except PARSE_ERRORS:
        return 0
    values = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return sum(len(value) if isinstance(value, str | bytes) else 1 for value in values)


def _in_files(attachments: Sequence[SourceFile]) -> Iterator[str]:
    left = _READ_OF_ALL
    for file in attachments:
        source = file.content.decode("utf-8", "replace") if file.name.endswith(".py") else ""
        if source and len(file.content) > _MUCH and (cost := effort(source)) <= min(left, _READ):
            left -= cost
            amount = _constants(source)
        else:
            amount = 0 if PurePosixPath(file.name).suffix.lower() in _OTHERS else len(file.content)
        if amount > _MUCH:
            yield f"{file.name} holds {amount:,} bytes of data."
