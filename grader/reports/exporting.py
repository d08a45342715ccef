"""What an export changes and what has to be known before the upload, as pure functions of its result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from grader.escaping import visible

_NAMED: Final = 8


def changes_table(changes: Sequence[tuple[str, str, str, str]]) -> Group:
    """Every mark that changes.

    Args:
        changes: student, name, old mark and new mark of each.
    """
    told = Text("1 mark changes." if len(changes) == 1 else f"{len(changes)} marks change.")
    if not changes:
        return Group(Text("No mark changes."))
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("student", "name"):
        table.add_column(name, overflow="fold")
    for name in ("old", "new"):
        table.add_column(name, justify="right", no_wrap=True)
    for student, name, old, new in changes:
        table.add_row(Text(visible(student)), Text(visible(name)), Text(visible(old)), Text(visible(new)))
    return Group(told, table)


def troubles_list(troubles: Sequence[tuple[str, str, str]]) -> Group:
    """What is to be known, one line for students with the same trouble.

    Args:
        troubles: kind, student and sentence of each.
    """
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for kind, student, sentence in troubles:
        grouped[kind, sentence].append(student)
    lines: list[RenderableType] = []
    for (kind, sentence), students in sorted(grouped.items()):
        named = ", ".join(visible(student) for student in students[:_NAMED])
        more = f" and {len(students) - _NAMED} more" if len(students) > _NAMED else ""
        lines.append(Text.assemble((kind, "bold yellow"), f": {named}{more}: {visible(sentence)}"))
    return Group(*lines)
