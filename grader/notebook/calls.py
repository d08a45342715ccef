"""What a definition of a notebook calls, by full dotted name, as far as its source tells; nothing is executed.

    from torch.nn import functional as G
    def f(X):
        g = getattr(G, "conv" + "2d")     ->  torch.nn.functional.conv2d
        return helper(g, X)               ->  and whatever the notebook's own helper calls

A definition is followed through aliases, helpers and classes of the notebook and texts given to exec. Naming what is
a library's counts as calling it, because it may be passed on. What a branch that never runs would call is told too.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from grader.notebook.bindings import Code, Library, Meaning, Place, Scope, bindings, run_text
from grader.notebook.cells import Notebook
from grader.notebook.meanings import Evaluation
from grader.notebook.names import python_of
from grader.notebook.statements import PARSE_ERRORS, parsed

_LONGEST = 120  # characters of a line that are told
_MOST_TEXT = 200_000  # characters given to exec, each text followed once
_DEEPEST = 3  # texts that run texts at the level of cells
_RUNNERS = {"builtins.exec", "builtins.eval", "builtins.compile"}
_ONE_BINDING = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AnnAssign,
    ast.Import,
    ast.ImportFrom,
)


@dataclass(frozen=True, slots=True)
class Call:
    """The first place where a definition calls one function or class of a library."""

    name: str  # the full dotted name, such as torch.nn.functional.conv2d
    text: str  # the student's own line
    cell: int
    line: int


@dataclass(frozen=True, slots=True)
class _Statement:
    """One statement of a notebook, and where it stands."""

    node: ast.stmt
    place: Place

    def defines(self, name: str) -> bool:
        """Whether it makes a function or class of this name."""
        definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
        return any(isinstance(each, Code) and isinstance(each.node, definitions) for each in self._meanings(name))

    def binds(self, name: str) -> bool:
        """Whether it binds the name to anything."""
        return bool(self._meanings(name))

    def _meanings(self, name: str) -> list[Meaning | None]:
        bound = bindings([self.node], Scope(), self.place)
        return [each.meaning for each in bound if each.name == name and not each.more]


def calls(
    notebook: Notebook, cell: int, name: str, *, prelude: Sequence[str] = (), without: Collection[str] = ()
) -> tuple[Call, ...]:
    """What the definition of `name` in a cell calls, in reading order, each function once.

    The names around it are those of the moment, completed by what later cells bind, as when it is asked. Of several
    definitions in one cell the last one is meant.

    Args:
        notebook: the student's.
        cell: the number of the cell that defines or binds it.
        name: what is defined.
        prelude: imports that the notebook may lack.
        without: names of helpers that are not the student's own now and are not followed.
    """
    names = Scope()
    evaluation = Evaluation()
    try:
        statements = list(_statements(notebook, prelude))
        at = _position(statements, cell, name)
        if at is None:
            return ()
        for number, statement in enumerate([*statements[at + 1 :], *statements[: at + 1]], 1):
            target = name if number == len(statements) else ""
            _enter(statement.node, statement.place, names, target, evaluation)
        for helper in set(without) - {name}:
            names.names[helper] = []
        return _Following(evaluation).follow(ast.Name(name, ast.Load()), names, statements[at].place)
    except RecursionError:
        return ()


def _statements(notebook: Notebook, prelude: Sequence[str]) -> Iterator[_Statement]:
    sources = [(0, source) for source in prelude] + [(cell.number, cell.source) for cell in notebook.legible]
    for number, source in sources:
        place = Place(number, source.split("\n"))
        for node in _body(source):
            yield _Statement(node, place)


@functools.lru_cache(maxsize=512)  # every item asks about every cell; the tree is only read
def _body(source: str) -> tuple[ast.stmt, ...]:
    try:
        return tuple(parsed(python_of(source)).body)
    except PARSE_ERRORS:
        return ()


def _position(statements: Sequence[_Statement], cell: int, name: str) -> int | None:
    """Which statement of a cell makes the definition, the last one if there are several."""
    here = [n for n, each in enumerate(statements) if each.place.cell == cell]
    for candidates in (
        [n for n in here if statements[n].defines(name)],
        [n for n in here if statements[n].binds(name)],
        [n for n in here if _runs_text(statements[n].node)],
    ):
        if candidates:
            return candidates[-1]
    return None


def _enter(node: ast.stmt, place: Place, names: Scope, target: str, evaluation: Evaluation, depth: int = 0) -> None:
    """Let the names be what they are after a statement; in a branch they may still be what they were."""
    surely = isinstance(node, _ONE_BINDING)
    entered: set[str] = set()
    mentioned: dict[int, set[str]] = {}
    for binding in bindings([node], names, place):
        again = binding.more or binding.name in entered or binding.name in _mentioned(binding.meaning, mentioned)
        if (surely or binding.name == target) and not again:
            names.names.pop(binding.name, None)
        entered.add(binding.name)
        names.add(binding)
    call = _runs_text(node)
    if call is None or depth == _DEEPEST:
        return
    for text in evaluation.texts(call.args[0], names):
        body, there = run_text(text, place, call.lineno)
        for each in body:
            _enter(each, there, names, target, evaluation, depth + 1)


def _mentioned(meaning: Meaning | None, known: dict[int, set[str]]) -> set[str]:
    """The names in an expression; one that is bound to it keeps what it was, as in `f = timed(f)`."""
    if not isinstance(meaning, Code) or not isinstance(meaning.node, ast.expr):
        return set()
    if id(meaning.node) not in known:
        known[id(meaning.node)] = {each.id for each in ast.walk(meaning.node) if isinstance(each, ast.Name)}
    return known[id(meaning.node)]


def _runs_text(node: ast.stmt) -> ast.Call | None:
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="exec"), args=[_, *_]) as call):
            return call
    return None


class _Following:
    """Goes through a definition and all it leads to."""

    def __init__(self, evaluation: Evaluation) -> None:
        self._evaluation = evaluation
        self._found: dict[str, Call] = {}
        self._seen: dict[tuple[int, int], Code] = {}  # holds the nodes, so that no id is used again
        self._texts: set[str] = set()
        self._left = _MOST_TEXT

    def follow(self, node: ast.AST, scope: Scope, place: Place) -> tuple[Call, ...]:
        """Everything that is called."""
        waiting = [Code(node, scope, place)]
        while waiting:
            code = waiting.pop()
            key = (id(code.node), id(code.scope))
            if key not in self._seen:
                self._seen[key] = code
                waiting += list(self._next(code))[::-1]
        return tuple(self._found.values())

    def _next(self, code: Code) -> Iterator[Code]:
        """Note what this piece of code names itself; then what it consists of and leads to."""
        match code.node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() | ast.ClassDef():
                yield from self._definition(code)
            case ast.Name(id=name, ctx=ast.Load()):
                self._note(code)
                yield from (each for each in code.scope.look_up(name) if isinstance(each, Code))
            case ast.Attribute():
                self._note(code)
                root: ast.expr = code.node
                while isinstance(root, ast.Attribute):
                    root = root.value
                if isinstance(root, ast.Name):  # a module alone is no call
                    yield from (each for each in code.scope.look_up(root.id) if isinstance(each, Code))
                else:
                    yield Code(root, code.scope, code.place)
            case ast.Call(func=function, args=[first, *_]):
                self._note(code)
                yield from self._parts(code)
                runners = {each.path for each in self._libraries(function, code.scope)} & _RUNNERS
                for text in self._evaluation.texts(first, code.scope) if runners else ():
                    yield from self._text(text, code)
            case ast.Subscript():
                self._note(code)
                yield from self._parts(code)
            case ast.AnnAssign(value=value):
                if value is not None:
                    yield Code(value, code.scope, code.place)
            case _:
                yield from self._parts(code)

    def _parts(self, code: Code) -> Iterator[Code]:
        for child in ast.iter_child_nodes(code.node):
            yield Code(child, code.scope, code.place)

    def _definition(self, code: Code) -> Iterator[Code]:
        node, inner = code.node, self._evaluation.inside(code)
        outside: list[ast.expr | None] = []
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            outside += node.decorator_list
        if isinstance(node, ast.ClassDef):
            outside += [*node.bases, *(keyword.value for keyword in node.keywords)]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            outside += [*node.args.defaults, *node.args.kw_defaults]
        body = node.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda) else []
        yield from (Code(each, code.scope, code.place) for each in outside if each is not None)
        yield from (Code(each, inner, code.place) for each in (body if isinstance(body, list) else [body]))

    def _text(self, text: str, code: Code) -> Iterator[Code]:
        if text in self._texts or len(text) > self._left:
            return
        self._texts.add(text)
        self._left -= len(text)
        body, place = run_text(text, code.place, getattr(code.node, "lineno", 1))
        scope = Scope(code.scope)
        for binding in bindings(body, scope, place):
            scope.add(binding)
        yield from (Code(each, scope, place) for each in body)

    def _libraries(self, node: ast.AST, scope: Scope) -> list[Library]:
        return [each for each in self._evaluation.meanings(node, scope) if isinstance(each, Library)]

    def _note(self, code: Code) -> None:
        line = code.place.line or getattr(code.node, "lineno", 0)
        text = code.place.lines[line - 1].strip() if 0 < line <= len(code.place.lines) else ""
        for each in self._libraries(code.node, code.scope):
            if not each.path.startswith(("builtins.", "operator.")):
                self._found.setdefault(each.path, Call(each.path, text[:_LONGEST], code.place.cell, line))
