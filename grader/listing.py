"""The code cells of a submission as they were handed in, kept beside what was answered, for whoever looks at a mark.

They lie among the recordings of a grade (packing.py) under the name of no item, so that they are forgotten and found
with them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from grader.kernel.channel import ProtocolError, strict_json

ITEM: Final = ""  # under which recordings hold the cells
_LONGEST: Final = 20_000  # characters of a cell that are kept
_MOST: Final = 400_000  # of a submission; hw2-cnn done in full has some 30,000


@dataclass(frozen=True, slots=True)
class CodeCell:
    """One code cell: the notebook's name, its 1-based number among all cells, its text."""

    notebook: str
    number: int
    source: str


def dump(cells: Iterable[CodeCell]) -> bytes:
    """The cells in order, for `load`; what is longer than anybody writes is cut off and ends with `…`."""
    rows, left = [], _MOST
    for each in cells:
        kept = each.source[: min(_LONGEST, left)]
        left -= len(kept)
        rows.append([each.notebook, each.number, kept if kept == each.source else f"{kept}\n…"])
    return json.dumps(rows).encode()


def load(content: bytes) -> Sequence[CodeCell]:
    """Read what `dump` wrote.

    Raises:
        ProtocolError: it is damaged.
    """
    cells = []
    rows = strict_json(content)
    for row in rows if isinstance(rows, list) else [rows]:
        match row:
            case [str() as notebook, int() as number, str() as source]:
                cells.append(CodeCell(notebook, number, source))
            case _:
                raise ProtocolError("the list of cells holds something that is none of ours")
    return cells
