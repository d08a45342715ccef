"""Progress of commands that take long: a bar with the time left; plain lines, not too many, where no terminal is."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from grader.cli.tally import span
from grader.escaping import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

QUIET_S: Final = 10.0  # between two plain lines


class Steps:
    """Pieces of work that are alike, one row of them after the other.

    Args:
        console: where it is shown.
        bar: the bar, or None where no terminal is.
    """

    def __init__(self, console: Console, bar: Progress | None) -> None:
        self._console = console
        self._bar = bar
        self._task: TaskID | None = None
        self._what = ""
        self._done = self._total = 0
        self._began = self._told = 0.0

    def planned(self, what: str, total: int) -> None:
        """A row of so many pieces begins."""
        self._what, self._done, self._total = visible(what), 0, total
        self._began = self._told = time.monotonic()
        if self._bar is None:
            self._print(f"{self._what}: {total} to do")
            return
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(self._what, total=total, left="")

    def done(self, said: str = "") -> None:
        """One more piece is done; what was `said` about it is printed."""
        self._done += 1
        moment = time.monotonic()
        rest = (moment - self._began) / self._done * (self._total - self._done)
        left = f"about {span(rest)} left" if self._done < self._total else ""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, left=left)
        if said or (self._bar is None and left and moment - self._told >= QUIET_S):
            self._told = moment
            told = ", ".join(filter(None, (visible(said) or self._what, left if self._bar is None else "")))
            self._print(f"[{self._done}/{self._total}] {told}")

    def told(self, sentence: str) -> None:
        """Something to know meanwhile."""
        self._print(visible(sentence))

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, emoji=False, soft_wrap=True)


@contextlib.contextmanager
def steps() -> Iterator[Steps]:
    """Shows progress on standard error while in here."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield Steps(console, None)
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    left = TextColumn("{task.fields[left]}")
    # What is printed meanwhile goes above the bar where both are on one terminal; else it is none of the bar's.
    mixed = sys.stdout.isatty()
    with Progress(*columns, left, console=console, transient=True, redirect_stdout=mixed) as bar:
        yield Steps(console, bar)
