"""What an export changes and what has to be known before the upload, as pure functions of its result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from grader.escaping import visible
from grader.reports.moves import side_by_side

_NAMED: Final = 8


def changes_table(changes: Sequence[tuple[str, str, str, str]]) -> Group:
    """Every mark that changes.

    Args:
        changes: student, name, old mark and new mark of each.
    """
    if not changes:
        return Group(Text("No mark changes."))
    told = "1 mark changes." if len(changes) == 1 else f"{len(changes)} marks change."
    return side_by_side(told, ("student", "name", "old", "new"), changes)


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
