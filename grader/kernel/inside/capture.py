"""The student's definitions, each kept as it stood after the statement that made it.

Notebooks rebind names: `pool2d` becomes an nn.MaxPool2d, `K` changes, a cell defines `corr2d` again. So after every
top-level statement the names the rubric asks for are looked at, and a new binding is kept as a version, with a shallow
copy of the namespace around it. Tensors and modules are changed in place later, so they are cloned.

A target is a name (`corr2d`) or several that belong together (`X, K`).
"""

from __future__ import annotations

import ast
import copy
import functools
import operator
import os
import sys
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from grader.probes import Version

MAX_DEFINITIONS = 5  # per target; the first and the last ones are kept
MAX_VALUES = 40
_MAX_CLONED = 1_000_000  # elements
_MAX_READ = 10_000  # elements compared by value
HOOK = "__after_statement__"

Namespace = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Captured:
    """One version of a target together with the namespace it lived in."""

    version: Version
    value: Any
    namespace: Namespace


class Captures:
    """All versions of all targets of one notebook."""

    def __init__(self, targets: Sequence[str], namespace: Namespace, folder: str) -> None:
        self.cell = 0  # the number of the cell being run
        self.reasons: dict[str, str] = {}  # why a name is missing, by name
        self._names = {target: tuple(name.strip() for name in target.split(",")) for target in targets}
        self._namespace = namespace
        self._folder = folder
        self._versions: dict[str, list[Captured]] = {target: [] for target in targets}
        self._seen: dict[str, tuple[tuple[Any, ...], list[Any]]] = {}

    def look(self) -> None:
        """Keep every target whose binding is new since the last look."""
        for target, names in self._names.items():
            if not all(name in self._namespace for name in names):
                continue
            values = tuple(self._namespace[name] for name in names)
            content = [_content(value) for value in values]
            seen = self._seen.get(target)
            if seen is not None and seen[1] == content and all(map(operator.is_, seen[0], values)):
                continue
            self._seen[target] = (values, content)  # holds the values, so that no address is used again
            self._keep(target, names, values)

    def __getitem__(self, target: str) -> list[Captured]:
        return self._versions.get(target, [])

    def table(self) -> dict[str, list[Version]]:
        """The versions of every target, oldest first."""
        return {target: [each.version for each in kept] for target, kept in self._versions.items()}

    @contextmanager
    def around(self, captured: Captured, stand_ins: Namespace) -> Iterator[Namespace]:
        """Let the notebook's namespace be what `captured` saw, completed by what came later.

        The dictionary itself is refilled, because every function of the notebook holds it as its globals.
        """
        final = dict(self._namespace)
        self._namespace.update(captured.namespace)
        self._namespace.update(stand_ins)
        try:
            yield self._namespace
        finally:
            self._namespace.clear()
            self._namespace.update(final)

    def _keep(self, target: str, names: tuple[str, ...], values: tuple[Any, ...]) -> None:
        kept = self._versions[target]
        kind, note = _kind(names[0], values[0], self._folder) if len(values) == 1 else ("value", "")
        if kind == "nothing":
            return
        namespace = dict(self._namespace)
        clones = tuple(_clone(value) for value in values)
        namespace.update(zip(names, clones, strict=True))
        value = clones[0] if len(clones) == 1 else clones
        kept.append(Captured(Version(self.cell, kind, note=note), value, namespace))
        same_kind = [each for each in kept if each.version.kind == kind]
        limit = MAX_DEFINITIONS if kind == "definition" else MAX_VALUES
        if len(same_kind) > limit:
            kept.remove(same_kind[limit // 2])


def _content(value: Any) -> Any:
    """What changes when a small tensor or module is changed in place."""
    if isinstance(value, torch.Tensor):
        return _fingerprint(value)
    if isinstance(value, nn.Module):
        return [_fingerprint(parameter) for parameter in value.parameters()]
    return type(value).__name__


def _fingerprint(tensor: torch.Tensor) -> Any:
    if nn.parameter.is_lazy(tensor):
        return "lazy"
    if tensor.numel() > _MAX_READ:
        return tensor._version
    # The version counter alone misses what is written through `.data` or numpy, as the book's 7.2.4 does.
    flat = tensor.detach().cpu().reshape(-1).clone(memory_format=torch.contiguous_format)
    return tensor._version, flat.view(torch.uint8).numpy().tobytes()


def _clone(value: Any) -> Any:
    try:
        if isinstance(value, torch.Tensor):
            return value.detach().clone() if value.numel() <= _MAX_CLONED else value
        if isinstance(value, nn.Module):
            size = sum(0 if nn.parameter.is_lazy(p) else p.numel() for p in value.parameters())
            return copy.deepcopy(value) if size <= _MAX_CLONED else value
    except Exception:  # noqa: BLE001 - student code runs in deepcopy and may raise anything; the original serves too
        return value
    return value


def _kind(name: str, value: Any, folder: str) -> tuple[str, str]:
    """Whether a binding is the student's own definition, an object of a library, or a plain value."""
    if isinstance(value, type):
        if not _is_students(value, folder):
            return "library", f"`{name}` is the library's own {value.__name__}"
        base = next((b for b in value.__mro__[1:] if not _is_students(b, folder)), object)
        added = [key for key in vars(value) if not key.startswith("__") or key in ("__init__", "__call__")]
        if base.__name__ == name and not added:
            return "library", f"`{name}` is the library's own class and adds nothing to it"
        return "definition", ""
    if isinstance(value, functools.partial):
        return _kind(name, value.func, folder)
    if isinstance(value, types.FunctionType | types.MethodType | functools._lru_cache_wrapper):
        return ("definition", "") if _is_students(value, folder) else ("library", f"`{name}` is a library function")
    if isinstance(value, types.BuiltinFunctionType | types.ModuleType):
        return "library", f"`{name}` is a library object"
    if isinstance(value, torch.Tensor):
        return "value", ""
    if callable(value):
        inner = getattr(value, "pyfunc", None) or getattr(value, "__wrapped__", None)  # np.vectorize, decorators
        if _is_students(type(value), folder) or (inner is not None and _is_students(inner, folder)):
            return "definition", ""
        return "library", f"`{name}` is an object of {type(value).__name__}"
    return ("nothing", "") if value is None else ("value", "")


def _is_students(value: Any, folder: str) -> bool:
    module = getattr(value, "__module__", None)
    if module == "__main__":
        return True
    file = getattr(sys.modules.get(module or ""), "__file__", None) or ""
    return bool(file) and os.path.abspath(file).startswith(folder + os.sep)


class AfterEachStatement(ast.NodeTransformer):
    """Call the hook after every top-level statement of a cell but the last, which IPython may want to display."""

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Insert the calls; statements inside functions and classes are left alone."""
        body: list[ast.stmt] = []
        for statement in node.body[:-1]:
            call = ast.Expr(ast.Call(ast.Name(HOOK, ast.Load()), [], []))
            body += [statement, ast.copy_location(call, statement)]
        node.body = [*body, *node.body[-1:]]
        return ast.fix_missing_locations(node)


def definitions_only(source: str) -> str:
    """The imports, functions and classes of a cell, every other line blank so that line numbers stay.

    An `if` or `try` that holds nothing else is kept whole. Returns "" where the source does not parse.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ""
    return _blank_all_but(source, tree, after_line=0)


def definitions_after(source: str, line: int) -> str:
    """As `definitions_only`, only what stands below the given 1-based line."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ""
    return _blank_all_but(source, tree, after_line=line)


def _blank_all_but(source: str, tree: ast.Module, *, after_line: int) -> str:
    lines = source.split("\n")
    kept = [""] * len(lines)
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom) and node.lineno > after_line:
            # Written anew, because `import os; os._exit(0)` shares its line with what must not run.
            kept[node.lineno - 1] += ("; " if kept[node.lineno - 1] else "") + ast.unparse(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or _only_defines(node):
            first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
            if first > after_line:
                last = node.end_lineno or node.lineno
                kept[first - 1 : last] = lines[first - 1 : last]
    return "\n".join(kept)


def _only_defines(node: ast.stmt) -> bool:
    """Whether an `if` or `try` holds nothing but imports and definitions, such as an import with a fallback."""
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Pass)
    if isinstance(node, ast.If):
        blocks = [node.body, node.orelse]
        # A condition is evaluated, so it may not call anything.
        if any(isinstance(each, ast.Call) for each in ast.walk(node.test)):
            return False
    elif isinstance(node, ast.Try):
        blocks = [node.body, node.orelse, node.finalbody, *(handler.body for handler in node.handlers)]
    else:
        return False
    return all(
        isinstance(each, definitions)
        or (isinstance(each, ast.Assign) and isinstance(each.value, ast.Constant))
        or _only_defines(each)
        for block in blocks
        for each in block
    )
