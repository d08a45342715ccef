"""Definitions that lacked a name when their cell ran: cells are run out of order, and what they need stands below."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from grader.kernel.inside.statements import bound, defines


@dataclass(frozen=True, slots=True)
class Waiting:
    """One statement, where it stands and the name that it lacked."""

    statement: ast.stmt
    cell: int
    filename: str  # under which Python knows the cell
    lacks: str


class Postponed:
    """The definitions of a notebook that wait for a name."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._waiting: list[Waiting] = []

    def add(self, statement: ast.stmt | None, error: BaseException, cell: int, filename: str) -> None:
        """Note what a statement of a cell raised; anything but a definition that lacked a name is left alone."""
        if statement is not None and isinstance(error, NameError) and error.name and _defines(statement):
            self._waiting.append(Waiting(statement, cell, filename, error.name))

    def retry(self, run: Callable[[Waiting], BaseException | None]) -> None:
        """Run what waits for a name that is there by now, in the notebook's order, until nothing new comes of it.

        What was bound otherwise meanwhile has been mended, and stays as it is.
        """
        while ready := [each for each in self._waiting if self._ready(each)]:
            for each in ready:
                self._waiting.remove(each)
                if not any(self._namespace.get(name) is not None for name in bound([each.statement])):
                    error = run(each)
                    if error is not None:
                        self.add(each.statement, error, each.cell, each.filename)

    def _ready(self, waiting: Waiting) -> bool:
        return waiting.lacks in self._namespace


def _defines(statement: ast.stmt) -> bool:
    """Whether a statement is a definition, or gives a name to what another name holds."""
    renames = isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Name)
    return renames or defines(statement)
