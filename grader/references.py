"""The modules of a course's `reference/` folder; what is wrong with one is told in a line.

reference/<name>/solutions.py inputs.py misconceptions.py      every reference has these
                 stand_ins.py equivalents.py book_examples.py  where a course wants them
"""

from __future__ import annotations

import hashlib
import importlib
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from grader.errors import RubricError

# What a module that somebody is writing raises while it is loaded, or when something in it is called.
RAISED = (
    ImportError, SyntaxError, NameError, AttributeError, TypeError, ValueError, LookupError, ArithmeticError,
    RuntimeError, AssertionError, OSError,
)  # fmt: skip


def module(course: Path, name: str, part: str) -> ModuleType:
    """A part of the reference of this name.

    Raises:
        RubricError: it is missing or cannot be loaded.
    """
    try:
        return importlib.import_module(f"{_package(course.resolve() / 'reference')}.{name}.{part}")
    except ModuleNotFoundError as error:
        raise RubricError(f"{course}/reference/{name}/{part}.py is missing ({error})") from error
    except RAISED as error:
        raise RubricError(f"{course}/reference/{name}/{part}.py cannot be loaded: {told(error)}") from error


def table(course: Path, name: str, part: str, table: str) -> Mapping[str, Any]:
    """A table of a part that not every reference has; empty without that part.

    Raises:
        RubricError: there is no such table in it, or it cannot be loaded.
    """
    if not (course / "reference" / name / f"{part}.py").is_file():
        return {}
    made = getattr(module(course, name, part), table, None)
    if not isinstance(made, Mapping):
        raise RubricError(f"{course}/reference/{name}/{part}.py has no table {table}")
    return made


def told(error: Exception) -> str:
    """What a module raised, and in which line; a SyntaxError says that by itself."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error}"
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})"


def _package(folder: Path) -> str:
    """The name under which a course's reference is imported: two courses may be open in one process."""
    name = "reference"
    known = sys.modules.get(name)
    if known is not None and str(folder) not in known.__path__:
        name = f"reference_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
    if name not in sys.modules:
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    return name
