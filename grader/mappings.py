"""What the mappings of an instructor's YAML file may hold; every mistake is one line with its place and a remedy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from grader.errors import RubricError
from grader.spelling import hint


def mapping(content: Any, where: str) -> Mapping[str, Any]:
    """Keys with values.

    Raises:
        RubricError: it is something else.
    """
    if not isinstance(content, dict):
        raise RubricError(f"{where}: expected keys with values, found {type(content).__name__}")
    for key in content:
        if not isinstance(key, str):
            raise RubricError(f"{where}: the key {key!r} is no text; write it in quotes")
    return content


def sequence(content: Any, where: str) -> list[Any]:
    """A list.

    Raises:
        RubricError: it is something else.
    """
    if not isinstance(content, list):
        raise RubricError(f"{where}: expected a list, found {type(content).__name__}")
    return content


def known(row: Mapping[str, Any], names: Collection[str], where: str) -> None:
    """Refuse a mapping with other keys than these.

    Raises:
        RubricError: it has one; the message says which was probably meant.
    """
    for key in row:
        if key not in names:
            raise RubricError(f"{where}: unknown key {key!r}{hint(key, names)}")


def number(value: Any, where: str, *, least: float = 0, above: bool = False) -> Decimal:
    """A number as it is written in the file, so that 0.1 is a tenth.

    Raises:
        RubricError: it is none, or less than allowed.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        exact = Decimal(str(value))
        if exact.is_finite() and (exact > least or (exact == least and not above)):
            return exact
    told = f"above {least:g}" if above else f"{least:g} or more"
    raise RubricError(f"{where} is {value!r}; it must be a number, {told}")
