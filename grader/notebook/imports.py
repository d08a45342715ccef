"""Names that a notebook uses and never binds, such as `torch` where the import was forgotten."""

from __future__ import annotations

import ast
import symtable
import warnings
from collections.abc import Iterator, Sequence

from grader.notebook.cells import Notebook
from grader.notebook.names import python_of
from grader.notebook.statements import PARSE_ERRORS, parsed


def unimported(notebook: Notebook, names: Sequence[str]) -> tuple[str, ...]:
    """Those of `names` that the notebook's code uses as globals and binds nowhere, in their order.

    Cells that do not parse or are not legible are left out. `from module import *` may bring any name, so a notebook
    with one lacks none.
    """
    used: set[str] = set()
    given: set[str] = set()
    sources = [python_of(cell.source) for cell in notebook.legible]
    names = [name for name in names if any(name in source for source in sources)]
    for source in sources if names else ():  # symbol tables take long, and most notebooks import what they name
        given |= _imported(source)
    names = [name for name in names if name not in given]
    for source in sources if names else ():
        try:
            tree = parsed(source)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                table = symtable.symtable(source, "<cell>", "exec")
        except PARSE_ERRORS:
            continue
        if any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in ast.walk(tree)):
            return ()
        for scope in _scopes(table):
            module = scope.get_type() == "module"
            for symbol in scope.get_symbols():
                if module or symbol.is_global():
                    used |= {symbol.get_name()} if symbol.is_referenced() else set()
                    given |= {symbol.get_name()} if symbol.is_assigned() or symbol.is_imported() else set()
    return tuple(name for name in names if name in used and name not in given)


def _imported(source: str) -> set[str]:
    """The names that import statements at the beginning of a line bind, whatever surrounds them."""
    try:
        body = parsed(source).body
    except PARSE_ERRORS:
        return set()
    imports = [each for each in body if isinstance(each, ast.Import | ast.ImportFrom)]
    return {alias.asname or alias.name.partition(".")[0] for each in imports for alias in each.names}


def _scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    waiting = [table]
    while waiting:
        scope = waiting.pop()
        yield scope
        waiting += scope.get_children()
