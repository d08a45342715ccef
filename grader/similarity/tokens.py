"""What a definition does as a row of tokens: its own names, comments, layout, hints and docstrings are not in it.

Names of libraries and builtins stay, without the module that they are reached by, so that `nn.Conv2d` and
`torch.nn.Conv2d` are one; numbers stay, texts do not. What prints is left out, and loops are loops.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grader import notebook

_BUILTINS: Final = frozenset(dir(builtins))
_USUAL: Final = frozenset({"torch", "nn", "F", "functional", "d2l", "np", "numpy", "torchvision", "math", "plt"})
_SKIPPED: Final = (ast.expr_context, ast.Pass, ast.Import, ast.ImportFrom, ast.alias, ast.Global, ast.Nonlocal)


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of code, and its line, counted from 0."""

    text: str
    line: int


def modules_of(source: str) -> frozenset[str]:
    """The names by which a notebook reaches modules."""
    found = set(_USUAL)
    for line in source.splitlines():
        if "import" not in line:
            continue
        try:
            tree = notebook.parsed(line.strip())
        except notebook.PARSE_ERRORS:
            continue
        for node in tree.body:
            if isinstance(node, ast.Import):
                found |= {each.asname or each.name.partition(".")[0] for each in node.names}
    return frozenset(found)


def tokens(node: ast.AST, modules: frozenset[str], first: int) -> list[Token]:
    """The tokens of a syntax tree in the order of reading.

    Args:
        node: a definition.
        modules: names that stand for modules.
        first: the line that is counted as 0.
    """
    found: list[Token] = []
    known = _BUILTINS | _imported(node)
    waiting: list[tuple[ast.AST, int]] = [(node, 0)]  # not by recursion, because a tree may be of any depth
    while waiting:
        each, line = waiting.pop()
        line = getattr(each, "lineno", line + first) - first
        text, children = _read(each, modules, known)
        if text:
            found.append(Token(text, line))
        waiting += [(child, line) for child in reversed(children)]
    return found


def _read(node: ast.AST, modules: frozenset[str], known: frozenset[str]) -> tuple[str, Sequence[ast.AST]]:
    """What stands for a node, empty for nothing, and the nodes in it that are read after it."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return "def", [*node.decorator_list, node.args, *node.body]
        case ast.ClassDef():
            return "class", [*node.decorator_list, *node.bases, *node.body]
        case ast.arg():
            return "v", []
        case ast.Name(id=name):
            return ("" if name in modules else name if name in known else "v"), []
        case ast.Attribute(value=ast.Name(id="self")):
            return "self.v", []
        case ast.Attribute(value=value, attr=attr):
            return ("" if attr in modules and _is_module(value, modules) else f".{attr}"), [value]
        case ast.Constant(value=value):
            return _constant(value), []
        case ast.keyword(arg=name, value=value):
            return f"{name}=", [value]
        case ast.AugAssign(target=target, op=op, value=value):
            return "Assign", [target, ast.copy_location(ast.BinOp(target, op, value), node)]
        case ast.AnnAssign(target=target, value=value):
            return "Assign", [target, *([value] if value else [])]
        case ast.For() | ast.AsyncFor() | ast.While():
            return "loop", list(ast.iter_child_nodes(node))
        case ast.Expr(value=ast.Constant()) | ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
            return "", []
        case ast.arguments() | ast.Expr() | ast.Load() | ast.Store():
            return "", [each for each in ast.iter_child_nodes(node) if not isinstance(each, ast.expr_context)]
        case _ if isinstance(node, _SKIPPED):
            return "", []
        case _:
            return type(node).__name__, list(ast.iter_child_nodes(node))


def _constant(value: object) -> str:
    if isinstance(value, str | bytes):
        return "s"
    # Python refuses to write an integer of thousands of digits in decimal.
    return (hex(value) if isinstance(value, int) and value.bit_length() > 64 else repr(value))[:40]


def _is_module(node: ast.AST, modules: frozenset[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in modules


def _imported(node: ast.AST) -> frozenset[str]:
    return frozenset(
        alias.asname or alias.name
        for each in ast.walk(node)
        if isinstance(each, ast.ImportFrom)
        for alias in each.names
    )
