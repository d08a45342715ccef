"""Small mistakes made by rule in the source of a reference, one at a time.

The rules are those of mutation testing (DeMillo, Lipton and Sayward, "Hints on test data selection", 1978) and those
of this field: another activation, a layer left out, a stride dropped. A mutant is a whole module's source text, so
that everything else in it stays right.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

_Node = TypeVar("_Node", bound=ast.AST)
Edit: TypeAlias = ast.AST | None  # what stands instead of a node; None: nothing


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
        for replacement in _instead(node, parent):
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


# ---- what may stand instead ------------------------------------------------------------------------------------------


def _instead(node: ast.AST, parent: ast.AST) -> Iterator[Edit]:
    for rule in _RULES:
        yield from rule(node, parent)


def _operators(node: ast.AST, parent: ast.AST) -> Iterator[Edit]:
    for other in _OPERATORS.get(type(node), ()):
        yield other()
    if isinstance(node, ast.UnaryOp):
        yield node.operand
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Add | ast.Mult):
        yield ast.BinOp(node.right, node.op, node.left)
    if isinstance(node, ast.BinOp):
        yield from (node.left, node.right)


_OPERATORS: Mapping[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.Div),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE,),
    ast.Gt: (ast.GtE,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}


def _constants(node: ast.AST, parent: ast.AST) -> Iterator[Edit]:
    if not isinstance(node, ast.Constant) or isinstance(parent, ast.JoinedStr | ast.FormattedValue):
        return
    match node.value:
        case bool(value):
            yield ast.Constant(not value)
        case int(value):
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))
        case float(value):
            yield from (ast.Constant(value * 2 or 1.0), ast.Constant(-value or -1.0))
        case str() if isinstance(parent, ast.MatchValue | ast.arguments):
            yield ast.Constant("another")


def _names(node: ast.AST, parent: ast.AST) -> Iterator[Edit]:
    """Another function or layer of the same kind."""
    if isinstance(node, ast.Attribute):
        for other in _RELATIVES.get(node.attr, ()):
            yield ast.Attribute(node.value, other, ast.Load())


_RELATIVES: Mapping[str, tuple[str, ...]] = {
    "ReLU": ("Sigmoid", "Identity"),
    "Sigmoid": ("ReLU", "Tanh"),
    "relu": ("sigmoid",),
    "MaxPool2d": ("AvgPool2d",),
    "AvgPool2d": ("MaxPool2d",),
    "AdaptiveAvgPool2d": ("AdaptiveMaxPool2d",),
    "Dropout": ("Identity",),
    "LazyBatchNorm2d": ("Identity",),
    "xavier_uniform_": ("xavier_normal_", "kaiming_uniform_", "zeros_", "ones_"),
    "Linear": ("Bilinear",),
    "Conv2d": ("ConvTranspose2d",),
    "sum": ("mean", "amax"),
    "mean": ("sum", "amax"),
    "amax": ("amin", "mean"),
    "stack": ("cat",),
    "rand": ("zeros",),
    "zeros": ("ones",),
    "ones": ("zeros",),
    "new_zeros": ("new_ones",),
    "bn1": ("bn2",),
    "bn2": ("bn1",),
    "conv1": ("conv2",),
    "conv2": ("conv1",),
    "weight": ("bias",),
    "bias": ("weight",),
}


def _calls(node: ast.AST, parent: ast.AST) -> Iterator[Edit]:
    """A call left out, two of its arguments swapped, an argument left out."""
    if not isinstance(node, ast.Call):
        return
    args, keywords = node.args, node.keywords
    if len(args) == 1 and not isinstance(args[0], ast.Starred):
        yield args[0]
    if isinstance(node.func, ast.Attribute) and not _is_module(node.func.value):
        yield node.func.value
    for index in range(len(args) - 1):
        swapped = [*args[:index], args[index + 1], args[index], *args[index + 2 :]]
        yield ast.Call(node.func, swapped, keywords)
    for index in range(len(args)):
        yield ast.Call(node.func, [*args[:index], *args[index + 1 :]], keywords)
    for index in range(len(keywords)):
        yield ast.Call(node.func, args, [*keywords[:index], *keywords[index + 1 :]])


def _is_module(node: ast.expr) -> bool:
    return ast.unparse(node) in ("nn", "torch", "F", "nn.init")


def _sequences(node: ast.AST, parent: ast.AST) -> Iterator[Edit]:
    """An element left out, two neighbours swapped."""
    if not isinstance(node, ast.List | ast.Tuple) or not isinstance(node.ctx, ast.Load):
        return
    made = type(node)
    for index in range(len(node.elts) if len(node.elts) > 1 else 0):
        yield made([*node.elts[:index], *node.elts[index + 1 :]], ast.Load())
    for index in range(len(node.elts) - 1):
        first, second = node.elts[index : index + 2]
        yield made([*node.elts[:index], second, first, *node.elts[index + 2 :]], ast.Load())


def _subscripts(node: ast.AST, parent: ast.AST) -> Iterator[Edit]:
    """A bound of a slice left out or moved by one."""
    if not isinstance(node, ast.Slice):
        return
    one = ast.Constant(1)
    if node.lower is not None:
        yield ast.Slice(None, node.upper, node.step)
        yield ast.Slice(ast.BinOp(node.lower, ast.Add(), one), node.upper, node.step)
    if node.upper is not None:
        yield ast.Slice(node.lower, None, node.step)
        yield ast.Slice(node.lower, ast.BinOp(node.upper, ast.Sub(), one), node.step)


def _loops(node: ast.AST, parent: ast.AST) -> Iterator[Edit]:
    """The first or the last round of a loop left out."""
    match node:
        case ast.Call(func=ast.Name(id="range"), args=[end]):
            yield ast.Call(node.func, [ast.BinOp(end, ast.Sub(), ast.Constant(1))], [])
            yield ast.Call(node.func, [ast.Constant(1), end], [])


def _statements(node: ast.AST, parent: ast.AST) -> Iterator[Edit]:
    """A statement left out, a condition that always or never holds."""
    left_out = ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr | ast.Return | ast.For | ast.With
    if isinstance(node, left_out) and isinstance(parent, ast.stmt | ast.match_case):
        yield ast.Pass()
    if isinstance(node, ast.If | ast.IfExp):
        for always in (True, False):
            held = copy.copy(node)
            held.test = ast.Constant(always)
            yield held
    if isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value, lineno=node.lineno)


_RULES: tuple[Callable[[ast.AST, ast.AST], Iterator[Edit]], ...] = (
    _operators,
    _constants,
    _names,
    _calls,
    _sequences,
    _subscripts,
    _loops,
    _statements,
)
