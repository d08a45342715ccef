"""Small mistakes made by rule (rules.py) in the source of a reference, one at a time.

A mutant is a whole module's source text, so that everything else in it stays right.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from grader.verifying.rules import Edit, instead

_Node = TypeVar("_Node", bound=ast.AST)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A reference with one mistake in it."""

    definition: str  # the top-level name that it is in
    line: int
    before: str  # the smallest piece of code that tells what was changed
    after: str
    source: str  # of the whole module

    @property
    def change(self) -> str:
        """What was done, for tables; the same for equal changes in one definition."""
        return f"{self.before} → {self.after or '(nothing)'}"


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module's definitions, each source text once.

    Docstrings, annotations, imports and conditions that only guard against wrong arguments are left alone.

    Args:
        source: the text of a module of solutions.
    """
    body = ast.parse(source).body
    texts = [ast.unparse(statement) for statement in body]
    for index, definition in enumerate(body):
        seen = {texts[index]}
        for node, parent, replacement in _edits(definition) if (name := _name(definition)) else ():
            text = ast.unparse(ast.fix_missing_locations(_with(definition, node, replacement)))
            if text in seen:
                continue
            seen.add(text)
            before, after = _told(node, parent, replacement)
            whole = "\n".join([*texts[:index], text, *texts[index + 1 :]])
            yield Mutant(name, getattr(node, "lineno", definition.lineno), before, after, whole)


def _name(node: ast.stmt) -> str:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))]):
            return name
    return ""


# ---- where something can be changed ----------------------------------------------------------------------------------


def _edits(definition: ast.stmt) -> Iterator[tuple[ast.AST, ast.AST, Edit]]:
    """Every node of a definition with what may stand instead, and the node around it."""
    for parent, node in _inside(definition):
        for replacement in instead(node, parent):
            yield node, parent, replacement


def _inside(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Pairs of a node and one directly below it, in the order of the text, without what is never run."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "bases") or isinstance(node, ast.Raise | ast.Assert):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_docstring(child) and not _is_guard(child):
                yield node, child
                yield from _inside(child)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_guard(node: ast.AST) -> bool:
    """Whether a condition does nothing but refuse wrong arguments."""
    return isinstance(node, ast.If) and not node.orelse and all(isinstance(each, ast.Raise) for each in node.body)


def _with(tree: _Node, node: ast.AST, replacement: Edit) -> _Node:
    """A copy of a tree with one node replaced or, for None, left out."""
    twin = copy.deepcopy(tree)
    # The copy has the same order of nodes, so the counterpart is found by its position.
    for original, copied in zip(ast.walk(tree), ast.walk(twin), strict=True):
        if original is node:
            _Swap(copied, replacement).visit(twin)
            return twin
    raise AssertionError("a node that is not in its own tree")


class _Swap(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, node: ast.AST, replacement: Edit) -> None:
        self._node, self._replacement = node, replacement

    def visit(self, node: ast.AST) -> ast.AST | None:
        """Replace the node where it is found."""
        return self._replacement if node is self._node else self.generic_visit(node)


def _told(node: ast.AST, parent: ast.AST, replacement: Edit) -> tuple[str, str]:
    """What was changed, with just enough around it to be understood."""
    if isinstance(node, ast.Constant | ast.Name | ast.operator | ast.cmpop | ast.boolop | ast.arg):
        return _short(parent), _short(_with(parent, node, replacement))
    if replacement is None:
        return _short(node), ""
    mine, theirs = _elements(node), _elements(replacement)
    if len(mine) > 1 and type(node) is type(replacement) and mine[:1] == theirs[:1]:
        return _apart(mine, theirs)
    return _short(node), _short(replacement)


def _elements(node: ast.AST) -> list[str]:
    """The parts of a call, a list or a tuple, what is called first."""
    match node:
        case ast.Call(func=func, args=args, keywords=keywords):
            return [ast.unparse(each) for each in (func, *args, *keywords)]
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return ["", *(ast.unparse(each) for each in elements)]
    return []


def _apart(mine: Sequence[str], theirs: Sequence[str]) -> tuple[str, str]:
    """Where two lists of parts differ, within what is called."""
    start = next((n for n, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b), min(len(mine), len(theirs)))
    end = 0
    while end < min(len(mine), len(theirs)) - start and mine[-1 - end] == theirs[-1 - end]:
        end += 1
    pieces = (", ".join(each[start : len(each) - end]) for each in (mine, theirs))
    before, after = (f"{mine[0]}(… {piece} …)" if piece else f"{mine[0]}(…)" for piece in pieces)
    return _cut(before), _cut(after)


def _short(node: ast.AST) -> str:
    return _cut(ast.unparse(node))


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 120 else f"{text[:117]}..."
