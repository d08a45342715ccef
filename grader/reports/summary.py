"""A class in as many lines as a screen has: how the marks lie, what was lost most, who needs staff and why."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from grader.escaping import visible
from grader.records import Outcome, Status
from grader.reports.terminal import footer
from grader.rows import GradeRow

_BINS: Final = 10
_NARROW: Final = 76  # columns, below which nothing fits beside the distribution
_BAR: Final = 24  # cells of the longest bar
_STAFF: Final = 4  # students who are named
_WHY: Final = 90  # characters of a reason


def summary(rows: Sequence[GradeRow]) -> Group:
    """The distribution beside the items that cost most, then who needs staff; 20 lines at most."""
    both = _Beside(_distribution(rows), _lost(rows))
    staff = [row for row in rows if row.status is Status.NEEDS_STAFF]
    named: list[RenderableType] = [_reason(row) for row in staff[:_STAFF]]
    if len(staff) > _STAFF:
        named.append(Text(f"and {len(staff) - _STAFF} more need staff: see grades.csv and items.csv", "yellow"))
    return Group(both, Text(), *named, footer(rows))


@dataclass(frozen=True, slots=True)
class _Beside:
    """Two pieces beside each other, one above the other where the screen is too narrow."""

    left: RenderableType
    right: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width < _NARROW:
            yield from (self.left, Text(), self.right)
            return
        both = Table.grid(padding=(0, 4))
        both.add_row(self.left, self.right)
        yield both


def _distribution(rows: Sequence[GradeRow]) -> RenderableType:
    """How many students lie in each tenth of the per cents, the best first."""
    shares = [row.percent for row in rows if row.percent is not None]
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", no_wrap=True, min_width=len("90-100"))
    table.add_column(no_wrap=True, min_width=_BAR)
    table.add_column(justify="right", no_wrap=True, min_width=len(str(len(rows))))
    if not shares:
        return Text("Nothing is decided yet.")
    low, middle, high = statistics.quantiles(shares, n=4, method="inclusive") if len(shares) > 1 else shares * 3
    counts = [0] * _BINS
    for share in shares:
        counts[min(max(int(share * _BINS / 100), 0), _BINS - 1)] += 1
    for number in reversed(range(_BINS)):
        start, end = 100 * number // _BINS, 100 * (number + 1) // _BINS
        bar = "█" * -(-counts[number] * _BAR // max(counts))
        table.add_row(f"{start}-{end}", Text(bar, "green"), str(counts[number] or ""))
    return Group(Text(f"median {middle:.1f} %, half {low:.1f} to {high:.1f} %"), table)


def _lost(rows: Sequence[GradeRow]) -> Table:
    """The items of which most of the possible points were lost, and by how many students any."""
    lost: dict[str, list[float]] = {}
    for row in rows:
        for each in row.items:
            if each.outcome.decided and each.possible:
                lost.setdefault(each.item, []).append(1 - each.earned / each.possible)
    worst = sorted(lost.items(), key=lambda pair: -statistics.mean(pair[1]))[:_BINS]
    table = Table.grid(padding=(0, 2))
    table.add_column(max_width=28, no_wrap=True, overflow="ellipsis")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_row(Text("lost most", "bold"), Text("points lost"), Text("students"))
    for item, shares in worst:
        if count := sum(share > 0 for share in shares):
            table.add_row(Text(visible(item)), f"{100 * statistics.mean(shares):.0f} %", f"{count} of {len(shares)}")
    return table


def _reason(row: GradeRow) -> Text:
    broken = [each for each in row.items if each.outcome is Outcome.BROKEN]
    why = row.problem or "; ".join(f"{each.item}: {each.message}" for each in broken)
    line = Text(f"{visible(row.student_id)} needs staff: {visible(why)}", "yellow", no_wrap=True, overflow="ellipsis")
    line.truncate(_WHY, overflow="ellipsis")
    return line
