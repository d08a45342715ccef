"""Cut a code cell into logical lines, although shell lines and magics are no Python and students' Python may be none.

Python's tokenizer gives up at a quotation mark in a shell line; IPython's reads a cell again after each magic it
finds, which takes minutes for a cell made to annoy. This takes one pass over whatever is in the cell.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

ESCAPED = re.compile(r"[ \t]*[!%?](?:\\\n|[^\n])*\n?")  # a shell line, magic or question, with its continuation lines
PARSE_ERRORS = (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError)

_PYTHON_HEADS = re.compile(r"(?:\s*%%(?:time|timeit|capture|prun)\b[^\n]*(?:\n|\Z))*")
_CELL_MAGIC = re.compile(r"\s*%%\w")
_TOKEN = re.compile(
    r"""\#[^\n]*
    |\"\"\"(?:\\[\s\S]|[^\\])*?(?:\"\"\"|\\?\Z)
    |'''(?:\\[\s\S]|[^\\])*?(?:'''|\\?\Z)
    |"(?:\\[\s\S]|[^"\\\n])*"?
    |'(?:\\[\s\S]|[^'\\\n])*'?
    |\\\n
    |[^\#"'()\[\]{}\\\n]+
    |[\s\S]""",
    re.VERBOSE,
)


def split_head(source: str) -> tuple[str, str]:
    """The cell magics around a Python body, such as `%%time`, and that body."""
    found = _PYTHON_HEADS.match(source)
    end = found.end() if found else 0
    return source[:end], source[end:]


def is_other_language(body: str) -> bool:
    """Whether a cell magic such as `%%bash` makes the cell something else than Python."""
    return _CELL_MAGIC.match(body) is not None


def statements(body: str) -> Iterator[str]:
    """The logical lines of a cell, line ends included; together they are the cell again."""
    start = position = depth = 0
    while position < len(body):
        escaped = ESCAPED.match(body, position) if position == start else None
        token = escaped or _TOKEN.match(body, position)
        if token is None:
            raise AssertionError("the last alternative takes any character")
        position, text = token.end(), token.group()
        if text in ("(", "[", "{"):
            depth += 1
        elif text in (")", "]", "}"):
            depth = max(0, depth - 1)
        if escaped or (text == "\n" and depth == 0):
            yield body[start:position]
            start = position
    if start < len(body):
        yield body[start:]


def instead(statement: str, replacement: str) -> str:
    """The replacement, with the statement's indentation and number of lines."""
    indent = statement[: len(statement) - len(statement.lstrip())]
    return indent + replacement + "\n" * statement.count("\n")


def parsed(source: str) -> ast.Module:
    """The syntax tree of a student's code; raises one of `PARSE_ERRORS`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about students' escape sequences: nothing that we could act on
        return ast.parse(source)
