"""What an expression of a notebook stands for, as far as its source tells; nothing is executed.

getattr(F, "conv" + "2d")     ->  Library("torch.nn.functional.conv2d")
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Sequence

from grader.notebook.bindings import NOWHERE, Code, Library, Meaning, Scope, Text, inner_scope, run_text
from grader.notebook.statements import PARSE_ERRORS

_FUEL = 100_000  # expressions looked at; code made to take longer is not followed further
_FREE = 50  # characters of a text that cost as much as one expression
_DEPTH = 60  # how far one expression is followed through others
_LONGEST = 100_000  # characters of a text
_MOST = 16  # meanings of one expression
_MOST_PARTS = 64  # elements of one container
_NAMESPACE = "builtins.globals()"
_GETTERS = ("operator.attrgetter", "operator.methodcaller")
_SAME = {
    "functools.partial",
    "builtins.str",
    "builtins.staticmethod",
    "copy.copy",
    "copy.deepcopy",
}  # as their argument
_EDITS = {"lower", "upper", "strip", "lstrip", "rstrip", "replace", "removeprefix", "removesuffix"}


class Evaluation:
    """Finds out what expressions stand for, up to a limit of effort."""

    def __init__(self) -> None:
        self._fuel = _FUEL
        self._open: set[int] = set()  # expressions being followed
        self._inner: dict[int, tuple[ast.AST, Scope]] = {}  # keeps the node, so that its id is not used again
        self._results: dict[int, list[ast.expr]] = {}

    def inside(self, code: Code) -> Scope:
        """The scope within a function or class."""
        if code.place is NOWHERE:
            return inner_scope(code)
        if id(code.node) not in self._inner:
            self._inner[id(code.node)] = code.node, inner_scope(code)
        return self._inner[id(code.node)][1]

    def meanings(self, node: ast.AST, scope: Scope) -> list[Meaning]:
        """What an expression may stand for."""
        if self._fuel <= 0 or len(self._open) >= _DEPTH or id(node) in self._open:
            return []
        self._fuel -= 1
        self._open.add(id(node))
        try:
            found = list(dict.fromkeys(self._meanings(node, scope)))[:_MOST]
            self._fuel -= sum(len(each.text) for each in found if isinstance(each, Text)) // _FREE
            return found
        finally:
            self._open.discard(id(node))

    def texts(self, node: ast.AST, scope: Scope) -> list[str]:
        """The strings that an expression may give."""
        return [each.text for each in self.meanings(node, scope) if isinstance(each, Text)]

    def _meanings(self, node: ast.AST, scope: Scope) -> list[Meaning]:
        match node:
            case ast.Constant(value=str(text)):
                return [Text(text)] if len(text) <= _LONGEST else []
            case ast.Name(id=name):
                return [found for each in scope.look_up(name)[-_MOST:] for found in self._followed(each)]
            case ast.Attribute(value=value, attr=attr):
                return [Library(f"{each.path}.{attr}") for each in self._libraries(value, scope)]
            case ast.Subscript(value=value, slice=ast.Slice() as piece):
                return [Text(text[cut]) for cut in _slices(piece) for text in self.texts(value, scope)]
            case ast.Subscript(value=value, slice=key):
                return self._picked(self.meanings(value, scope), self.texts(key, scope), scope)
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts) | ast.Dict(values=parts):
                return [found for part in parts[:_MOST_PARTS] for found in self.meanings(part, scope)]
            case ast.BoolOp(values=parts):
                return [found for part in parts[:_MOST_PARTS] for found in self.meanings(part, scope)]
            case ast.IfExp(body=one, orelse=other):
                return [*self.meanings(one, scope), *self.meanings(other, scope)]
            case ast.NamedExpr(value=value) | ast.Expr(value=value):
                return self.meanings(value, scope)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._joined("", [left, right], scope)
            case ast.JoinedStr(values=parts):
                return self._joined("", parts, scope)
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return self.meanings(value, scope)
            case ast.Lambda():
                return [Code(node, scope, NOWHERE)]
            case ast.Call():
                return self._called(node, scope)
        return []

    def _followed(self, meaning: Meaning) -> list[Meaning]:
        """A name's meaning, where it is an expression what that stands for."""
        if (
            isinstance(meaning, Code)
            and isinstance(meaning.node, ast.expr)
            and not isinstance(meaning.node, ast.Lambda)
        ):
            return self.meanings(meaning.node, meaning.scope)
        return [meaning]

    def _libraries(self, node: ast.AST, scope: Scope) -> list[Library]:
        return [each for each in self.meanings(node, scope) if isinstance(each, Library)]

    def _picked(self, containers: Sequence[Meaning], keys: Sequence[str], scope: Scope) -> list[Meaning]:
        found: list[Meaning] = []
        for each in containers:
            match each:
                case Library(path=path) if path == _NAMESPACE:
                    found += [one for key in keys for meaning in scope.look_up(key) for one in self._followed(meaning)]
                case Library(path="sys.modules"):
                    found += [Library(key) for key in keys]
                case Library(path=path) if path.endswith(".__dict__"):
                    found += [Library(f"{path.removesuffix('.__dict__')}.{key}") for key in keys]
                case _:
                    found.append(each)  # one of the elements that a container's source lists
        return found

    def _joined(self, separator: str, parts: Sequence[ast.expr], scope: Scope) -> list[Meaning]:
        choices = [self.texts(part, scope) for part in parts]
        found: list[Meaning] = []
        for chosen in itertools.islice(itertools.product(*choices), _MOST):
            if sum(map(len, chosen)) + len(separator) * len(chosen) <= _LONGEST:
                found.append(Text(separator.join(chosen)))
        return found

    # ---- calls whose result is known

    def _called(self, node: ast.Call, scope: Scope) -> list[Meaning]:
        if isinstance(node.func, ast.Attribute) and (texts := self.texts(node.func.value, scope)):
            return [found for text in texts for found in self._edited(text, node.func.attr, node, scope)]
        found: list[Meaning] = []
        for function in self.meanings(node.func, scope):
            if isinstance(function, Library):
                found += self._of_library(function.path, node, scope)
            elif isinstance(function, Code):
                found += self._returned(function)
        return found

    def _of_library(self, path: str, node: ast.Call, scope: Scope) -> list[Meaning]:
        first = node.args[0] if node.args else None
        if path in ("builtins.globals", "builtins.locals") or (path == "builtins.vars" and first is None):
            return [Library(_NAMESPACE)]
        if first is None:
            return []
        if path == "builtins.getattr" and len(node.args) > 1:
            names = self.texts(node.args[1], scope)
            return [Library(f"{each.path}.{name}") for each in self._libraries(first, scope) for name in names]
        if path == "builtins.vars":
            return [Library(f"{each.path}.__dict__") for each in self._libraries(first, scope)]
        if path == "builtins.__import__":
            whole = len(node.args) + len(node.keywords) > 1  # with a list of names it gives the innermost module
            return [Library(name if whole else name.partition(".")[0]) for name in self.texts(first, scope)]
        if path in ("importlib.import_module", "importlib.__import__"):
            return [Library(name) for name in self.texts(first, scope)]
        if path in _GETTERS:
            return [Library(f"{_GETTERS[0]}:{name}") for name in self.texts(first, scope)]
        if path.startswith(f"{_GETTERS[0]}:"):
            name = path.partition(":")[2]
            return [Library(f"{each.path}.{name}") for each in self._libraries(first, scope)]
        if path == "builtins.eval":
            return [found for text in self.texts(first, scope) for found in self._evaluated(text, scope)]
        return self.meanings(first, scope) if path in _SAME else []

    def _evaluated(self, text: str, scope: Scope) -> list[Meaning]:
        self._fuel -= len(text)
        body, _ = run_text(text, NOWHERE, 0)
        return [found for statement in body for found in self.meanings(statement, scope)]

    def _returned(self, function: Code) -> list[Meaning]:
        if isinstance(function.node, ast.Lambda):
            return self.meanings(function.node.body, self.inside(function))
        if not isinstance(function.node, ast.FunctionDef):
            return []
        if id(function.node) not in self._results:
            returns = [each for each in ast.walk(function.node) if isinstance(each, ast.Return)]
            self._results[id(function.node)] = [each.value for each in returns[:_MOST] if each.value is not None]
        results = self._results[id(function.node)]
        return [found for value in results for found in self.meanings(value, self.inside(function))]

    def _edited(self, text: str, method: str, node: ast.Call, scope: Scope) -> list[Meaning]:
        if method == "join" and len(node.args) == 1:
            lists = [node.args[0], *(each.node for each in self._listed(node.args[0], scope))]
            return [
                found
                for each in lists
                if isinstance(each, ast.List | ast.Tuple)
                for found in self._joined(text, each.elts, scope)
            ]
        given = [self.texts(each, scope)[:1] for each in node.args]
        if node.keywords or not all(given):
            return []
        arguments = [one for each in given for one in each]
        if method == "format" and text.count("{}") == text.count("{") == text.count("}") == len(arguments):
            pieces = [piece for pair in zip(text.split("{}"), [*arguments, ""], strict=True) for piece in pair]
            return [Text("".join(pieces))] if sum(map(len, pieces)) <= _LONGEST else []
        if method not in _EDITS or (len(text) + 1) * (1 + sum(map(len, arguments))) > _LONGEST:
            return []
        try:
            return [Text(getattr(text, method)(*arguments))]
        except TypeError:  # as it would raise for the student
            return []

    def _listed(self, node: ast.AST, scope: Scope) -> list[Code]:
        names = scope.look_up(node.id) if isinstance(node, ast.Name) else ()
        return [each for each in names if isinstance(each, Code)]


def _slices(piece: ast.Slice) -> list[slice]:
    try:
        ends = [None if end is None else ast.literal_eval(end) for end in (piece.lower, piece.upper, piece.step)]
    except (*PARSE_ERRORS, TypeError):
        return []
    fits = all(end is None or isinstance(end, int) for end in ends) and ends[2] != 0
    return [slice(*ends)] if fits else []
