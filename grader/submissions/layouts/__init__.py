"""How each kind of source arranges what students hand in, one module for each.

A layout gets the files of one source and returns a claim for each file that belongs to somebody, or None when the
arrangement is not its own. `LAYOUTS` is asked in order; the plain layout at its end takes everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from grader.submissions.claims import Claim, Layout, Source
from grader.submissions.layouts.blackboard import blackboard
from grader.submissions.layouts.brightspace import brightspace
from grader.submissions.layouts.canvas import canvas
from grader.submissions.layouts.classroom import classroom
from grader.submissions.layouts.gradescope import gradescope
from grader.submissions.layouts.moodle import moodle
from grader.submissions.layouts.nbgrader import nbgrader
from grader.submissions.layouts.plain import of_one_student, plain

__all__ = ["LAYOUTS", "LISTS", "PLAIN", "TITLES", "Recognised", "of_lms", "of_one_student", "plain"]

PLAIN: Final = "plain"
LAYOUTS: Final[dict[str, Layout]] = {
    "moodle": moodle,
    "blackboard": blackboard,
    "brightspace": brightspace,
    "gradescope": gradescope,
    "github": classroom,
    "nbgrader": nbgrader,
    "canvas": canvas,  # behind the others: its names are the least peculiar
}
TITLES: Final = {
    "moodle": "a Moodle download",
    "blackboard": "a Blackboard download",
    "brightspace": "a Brightspace download",
    "gradescope": "a Gradescope export",
    "github": "clones of GitHub Classroom",
    "nbgrader": "nbgrader's submitted folder",
    "canvas": "a Canvas download",
    PLAIN: "files named after students",
}
LISTS: Final = ("submission_metadata.yml", "index.html")  # what downloads hold beside the students' files


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a source was taken for, and the claims on its files."""

    kind: str
    claims: list[Claim]


def of_lms(source: Source) -> Recognised | None:
    """The claims of the first layout that knows the arrangement; None where only names tell."""
    for kind, layout in LAYOUTS.items():
        if claims := layout(source):
            return Recognised(kind, claims)
    return None
