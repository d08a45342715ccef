"""The text of a feedback page."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

from grader.lateness import Penalty
from grader.marks import Mark
from grader.records import Assignment
from grader.reports.feedback import view
from grader.reports.feedback.languages import language
from grader.reports.web.guarded import BASE, Trusted, policy
from grader.reports.web.templates import template
from grader.rows import GradeRow

TEMPLATES: Final = Path(__file__).parent / "templates"


def page(
    row: GradeRow,
    *,
    tag: str = "en",
    assignment: Assignment | None = None,
    mark: Mark | None = None,
    late: Penalty | None = None,
) -> str:
    """One HTML file that needs no other.

    Args:
        row: the stored grade.
        tag: of the language.
        assignment: as the rubric has it, for what a stored grade does not tell.
        mark: what the course's policy makes of the points.
        late: what lateness costs.

    Raises:
        KeyError: there is no such language.
    """
    spoken = language(tag)
    shown = view.of(row, spoken, assignment=assignment, mark=mark, late=late)
    made = template(TEMPLATES / "page.html", translations=spoken.translations)
    return made.render(page=shown, style=style(), policy=policy(style()))


@functools.cache
def style() -> Trusted:
    """The style sheet of the page."""
    return Trusted.of(BASE, TEMPLATES / "style.css")
