"""The functions and classes that a submission defines, as text; nothing is executed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from grader import notebook
from grader.records import Submission
from grader.similarity.tokens import Token, modules_of, tokens

_MOST: Final = 400  # definitions of one submission that are looked at
_LONGEST: Final = 20_000  # tokens of one definition; nobody writes a tenth
_MOST_CODE: Final = 1_000_000  # characters of the modules of one submission that are looked into


@dataclass(frozen=True, slots=True)
class Definition:
    """One function or class: where it stands, its text as written, and what it does."""

    name: (
        str  # a method that stands by itself has its class's: `LeNet.__init__` for one under `@d2l.add_to_class(LeNet)`
    )
    where: str  # such as `ada.ipynb, cell 12`
    lines: tuple[str, ...]
    tokens: tuple[Token, ...]  # with lines counted from 0 at the first of `lines`


def definitions_of(submission: Submission) -> tuple[list[Definition], list[str]]:
    """Every definition of what was handed in, and a sentence for each part that could not be read."""
    found: list[Definition] = []
    problems = list(submission.unreadable)
    for file in submission.notebooks:
        try:
            read = notebook.read(file)
        except notebook.UnreadableNotebook as error:
            problems.append(str(error))
            continue
        modules = modules_of("\n".join(cell.source for cell in read.legible if "import" in cell.source))
        for cell in read.code:
            where = f"{file.name}, cell {cell.number}"
            if not cell.legible:
                problems.append(f"{where} is too long to be looked into.")
            elif "def " in cell.source or "class " in cell.source:
                found += _in(cell.source, where, modules, problems)
    left = _MOST_CODE
    for attached in submission.attachments:
        if attached.name.endswith(".py"):
            text = attached.content.decode("utf-8", "replace")
            if notebook.effort(text) > left:
                problems.append(f"{attached.name} is too long to be looked into.")
                continue
            left -= notebook.effort(text)
            found += _of_file(text, attached.name, problems)
    if len(found) > _MOST:
        problems.append(f"{len(found)} definitions; the first {_MOST} are compared.")
    return found[:_MOST], problems


def in_text(text: str, where: str) -> list[Definition]:
    """Every definition of a Python file; none where it is no Python."""
    return list(_of_file(text, where, []))


def _of_file(text: str, where: str, problems: list[str]) -> Iterator[Definition]:
    # Its imports as well are only looked for where it is not too long.
    modules = modules_of(text) if notebook.effort(text) <= notebook.MOST_LEGIBLE else frozenset[str]()
    return _in(text, where, modules, problems)


def _in(source: str, where: str, modules: frozenset[str], problems: list[str]) -> Iterator[Definition]:
    if notebook.effort(source) > notebook.MOST_LEGIBLE:
        problems.append(f"{where} is too long to be looked into.")
        return
    try:
        tree = _tree(source)
    except notebook.PARSE_ERRORS:
        problems.append(f"{where} is not valid Python.")
        return
    lines = source.split("\n")
    for node in _definitions(tree):
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        made = tokens(node, modules, first)
        if len(made) > _LONGEST:
            problems.append(f"{where}: {node.name} is too long to be compared.")
            continue
        shown = tuple(lines[first - 1 : node.end_lineno])
        yield Definition(_class_of(node) + node.name, where, shown, tuple(made))


def _class_of(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    """The class that d2l's decorator puts a method into, with a point; "" where it stands in none."""
    for each in node.decorator_list:
        match each:
            case ast.Call(
                func=ast.Attribute(attr="add_to_class") | ast.Name(id="add_to_class"),
                args=[ast.Name(id=name) | ast.Attribute(attr=name)],
            ):
                return f"{name}."
    return ""


def _tree(source: str) -> ast.Module:
    """The syntax tree with the lines of the source; magics are read only where there are some, because that is slow."""
    try:
        return notebook.parsed(source)
    except SyntaxError:
        return notebook.parsed(notebook.python_of(source))


def _definitions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Those at top level, also within if, try, with and loops."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node
        elif isinstance(node, ast.mod | ast.stmt | ast.excepthandler | ast.match_case):
            waiting.extend(reversed(list(ast.iter_child_nodes(node))))
