"""The notebooks that students receive: those of the course without outputs, everything else as it is.

nbgrader's metadata, cell ids and whatever else an instructor put there stays to the letter; a notebook that holds
nothing to be left out keeps every byte.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from grader.errors import ReleaseError

# What programs note when a cell is run; Colab's holds the name of who ran it.
_OF_A_RUN: Final = ("executionInfo", "outputId", "execution", "ExecuteTime")
_SOLUTION: Final = re.compile(r"(?:BEGIN|END)\s+(?:SOLUTION|HIDDEN TESTS)\b")


def stripped(content: bytes, name: str) -> bytes:
    """A notebook without outputs.

    Args:
        content: the file.
        name: what to call it where it cannot be released.

    Raises:
        ReleaseError: it is no notebook, or holds a marked solution.
    """
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
        cells = [dict(cell) for cell in notebook["cells"]]
        sources = ["".join(cell["source"]) for cell in cells]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ReleaseError(f"{name} is no notebook ({type(error).__name__}: {error})") from None
    for number, source in enumerate(sources, 1):
        if found := _SOLUTION.search(source):
            raise ReleaseError(
                f"{name}: cell {number} holds {found.group()!r}: students receive stubs; "
                "`grader stubs` makes them of the reference"
            )
    plain = {
        **notebook,
        "metadata": {key: value for key, value in notebook.get("metadata", {}).items() if key != "widgets"},
        "cells": [_plain(cell) for cell in cells],
    }
    if plain == notebook:
        return content
    return (json.dumps(plain, ensure_ascii=False, indent=1) + "\n").encode()


def _plain(cell: dict[str, Any]) -> dict[str, Any]:
    metadata = cell.get("metadata", {})
    kept = {**cell, "metadata": {key: value for key, value in metadata.items() if key not in _OF_A_RUN}}
    return {**kept, "outputs": [], "execution_count": None} if cell.get("cell_type") == "code" else kept
