"""What the names of a notebook are bound to, as far as its source tells; nothing is executed.

A name stands for an object of a library, a text, or a piece of the notebook's own code. Where several are possible all
of them are kept, so this tells what code may do and never what it does.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from grader.notebook.statements import PARSE_ERRORS, parsed

_MOST_KEPT = 64  # meanings of one name
_NOTED = "_grader_binding"  # an attribute of syntax trees


@dataclass(frozen=True, slots=True)
class Library:
    """An object of a library by its full dotted name."""

    path: str


@dataclass(frozen=True, slots=True)
class Text:
    """A string that the source spells out."""

    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where code stands: the cell with its lines; `line` where all of it stands in one, as text given to exec."""

    cell: int
    lines: Sequence[str] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """A definition or an expression of the notebook, and the names around it."""

    node: ast.AST
    scope: Scope
    place: Place


NOWHERE = Place(-1)

Meaning: TypeAlias = Library | Text | Code
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(slots=True, eq=False)
class Scope:
    """The names of a notebook, a class or a function, with what they may stand for; nothing where that is unknown."""

    outer: Scope | None = None
    of_class: bool = False  # its names are not those of the functions in it
    names: dict[str, list[Meaning]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)  # modules imported by *

    def add(self, binding: Binding) -> None:
        """Let a name stand for one thing more."""
        if binding.name == "*" and isinstance(binding.meaning, Library):
            self.stars.append(binding.meaning.path)
            return
        kept = self.names.setdefault(binding.name, [])
        if binding.meaning is not None:
            kept.append(binding.meaning)
            del kept[:-_MOST_KEPT]

    def look_up(self, name: str) -> Sequence[Meaning]:
        """What a name may stand for."""
        scope: Scope | None = self
        stars: list[str] = []
        while scope is not None:
            if name in scope.names and (scope is self or not scope.of_class):
                return scope.names[name]
            stars += scope.stars
            scope = scope.outer
        if hasattr(builtins, name):
            return [Library(f"builtins.{name}")]
        return [Library(f"{module}.{name}") for module in stars]


# ---- what a statement binds ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Binding:
    """A name and what it is bound to, None where that is unknown; `more` where it keeps what it stood for."""

    name: str
    meaning: Meaning | None
    more: bool = False


def bindings(statements: Iterable[ast.AST], scope: Scope, place: Place) -> Iterator[Binding]:
    """What these statements bind at their own level, also within if, try, with and loops."""
    for statement in statements:
        for node in _binding(statement):
            yield from _bound(node, scope, place)


def _binding(statement: ast.AST) -> Sequence[ast.AST]:
    """The nodes of a statement that bind a name, in the order of reading; noted on it, because every item asks."""
    found: list[ast.AST] | None = getattr(statement, _NOTED, None)
    if found is None:
        found, waiting = [], [statement]
        while waiting:
            node = waiting.pop()
            match node:
                case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    found.append(node)
                case ast.AugAssign(target=ast.Name()):
                    found.append(node)
                case ast.Lambda():
                    pass
                case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value) | ast.NamedExpr(value=value):
                    found.append(node)
                    waiting.append(value)
                case ast.comprehension(iter=source, ifs=conditions):
                    waiting += [source, *conditions]  # its target is a name of its own
                case _:
                    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                        found.append(node)
                    waiting += list(ast.iter_child_nodes(node))[::-1]
        setattr(statement, _NOTED, found)
    return found


def _bound(node: ast.AST, scope: Scope, place: Place) -> Iterator[Binding]:
    match node:
        case ast.Import(names=aliases):
            for alias in aliases:
                top = alias.name.partition(".")[0]
                yield Binding(alias.asname or top, Library(alias.name if alias.asname else top))
        case ast.ImportFrom(module=module, names=aliases):
            for alias in aliases:
                path = module or "" if alias.name == "*" else f"{module or ''}.{alias.name}".lstrip(".")
                yield Binding(alias.asname or alias.name, Library(path))
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            code = Code(node, scope, place)
            yield Binding(name, code)
            yield from (Binding(owner, code, more=True) for owner in _owners(node))
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _assigned(target, value, scope, place)
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
            yield from _assigned(target, value, scope, place)
        case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
            before = [m.node for m in scope.names.get(name, []) if isinstance(m, Code)][-1:]
            whole = ast.BinOp(before[0], op, value) if before and isinstance(before[0], ast.expr) else value
            yield Binding(name, Code(ast.copy_location(whole, node), scope, place), more=True)
        case ast.Name(id=name):
            yield Binding(name, None)


def _owners(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Iterator[str]:
    """The classes that a function is added to by the book's decorator."""
    for decorator in node.decorator_list:
        match decorator:
            case ast.Call(
                func=ast.Attribute(attr="add_to_class") | ast.Name(id="add_to_class"), args=[ast.Name(id=owner)]
            ):
                yield owner


def _assigned(target: ast.expr, value: ast.expr, scope: Scope, place: Place) -> Iterator[Binding]:
    match target, value:
        case ast.Name(id=name), _:
            yield Binding(name, Code(value, scope, place))
        case ((ast.Tuple(elts=targets) | ast.List(elts=targets)), (ast.Tuple(elts=values) | ast.List(elts=values))) if (
            len(targets) == len(values)
        ):
            for each, its in zip(targets, values, strict=True):
                yield from _assigned(each, its, scope, place)
        case ast.Subscript(value=ast.Call(func=ast.Name(id="globals")), slice=ast.Constant(value=str(name))), _:
            yield Binding(name, Code(value, scope, place))
        case ((ast.Subscript(value=ast.Name(id=name)) | ast.Attribute(value=ast.Name(id=name))), _):
            yield Binding(name, Code(value, scope, place), more=True)
        case _:
            for node in ast.walk(target):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield Binding(node.id, None)


def inner_scope(code: Code) -> Scope:
    """The names within a function or class."""
    node, scope = code.node, Scope(code.scope, of_class=isinstance(code.node, ast.ClassDef))
    if isinstance(node, Function):
        given = node.args
        positional = [*given.posonlyargs, *given.args]
        defaults = [*[None] * (len(positional) - len(given.defaults)), *given.defaults, *given.kw_defaults]
        for argument, default in zip([*positional, *given.kwonlyargs], defaults, strict=True):
            scope.names[argument.arg] = [] if default is None else [Code(default, code.scope, code.place)]
        for rest in (given.vararg, given.kwarg):
            if rest is not None:
                scope.names[rest.arg] = []
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        for binding in bindings(node.body, scope, code.place):
            scope.add(binding)
    return scope


def run_text(text: str, place: Place, line: int) -> tuple[list[ast.stmt], Place]:
    """The statements of a text given to exec or eval, placed at the line where that is done."""
    try:
        body = parsed(text.strip()).body
    except PARSE_ERRORS:
        body = []
    return body, Place(place.cell, place.lines, place.line or line)
