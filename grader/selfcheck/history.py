"""The cells that were run in this kernel: which one defines what, and what its source calls."""

from __future__ import annotations

import contextlib
import inspect
import types
from collections.abc import Collection, Sequence
from typing import Any, Final

from grader import notebook
from grader.notebook import Call, Cell, Notebook
from grader.probes import Version

_MOST_CELLS: Final = 300  # the newest ones


class History:
    """What IPython remembers; without it nothing is known, and nothing is said.

    Args:
        shell: IPython's, or None.
        prelude: imports that a notebook may lack.
    """

    def __init__(self, shell: Any, prelude: Sequence[str] = ()) -> None:
        self._shell = shell
        self._prelude = prelude
        self._files: dict[str, int] = {}  # of cells, as Python knows them, with the number of the newest one
        self._read = 0  # cells whose files are known

    def cell_of(self, value: Any) -> int:
        """The number of the cell in which a function or class was written, 0 where that is not known."""
        code = _code(value)
        if code is None:
            return 0
        self._look()
        return self._files.get(code.co_filename, 0)

    def calls(self, version: Version, name: str, without: Collection[str]) -> Sequence[Call]:
        """What the source of a definition calls, without the helpers of these names."""
        cells = [Cell(number, "code", source) for number, source in self._sources()]
        return notebook.calls(Notebook("", tuple(cells)), version.cell, name, prelude=self._prelude, without=without)

    def _sources(self) -> list[tuple[int, str]]:
        """The newest cells, oldest first, no more of them than are looked into in a file."""
        found: list[tuple[int, str]] = []
        left = notebook.MOST_LEGIBLE
        raw = self._raw()
        for number in range(len(raw) - 1, max(0, len(raw) - 1 - _MOST_CELLS), -1):
            left -= notebook.effort(raw[number])
            if left < 0:
                break
            found.append((number, raw[number]))
        return found[::-1]

    def _raw(self) -> Sequence[str]:
        manager = getattr(self._shell, "history_manager", None)
        return getattr(manager, "input_hist_raw", None) or []

    def _look(self) -> None:
        raw = self._raw()
        parsed = self._shell.history_manager.input_hist_parsed if raw else []
        for number in range(self._read, len(raw)):
            for end in ("\n", ""):  # the history leaves out the last line end
                with contextlib.suppress(AttributeError, TypeError, ValueError, IndexError):  # shells differ in this
                    name = self._shell.compile.get_code_name(raw[number] + end, parsed[number] + end, number)
                    self._files[name] = number
        self._read = len(raw)


def _code(value: Any) -> types.CodeType | None:
    """The code of a function, or of the first method that a class defines itself."""
    if isinstance(value, type):
        own = (each for each in vars(value).values() if isinstance(each, types.FunctionType))
        return next((each.__code__ for each in own if each.__qualname__.startswith(f"{value.__qualname__}.")), None)
    with contextlib.suppress(ValueError):  # a circle of decorators
        value = inspect.unwrap(value)
    code = getattr(value, "__code__", None)
    return code if isinstance(code, types.CodeType) else None
