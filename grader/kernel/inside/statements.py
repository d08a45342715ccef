"""The statements of a cell: a look after each of them, and which of them still run when one has raised."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

HOOK = "__after_statement__"

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


class AfterEachStatement(ast.NodeTransformer):
    """Call the hook after every top-level statement of a cell but the last, which IPython may want to display.

    Within `if`, `with` and `try` it is called after each statement as well; within loops, which repeat, only after
    functions and classes and where one of `names` is bound.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(names)

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Insert the calls; statements inside functions and classes are left alone."""
        for statement in node.body:
            self._look_within(statement, repeated=False)
        node.body = [*self._looking(node.body[:-1], repeated=False), *node.body[-1:]]
        return node

    def _look_within(self, node: ast.AST, *, repeated: bool) -> None:
        if isinstance(node, _DEFINITIONS):
            return
        repeated = repeated or isinstance(node, _LOOPS)
        for block in _blocks(node):
            for each in block:
                self._look_within(each, repeated=repeated)
            if block and isinstance(block[0], ast.stmt):
                block[:] = self._looking(block, repeated=repeated)
        if isinstance(node, ast.For) and self._binds(node.target):
            node.body.insert(0, _call(node))

    def _looking(self, body: Sequence[ast.AST], *, repeated: bool) -> list[ast.stmt]:
        looking: list[ast.stmt] = []
        for statement in body:
            assert isinstance(statement, ast.stmt)
            looking.append(statement)
            if not repeated or isinstance(statement, _DEFINITIONS) or self._assigns(statement):
                looking.append(_call(statement))
        return looking

    def _assigns(self, statement: ast.stmt) -> bool:
        return isinstance(statement, ast.Assign | ast.AnnAssign) and self._binds(statement)

    def _binds(self, node: ast.AST) -> bool:
        return not self._names.isdisjoint(bound([node]))


def _call(after: ast.stmt) -> ast.stmt:
    hook = ast.copy_location(ast.Name(HOOK, ast.Load()), after)
    call = ast.copy_location(ast.Call(hook, [], []), after)
    return ast.copy_location(ast.Expr(call), after)


def _blocks(node: ast.AST) -> Iterator[list[ast.AST]]:
    """The blocks of a compound statement; handlers and cases are blocks of what holds blocks."""
    for name in _BLOCKS:
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield block


# ---- after a cell that raised ----------------------------------------------------------------------------------------


def below(tree: ast.Module, line: int) -> list[ast.stmt]:
    """The statements below a 1-based line; of an `if`, `with` or `try` around the line also those that were left."""
    return _below(tree.body, line)


def _below(body: Sequence[ast.stmt], line: int) -> list[ast.stmt]:
    left: list[ast.stmt] = []
    for node in body:
        if _first_line(node) > line:
            left.append(node)
        elif line <= (node.end_lineno or node.lineno) and isinstance(node, ast.If | ast.With | ast.Try):
            within = [block for block in (node.body, getattr(node, "orelse", [])) if block]
            left += [each for block in within if _first_line(block[0]) <= line for each in _below(block, line)]
    return left


def at(tree: ast.Module, line: int) -> ast.stmt | None:
    """The innermost statement that stands at a 1-based line, as far as blocks go."""
    found, waiting = None, list[ast.AST](tree.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.stmt | ast.excepthandler | ast.match_case):
            first = _first_line(node) if isinstance(node, ast.stmt) else 0
            if first <= line <= (getattr(node, "end_lineno", None) or line):
                found = node if isinstance(node, ast.stmt) else found
                if not isinstance(node, _DEFINITIONS):
                    waiting = [each for block in _blocks(node) for each in block]
    return found


def bound(statements: Sequence[ast.AST]) -> set[str]:
    """The names that statements give a value, those of functions' own variables left out."""
    names: set[str] = set()
    waiting = list(statements)
    while waiting:
        node = waiting.pop()
        if isinstance(node, _DEFINITIONS):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return names


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])


# ---- definitions alone -----------------------------------------------------------------------------------------------


def parsed(source: str) -> ast.Module:
    """The syntax tree of a cell; an empty one where it is no Python."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def definitions_only(source: str) -> str:
    """The imports, functions and classes of a cell, every other line blank so that line numbers stay.

    An `if` or `try` that holds nothing else is kept whole, and so is a name bound to a function. Returns "" where the
    source does not parse.
    """
    body = parsed(source).body
    lines = source.split("\n")
    kept = [""] * len(lines)
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom) or _names_a_function(node):
            # Written anew, because `import os; os._exit(0)` shares its line with what must not run.
            kept[node.lineno - 1] += ("; " if kept[node.lineno - 1] else "") + ast.unparse(node)
        elif defines(node):
            first, last = _first_line(node), node.end_lineno or node.lineno
            kept[first - 1 : last] = lines[first - 1 : last]
    return "\n".join(kept) if body else ""


def defines(node: ast.stmt) -> bool:
    """Whether a statement defines and does nothing else: a function, a class, an import, or a block of these."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Import() | ast.ImportFrom():
            return True
        case ast.If():
            # A condition is evaluated, so it may not call anything.
            blocks = [node.body, node.orelse]
            if any(isinstance(each, ast.Call) for each in ast.walk(node.test)):
                return False
        case ast.Try():
            blocks = [node.body, node.orelse, node.finalbody, *(handler.body for handler in node.handlers)]
        case _:
            return False
    return all(_defines_or_notes(each) for block in blocks for each in block)


def _defines_or_notes(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or _names_a_function(node) or defines(node)


def _names_a_function(node: ast.stmt) -> bool:
    """Whether a name is bound to a lambda, to what another name holds, or to a constant."""
    if not isinstance(node, ast.Assign) or not all(isinstance(target, ast.Name) for target in node.targets):
        return False  # what is set in an object may be what ended the kernel
    return isinstance(node.value, ast.Lambda | ast.Name | ast.Attribute | ast.Constant)
