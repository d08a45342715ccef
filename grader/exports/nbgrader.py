"""The table that `nbgrader export` writes, properly quoted; a mark that is not decided is blank and never 0."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from grader.exports import making
from grader.exports.outgoing import Outgoing, Request
from grader.marks import written

_COLUMNS: Final = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)


def table(request: Request) -> bytes:
    """One line per student; the columns of nbgrader/plugins/export.py in their order."""
    return making.csv([_COLUMNS, *(_line(each, request) for each in request.outgoing)])


def _line(each: Outgoing, request: Request) -> list[str]:
    last, first = names(each.name)
    due, mark = request.assignment.due, each.mark
    ready = request.ready(each)
    raw, penalty = (written(mark.earned), written(mark.penalty)) if ready else ("", "")
    score = written(mark.final) if ready and mark.final is not None else ""
    return [
        request.assignment.name,
        due.isoformat(sep=" ") if due else "",
        each.handed_in,
        each.id,
        last,
        first,
        each.enrolled.email,
        raw,
        penalty,
        score,
        written(Decimal(mark.out_of)),
    ]


def names(name: str) -> tuple[str, str]:
    """Family name and given names, as far as the way it is written tells; a single word is a family name."""
    if "," in name:
        last, _, first = name.partition(",")
    else:
        first, _, last = name.rpartition(" ")
    return last.strip(), first.strip()
