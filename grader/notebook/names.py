"""What a cell defines, and why it does not compile, seen through IPython's own transformation."""

from __future__ import annotations

import ast
import functools
import re
import warnings

from grader.notebook.cells import MOST_LEGIBLE, effort
from grader.notebook.neutral import neutralised
from grader.notebook.statements import ESCAPED, PARSE_ERRORS, instead, is_other_language, parsed, split_head, statements

_HELP_OR_VALUE = re.compile(r"[^\n#'\"=]*(?:\?[ \t]*$|=\s*[!%])", re.MULTILINE)  # `nn.Conv2d?` and `files = !ls`
_LEADING_LINES = re.compile(r"(?:[ \t]*\n)*")
_LONGEST_FOR_IPYTHON = 100_000  # characters; longer cells hold pasted data, and are read as plain Python


def definitions(source: str) -> tuple[str, ...]:
    """Names of the functions and classes a cell defines at its top level, also within if, try, with and loops."""
    try:
        waiting: list[ast.AST] = [parsed(python_of(source))]
    except PARSE_ERRORS:
        return ()
    names = {}
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names[node.name] = True
        elif isinstance(node, ast.mod | ast.stmt | ast.excepthandler | ast.match_case):
            waiting.extend(reversed(list(ast.iter_child_nodes(node))))
    return tuple(names)


def syntax_error(source: str) -> tuple[int, str] | None:
    """The line and message of a cell's syntax error as IPython sees it; None when the cell compiles."""
    python = python_of(source)
    try:
        parsed(python)  # first, because the parser guards against deep nesting
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(python, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        return max(1, error.lineno or 1), error.msg
    except (ValueError, OverflowError, RecursionError, MemoryError) as error:
        return 1, str(error) or "the code is nested too deeply"
    return None


@functools.lru_cache(maxsize=512)  # every item asks about every cell
def python_of(source: str) -> str:
    """The cell as IPython compiles it, each line where it was; empty for another language and for what is too long."""
    if effort(source) > MOST_LEGIBLE:
        return ""
    head, body = split_head(neutralised(source))
    if is_other_language(body):
        return ""
    # Magics are blanked here and not by IPython, whose transformer reads the cell again after each one it finds.
    plain = "".join(
        instead(statement, "pass") if ESCAPED.match(statement) or _HELP_OR_VALUE.match(statement) else statement
        for statement in statements("\n" * head.count("\n") + body)
    )
    return plain if len(plain) > _LONGEST_FOR_IPYTHON else _transformed(plain)


def _transformed(plain: str) -> str:
    # Imported here because it takes a while and not every command reads code.
    from IPython.core.inputtransformer2 import TransformerManager

    leading = _LEADING_LINES.match(plain)  # IPython drops these lines
    missing = "\n" * leading.group().count("\n") if leading else ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about control characters that end a line for some and not for others
            return missing + TransformerManager().transform_cell(plain)
    except (*PARSE_ERRORS, RuntimeError, IndexError):  # RuntimeError: it gives up after 500 changes
        return plain
