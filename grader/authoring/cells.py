"""The cells of a notebook that students receive, with nbgrader's metadata, so that the course can be used there, too.

A cell that is made of the reference says so: `metadata.grader.stub` lists the names that it holds. Only such cells are
ever written anew; what an instructor writes into any other cell stays.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from grader.authoring.stubs import Stub

Cell: TypeAlias = dict[str, Any]
_NO_ID = re.compile(r"[^a-zA-Z0-9_-]+")


@dataclass(frozen=True, slots=True)
class InStep:
    """A notebook whose stub cells are those of the reference.

    Args:
        text: the whole file.
        changed: the names whose stubs are new.
        gone: the names that cells ask for and the reference lacks; these cells are left alone.
        held: every name that a cell binds, stub or not.
    """

    text: str
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    held: frozenset[str]


def text_cell(identifier: str, source: str) -> Cell:
    """A text that students read."""
    return _marked(_cell("markdown", identifier, source), locked=True)


def written_cell(identifier: str, source: str, points: float) -> Cell:
    """A text that students write."""
    worth = int(points) if float(points).is_integer() else points
    return _marked(_cell("markdown", identifier, source), grade=True, solution=True, points=worth)


def code_cell(identifier: str, source: str) -> Cell:
    """Code that is given."""
    return _cell("code", identifier, source)


def check_cell(name: str) -> Cell:
    """The cell that looks at one answer."""
    return _marked(_cell("code", f"{name}-check", f"check({name})"), locked=True)


def answer_cell(identifier: str, source: str) -> Cell:
    """Code of which students write a part."""
    return _marked(_cell("code", identifier, source), solution=True)


def stub_cell(stubs: Sequence[Stub]) -> Cell:
    """A cell made of the reference, which is brought in step with it."""
    cell = answer_cell(f"{stubs[0].name}-stub", _source(stubs))
    cell["metadata"]["grader"] = {"stub": [stub.name for stub in stubs]}
    return cell


def notebook(cells: Iterable[Cell]) -> str:
    """The file of these cells; an identifier that occurs again gets a number."""
    listed = list(cells)
    seen: set[str] = set()
    for cell in listed:
        bare = identifier = cell["id"]
        number = 1
        while identifier in seen:
            number += 1
            identifier = f"{bare[:60]}-{number}"
        seen.add(identifier)
        cell["id"] = identifier
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["grade_id"] = identifier
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return _dumped({"cells": listed, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def in_step(text: str, known: Mapping[str, Stub]) -> InStep:
    """A notebook with its stub cells written anew; one in which nothing changed keeps every byte.

    Raises:
        ValueError: it is no notebook.
    """
    content = json.loads(text)
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        raise ValueError("it has no notebook cells")
    changed: list[str] = []
    gone: list[str] = []
    held: set[str] = set()
    for cell in content["cells"]:
        names = _stub_names(cell)
        if missing := [name for name in names if name not in known]:
            gone += missing
        elif names:
            source = _source([known[name] for name in names])
            if source != _text(cell):
                cell["source"] = source.splitlines(keepends=True)
                changed += names
        held.update(names, _bound(_text(cell)) if cell.get("cell_type") == "code" else ())
    return InStep(_dumped(content) if changed else text, tuple(changed), tuple(gone), frozenset(held))


def with_cells(text: str, cells: Iterable[Cell]) -> str:
    """A notebook with further cells at its end."""
    content = json.loads(text)
    taken = {cell.get("id") for cell in content["cells"]}
    content["cells"] += [cell for cell in cells if cell["id"] not in taken]
    return _dumped(content)


def stub_names(text: str) -> tuple[str, ...]:
    """The names of all stub cells of a notebook."""
    return tuple(name for cell in json.loads(text)["cells"] for name in _stub_names(cell))


def _stub_names(cell: Cell) -> list[str]:
    match cell:
        case {"cell_type": "code", "metadata": {"grader": {"stub": list(names)}}}:
            return [str(name) for name in names]
    return []


def _bound(source: str) -> set[str]:
    """The names that a cell binds at its top level; none where it is no plain Python."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return set()
    names = set()
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
                names.add(name)
    return names


def _text(cell: Cell) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _source(stubs: Sequence[Stub]) -> str:
    values = all("\n" not in stub.text for stub in stubs)
    return ("\n" if values else "\n\n\n").join(stub.text for stub in stubs)


def _cell(kind: str, identifier: str, source: str) -> Cell:
    named = _NO_ID.sub("-", identifier).strip("-")[:64] or "cell"  # the form that nbformat 4.5 asks for
    cell: Cell = {"cell_type": kind, "id": named, "metadata": {}, "source": source.splitlines(keepends=True)}
    return cell if kind == "markdown" else {**cell, "execution_count": None, "outputs": []}


def _marked(cell: Cell, *, grade: bool = False, locked: bool = False, solution: bool = False, **more: Any) -> Cell:
    cell["metadata"]["nbgrader"] = {
        "grade": grade,
        "grade_id": cell["id"],
        "locked": locked,
        **more,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    return cell


def _dumped(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"  # as Jupyter writes it
