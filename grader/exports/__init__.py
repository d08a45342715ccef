"""What other programs read: pure functions from grades to text, and the one way to put text on disk.

`EXPORTS` names every format of `grader export`. One that fills in an instructor's file is two functions: `lay_out`
finds everything in the file, `blank` makes one where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from grader.exports import blackboard, brightspace, canvas, gradescope, moodle, nbgrader, research, sheets, tables
from grader.exports.filling import Layout, fill
from grader.exports.outgoing import Kind, Outgoing, Request, Result, Trouble
from grader.exports.returning import canvas_name, moodle_name, returned
from grader.exports.sheets import Sheet
from grader.submissions.names import safe_id


@dataclass(frozen=True, slots=True)
class Export:
    """One format: what it is, how it is made, and what comes next."""

    about: str
    make: Callable[[Request], Result]
    takes_template: bool = False
    takes_pages: bool = False


def _filled(
    name: str, lay_out: Callable[[Sheet, str], Layout], blank: Callable[[Sequence[Outgoing], str], bytes]
) -> Callable[[Request], Result]:
    """An export that fills in the LMS's own file, or one like it."""

    def make(request: Request) -> Result:
        sheet = request.template or sheets.read(blank(request.outgoing, request.column), "the new file")
        filled = fill(sheet, lay_out(sheet, request.column), request)
        return Result({f"{name}.csv": filled.content}, filled.changes, filled.troubles, filled.unchanged)

    return make


def _ours(request: Request) -> Result:
    marks = {each.id: each.mark for each in request.outgoing}
    rows = [each.row for each in request.outgoing]
    text = tables.grades_csv(rows, request.assignment.items, marks, provisional=request.provisional)
    return Result({"grades.csv": text.encode("utf-8-sig", "backslashreplace")}, troubles=_left_out(request))


def _nbgrader(request: Request) -> Result:
    return Result({"nbgrader.csv": nbgrader.table(request)}, troubles=_left_out(request))


def _gradescope(request: Request) -> Result:
    files = {f"{safe_id(each.id)}.json": gradescope.results(each, request) for each in request.outgoing}
    return Result(files, troubles=_left_out(request))


def _left_out(request: Request) -> list[Trouble]:
    left = [Trouble(Kind.LEFT_OUT, each.id, each.mark.reason) for each in request.outgoing if not request.ready(each)]
    stale = [Trouble(Kind.STALE, each.id, each.stale) for each in request.outgoing if each.stale]
    return left + stale


EXPORTS: Final[Mapping[str, Export]] = {
    "csv": Export("our own table of grades, for people and spreadsheets", _ours),
    "canvas": Export("Canvas's gradebook", _filled("canvas", canvas.lay_out, canvas.blank), takes_template=True),
    "moodle": Export(
        "Moodle's offline grading worksheet", _filled("moodle", moodle.lay_out, moodle.blank), takes_template=True
    ),
    "blackboard": Export(
        "Blackboard's grade centre", _filled("blackboard", blackboard.lay_out, blackboard.blank), takes_template=True
    ),
    "brightspace": Export(
        "Brightspace's grades", _filled("brightspace", brightspace.lay_out, brightspace.blank), takes_template=True
    ),
    "gradescope": Export("a results.json for each submission", _gradescope),
    "nbgrader": Export("the table of `nbgrader export`", _nbgrader),
    "canvas-feedback": Export(
        "feedback pages as Canvas takes them back", returned("canvas-feedback.zip", canvas_name), takes_pages=True
    ),
    "moodle-feedback": Export(
        "feedback pages as Moodle takes them back", returned("moodle-feedback.zip", moodle_name), takes_pages=True
    ),
    "research": Export("anonymous tables", lambda request: Result(research.tables(request))),
}
