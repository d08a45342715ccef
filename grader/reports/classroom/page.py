"""The text of a class report."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from markupsafe import Markup

from grader.reports.classroom import view
from grader.reports.classroom.given import Class
from grader.reports.classroom.groups import Group
from grader.reports.web.guarded import BASE, Trusted, policy
from grader.reports.web.templates import template

TEMPLATES: Final = Path(__file__).parent / "templates"


def page(given: Class) -> str:
    """One HTML file that needs no other; it links to the feedback pages beside it."""
    shown = view.of(given)
    told = {"style": style(), "script": script(), "policy": policy(style(), [script()]), "stamp": given.stamp}
    return template(TEMPLATES / "page.html", grouped=grouped).render(page=shown, **told)


@functools.cache
def style() -> Trusted:
    """The style sheet of the report."""
    return Trusted.of(BASE, TEMPLATES / "style.css")


@functools.cache
def script() -> Trusted:
    """What sorts and filters the table."""
    return Trusted.of(TEMPLATES / "table.js")


def grouped(groups: Sequence[Group]) -> Markup:
    """The lists as JSON that may stand in an element of HTML: by anchor title, positions, how many are not listed."""
    text = json.dumps(
        {group.anchor: [group.title, group.students, group.unlisted] for group in groups}, separators=(",", ":")
    )
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - no sign of HTML is left in it
