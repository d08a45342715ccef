"""Right solutions in the styles of different students, as submissions with the items that each must earn.

A style is one file, `reference/<assignment>/styles/<name>.py`, a notebook in the percent format:

    # style: says in one sentence what is unusual
    # %%
    a code cell
    # %% [markdown]
    # a text cell
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.errors import CourseError
from grader.probes import names_of
from grader.records import Assignment, SourceFile, Student, Submission

_MARK = re.compile(r"^# %%[ \t]*(\[markdown\])?[ \t]*$", re.MULTILINE)
_SENTENCE = re.compile(r"# style: (\S.*)")
_NOT_CODE = frozenset({"learns", "answered"})  # minutes of training; nothing a machine can judge
_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class Style:
    """One right solution and the ids of the items that it has to earn in full."""

    name: str
    sentence: str  # what is unusual about it
    submission: Submission
    items: tuple[str, ...]


def load(folder: Path, assignment: Assignment) -> list[Style]:
    """Read every style of a folder, sorted by name.

    Args:
        folder: where the files lie.
        assignment: whose items they solve.

    Raises:
        CourseError: a file is no style, or solves none of the items.
    """
    return [_read(path, assignment) for path in sorted(folder.glob("*.py"))]


def _read(path: Path, assignment: Assignment) -> Style:
    text = path.read_text(encoding="utf-8")
    sentence = _SENTENCE.match(text)
    if sentence is None:
        raise CourseError(f"{path}: the first line should be `# style: ` and a sentence")
    cells = list(_cells(text))
    try:
        names = {name for kind, source in cells if kind == "code" for name in _bound(source)}
    except SyntaxError as error:
        raise CourseError(f"{path}: a cell does not parse ({error.msg})") from error
    items = _items(assignment, names)
    if not items:
        raise CourseError(f"{path}: it binds no name that {assignment.name} asks for")
    return Style(path.stem, sentence.group(1), _submission(path.stem, cells), items)


def _cells(text: str) -> Iterator[tuple[str, str]]:
    """The cells of the percent format as (kind, source); what stands before the first mark belongs to no cell."""
    marks = list(_MARK.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        source = text[mark.end() : end].strip("\n")
        if mark.group(1):
            yield "markdown", re.sub(r"^# ?", "", source, flags=re.MULTILINE)
        else:
            yield "code", source


def _bound(source: str) -> Iterator[str]:
    """The names that a cell defines or assigns at its top level, also within if, for, try and with."""
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case _ if not isinstance(node, _SCOPES):
                waiting += ast.iter_child_nodes(node)


def _items(assignment: Assignment, names: set[str]) -> tuple[str, ...]:
    """The ids of the items whose target, such as `corr2d` or `X, K`, is among the names."""
    return tuple(
        item.id for item in assignment.items if item.check not in _NOT_CODE and names.issuperset(names_of(item.target))
    )


def _submission(name: str, cells: list[tuple[str, str]]) -> Submission:
    notebook = {
        "cells": [
            {"cell_type": kind, "metadata": {}, "source": source}
            | ({"outputs": [], "execution_count": None} if kind == "code" else {})
            for kind, source in cells
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    content = json.dumps(notebook, ensure_ascii=False).encode()
    file = SourceFile(f"{name}.ipynb", content)
    return Submission(Student(name), file.name, (file,), sha256=hashlib.sha256(content).hexdigest())
