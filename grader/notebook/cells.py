"""Read the cells of an .ipynb file.

Students' notebooks come from Colab, Jupyter, VS Code and from repairs by hand, so reading asks for as little as
possible: a JSON object with a list of cells. Outputs are never looked at, metadata for `machines.py` and the names of
cells alone.

The grader's own process reads what strangers wrote, so that what it reads is limited in size; docs/decisions/0008 tells
what the limits are worth.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from grader.notebook.drawings import taken_out
from grader.notebook.machines import written_on
from grader.records import SourceFile

MOST_LEGIBLE = 200_000  # characters of code that are looked into; students' notebooks hold a tenth of it
_MOST_SOURCE = 10 * 2**20  # characters of code that are run
_MOST_CELLS = 5_000
_LONGEST_NAME = 100  # characters of a cell's id
_EACH_CELL = 50  # characters that looking into a cell costs besides its own
_EACH_BRACE = 20  # and a brace: Python 3.11 reads the rest of an f-string anew for each of its fields


class UnreadableNotebook(ValueError):  # a value about a student's file, not an error of ours
    """The file is no notebook; the message is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; unknown kinds are left out of a notebook but counted. A raw cell is text, as markdown is."""

    number: int  # 1-based position among all cells
    kind: Literal["code", "markdown"]
    source: str
    legible: bool = True  # whether the grader looks into it; one that no hand wrote is only run
    pictures: Mapping[str, str] = field(default_factory=dict)  # of a written answer; see drawings.py
    names: tuple[str, ...] = ()  # its id and nbgrader's, which stay when its text is replaced


@dataclass(frozen=True, slots=True)
class Notebook:
    """The cells of one notebook in order."""

    name: str
    cells: tuple[Cell, ...]
    machine: Mapping[str, str] = field(default_factory=dict)  # it says it was last run on; see machines.py

    @property
    def code(self) -> tuple[Cell, ...]:
        """The code cells."""
        return tuple(cell for cell in self.cells if cell.kind == "code")

    @property
    def legible(self) -> tuple[Cell, ...]:
        """The code cells that the grader looks into."""
        return tuple(cell for cell in self.code if cell.legible)


def effort(source: str) -> int:
    """What looking into a piece of code costs, in characters of ordinary code."""
    return len(source) + _EACH_BRACE * source.count("{")


def read(file: SourceFile) -> Notebook:
    """Read a notebook of format 2, 3 or 4 (nbformat.readthedocs.io), however damaged its cells are.

    Raises:
        UnreadableNotebook: the file is not JSON, has no list of cells, or more code than anybody writes.
    """
    try:
        root = json.loads(file.content)  # finds UTF-8, UTF-16 and UTF-32 by itself, with or without a byte order mark
    except json.JSONDecodeError as error:
        raise UnreadableNotebook(f"{file.name} is not valid JSON (line {error.lineno}).") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableNotebook(f"{file.name} is not valid JSON.") from error
    entries = _entries(root)
    if entries is None:
        raise UnreadableNotebook(f"{file.name} is JSON, but it has no notebook cells.")
    cells = [cell for number, entry in enumerate(entries, 1) if (cell := _cell(number, entry))]
    code = [cell for cell in cells if cell.kind == "code"]
    if len(code) > _MOST_CELLS:
        raise UnreadableNotebook(f"{file.name} has {len(code)} code cells; at most {_MOST_CELLS} are run.")
    if sum(len(cell.source) for cell in code) > _MOST_SOURCE:
        raise UnreadableNotebook(f"{file.name} has more than {_MOST_SOURCE // 2**20} MB of code.")
    return Notebook(file.name, tuple(_looked_over(cells)), written_on(root))


def _looked_over(cells: Sequence[Cell]) -> list[Cell]:
    """The cells, with those marked that are beyond what the grader looks into; a long one costs the others nothing."""
    left, marked = MOST_LEGIBLE, []
    for cell in cells:
        cost = effort(cell.source) + _EACH_CELL if cell.kind == "code" else 0
        legible = cost <= left
        left -= cost if legible else 0
        marked.append(cell if legible else replace(cell, legible=False))
    return marked


def _entries(root: Any) -> list[Any] | None:
    match root:
        case {"cells": list(cells)}:
            return cells
        case {"worksheets": list(sheets)}:  # formats 2 and 3
            return [cell for sheet in sheets if isinstance(sheet, dict) for cell in _listed(sheet.get("cells"))]
    return None


def _cell(number: int, entry: Any) -> Cell | None:
    match entry:
        case {"cell_type": "code"}:
            return Cell(number, "code", _text(entry.get("source", entry.get("input"))))
        case {"cell_type": "markdown" | "html" | "raw"}:
            text, pictures = taken_out(_text(entry.get("source")), entry.get("attachments"))
            return Cell(number, "markdown", text, pictures=pictures, names=_names(entry))
        case {"cell_type": "heading"}:
            level = entry.get("level")
            marks = "#" * (level if isinstance(level, int) and 1 <= level <= 6 else 1)
            return Cell(number, "markdown", f"{marks} {_text(entry.get('source'))}")
    return None


def _names(entry: Mapping[str, Any]) -> tuple[str, ...]:
    match entry.get("metadata"):
        case {"nbgrader": {"grade_id": str() as given}}:
            names = [entry.get("id"), given]
        case _:
            names = [entry.get("id")]
    return tuple(name[:_LONGEST_NAME] for name in names if isinstance(name, str))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(source: Any) -> str:
    pieces = [source] if isinstance(source, str) else [piece for piece in _listed(source) if isinstance(piece, str)]
    # JSON can spell half a surrogate pair, which no later step could encode.
    text = "".join(pieces).encode(errors="replace").decode()
    return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
