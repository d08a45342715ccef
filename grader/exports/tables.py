"""The tables of a results folder: grades.csv has a line per student, items.csv per item, intake.csv per file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from grader.escaping import cell
from grader.marks import Mark, written
from grader.records import Item, Outcome
from grader.rows import GradeRow, ItemRow, number
from grader.submissions import Placed

_ITEM_COLUMNS = (
    "student_id",
    "item",
    "section",
    "title",
    "target",
    "check",
    "outcome",
    "earned",
    "possible",
    "message",
)
_INTAKE_COLUMNS = ("source", "file", "student_id", "student_name", "use", "why")


def grades_csv(
    rows: Sequence[GradeRow],
    items: Sequence[Item],
    marks: Mapping[str, Mark] | None = None,
    *,
    provisional: bool = False,
) -> str:
    """One line per student, with a column for each item in rubric order.

    What nobody has decided yet is blank and never 0; `possible` and `percent` count decided items.

    Args:
        rows: the stored grades.
        items: of the assignment.
        marks: by student id, where a policy makes them more than sums: then two columns more tell what lateness
            takes off and the mark that exports write, blank until all is decided.
        provisional: whether marks of which something is not decided are there as well.
    """
    header = ("student_id", "student_name", "submission", "status", *(item.id for item in items))
    header = (*header, "earned", "possible", "percent", *(("penalty", "final") if marks is not None else ()))
    lines = [_grade_line(row, items) for row in rows]
    if marks is not None:
        lines = [
            [*line, *_mark_cells(marks[row.student_id], provisional)] for row, line in zip(rows, lines, strict=True)
        ]
    return _csv([header, *lines])


def items_csv(rows: Sequence[GradeRow]) -> str:
    """One line per student and item, in the order of the grade; what is wrong with a whole submission has no item."""
    lines: list[Sequence[str]] = [_ITEM_COLUMNS]
    for row in rows:
        if row.problem:
            lines.append([cell(row.student_id), "", "", "", "", "", Outcome.BROKEN, "", "", cell(row.problem)])
        lines += [_item_line(row, item) for item in row.items]
    return _csv(lines)


def intake_csv(placed: Iterable[Placed], names: Mapping[str, str], doubts: Iterable[tuple[str, str, str]]) -> str:
    """One line per file, then one per doubt about a student.

    Args:
        placed: what became of each file.
        names: of students, by id.
        doubts: student, what it is about, and why.
    """
    lines = [
        (each.source, each.file, each.student_id, names.get(each.student_id, ""), each.use, each.why) for each in placed
    ]
    lines += [("", "", student, names.get(student, ""), what, why) for student, what, why in doubts]
    return _csv([_INTAKE_COLUMNS, *([cell(text) for text in line] for line in lines)])


def _grade_line(row: GradeRow, items: Sequence[Item]) -> list[str]:
    found = {item.item: item for item in row.items}
    decided = any(item.outcome.decided for item in row.items)
    return [
        *(cell(text) for text in (row.student_id, row.student_name, row.submission)),
        row.status,
        *(_earned(found.get(item.id)) for item in items),
        number(row.earned) if decided else "",
        number(row.possible) if decided else "",
        "" if row.percent is None else f"{row.percent:.1f}",
    ]


def _mark_cells(mark: Mark, provisional: bool) -> list[str]:
    if mark.final is None:
        return ["", ""]
    return [number(float(mark.penalty)), written(mark.final) if provisional or not mark.reason else ""]


def _item_line(row: GradeRow, item: ItemRow) -> list[str]:
    return [
        *(cell(text) for text in (row.student_id, item.item, item.section, item.title, item.target)),
        item.check,
        item.outcome,
        _earned(item),
        number(item.possible) if item.outcome.decided else "",
        cell(" ".join(part for part in (item.message, item.hint) if part)),
    ]


def _earned(item: ItemRow | None) -> str:
    return number(item.earned) if item and item.outcome.decided else ""


def _csv(lines: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()
