"""The rules by which a piece of code becomes a mistake: what may stand instead of a node of a syntax tree.

Those of mutation testing (DeMillo, Lipton and Sayward, "Hints on test data selection", 1978) and those of this field:
another activation, a layer left out, a stride dropped. A new one is a function and a row of the table at the end.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

Edit: TypeAlias = ast.AST | None  # what stands instead of a node; None: nothing


def instead(node: ast.AST, parent: ast.AST) -> Iterator[Edit]:
    """All that may stand in the place of a node.

    Args:
        node: as it is.
        parent: the node around it.
    """
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
