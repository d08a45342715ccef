"""The score table for the terminal, as a pure function of grades."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from grader.escaping import visible
from grader.records import Item, Status
from grader.rows import GradeRow, ItemRow, number

WIDTH: Final = 120

_LOST_SHOWN: Final = 2
_PROBLEM_SHOWN: Final = 60
_STATUS_STYLES: Final = {
    Status.GRADED: "green",
    Status.PROVISIONAL: "cyan",
    Status.NEEDS_STAFF: "bold yellow",
    Status.MISSING: "red",
}


def score_table(rows: Sequence[GradeRow], items: Sequence[Item]) -> Group:
    """One line per student, with a column per section headed by its points, and a footer.

    A section that is not wholly decided is marked with `?`; one of which nothing is decided shows only that.
    Every text goes in as a `Text`, because a plain string would be read as markup.
    """
    sections: dict[str, float] = {}
    for item in items:
        sections[item.section] = sections.get(item.section, 0) + item.points
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    table.add_column("student", max_width=14, overflow="fold")
    table.add_column("name", max_width=16, overflow="ellipsis")
    table.add_column("status", no_wrap=True)
    for section, points in sections.items():
        table.add_column(Text(f"{visible(section)}\n/{number(points)}"), justify="right", no_wrap=True)
    table.add_column("total", justify="right", no_wrap=True)
    table.add_column("%", justify="right", no_wrap=True)
    table.add_column("lost")
    for row in rows:
        table.add_row(
            Text(visible(row.student_id)),
            Text(visible(row.student_name)),
            _status(row.status),
            *(_section([item for item in row.items if item.section == name], sections[name]) for name in sections),
            _share(row.items),
            Text("" if row.percent is None else f"{row.percent:.1f}"),
            _lost(row),
        )
    marked = any("?" in str(cell) for column in table.columns for cell in column.cells if column.justify == "right")
    return Group(table, Text(), footer(rows, undecided=marked))


def footer(rows: Sequence[GradeRow], *, undecided: bool = False) -> Text:
    """How many are in which state, under which conditions they were graded, and what `?` means where it stands."""
    states = Counter(row.status for row in rows)
    counts = Text(", ").join(
        Text(f"{states[status]} {_words(status)}", _STATUS_STYLES[status]) for status in Status if states[status]
    )
    graded = [row for row in rows if row.status is not Status.MISSING]
    conditions = [
        _condition("profile", (row.profile for row in graded)),
        _condition("device", (row.device for row in graded)),
        _condition("isolation", (row.isolation for row in graded)),
    ]
    undecided = undecided or any(not item.outcome.decided for row in rows for item in row.items)
    conditions.append(Text("? not decided" if undecided else ""))
    return Text(" | ").join([counts or Text("no submissions"), *(condition for condition in conditions if condition)])


def rendered(what: RenderableType, *, width: int = WIDTH, colour: bool = False) -> str:
    """The table as text; colours only where a terminal will read them."""
    text = io.StringIO()
    console = Console(
        file=text,
        width=width,
        color_system="standard" if colour else None,
        force_terminal=colour,
        legacy_windows=False,
    )
    console.print(what)
    return text.getvalue()


def _status(status: Status) -> Text:
    return Text(_words(status), _STATUS_STYLES[status])


def _words(status: Status) -> str:
    return status.value.replace("_", " ")


def _section(items: Sequence[ItemRow], points: float) -> Text:
    decided = [item for item in items if item.outcome.decided]
    if not decided:
        return Text("?" if items else "")
    whole = sum(item.possible for item in decided) >= points
    return Text(f"{round(sum(item.earned for item in decided), 1):g}{'' if whole else '?'}")


def _share(items: Sequence[ItemRow]) -> Text:
    decided = [item for item in items if item.outcome.decided]
    if not decided:
        return Text("?" if items else "")
    earned, possible = sum(item.earned for item in decided), sum(item.possible for item in decided)
    return Text(f"{number(earned)}/{number(possible)}")


def _lost(row: GradeRow) -> Text:
    if row.problem:
        problem = Text(visible(row.problem), no_wrap=True, overflow="ellipsis")
        problem.truncate(_PROBLEM_SHOWN, overflow="ellipsis")
        return problem
    lost = [item.item for item in row.items if item.outcome.decided and item.earned < item.possible]
    named = ", ".join(visible(item) for item in lost[:_LOST_SHOWN])
    told = f"{named} and {len(lost) - _LOST_SHOWN} more" if len(lost) > _LOST_SHOWN else named
    return Text(told, no_wrap=True, overflow="ellipsis")  # a line a student, however narrow the terminal


def _condition(name: str, values: Iterable[str]) -> Text:
    """Such as `device cpu`, or `device cpu (2), cuda:0 (10)` where they differ."""
    counts = Counter(values)
    if not counts:
        return Text()
    several = len(counts) > 1
    told = ", ".join(f"{value} ({count})" if several else value for value, count in sorted(counts.items()))
    return Text(visible(f"{name} {told}"), "bold red" if name == "isolation" and "none" in counts else "")
