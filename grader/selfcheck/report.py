"""What a check gives back: shown by whatever shows the notebook, as HTML or as text."""

from __future__ import annotations

from typing import Any

from grader.records import Outcome
from grader.reports.feedback import display
from grader.reports.feedback.display import Row, Shown, State


class Report:
    """The outcome of one check; the end of a cell shows it, and so does the cell if it ends otherwise."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        # Drawn now: what fails here is told as any fault of ours, what fails while a notebook displays it is not.
        self._text, self._html = display.text(shown), display.html(shown)
        self.shown = False  # whether somebody has seen it

    @classmethod
    def told(cls, problem: str) -> Report:
        """Nothing was found out, for this reason."""
        return cls(Shown("check", problem=problem))

    @property
    def ok(self) -> bool:
        """Whether something was judged and all of it is right."""
        judged = [row.finding for row in self.rows if row.state is State.JUDGED and row.finding is not None]
        return bool(judged) and all(finding.outcome is Outcome.PASSED for finding in judged)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What was found out, item by item."""
        return tuple(self._shown.rows)

    @property
    def problem(self) -> str:
        """Why not everything was found out, or ""."""
        return self._shown.problem

    def __repr__(self) -> str:
        self.shown = True
        return self._text

    def _repr_html_(self) -> str:
        self.shown = True
        return self._html

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}
