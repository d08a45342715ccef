"""Gradescope: a results.json for each submission, in the form that an autograder leaves behind.

The form is that of gradescope-autograders.readthedocs.io: `score` is the mark, `tests` says why. Text of students and
of the grader goes out as plain text, which Gradescope shows without reading tags or Markdown into it.
"""

from __future__ import annotations

import json
import math
from typing import Any

from grader.escaping import visible
from grader.exports.outgoing import Outgoing, Request
from grader.marks import written
from grader.records import Outcome
from grader.rows import ItemRow


def results(each: Outgoing, request: Request) -> bytes:
    """The results.json of one submission; without any score where no mark goes out, so that a person is asked.

    Were there scores for tests alone, Gradescope would take their sum for the mark.
    """
    mark, ready = each.mark, request.ready(each)
    told = [each.row.problem, each.penalty.sentence if each.penalty else ""]
    if mark.open and not each.row.problem:
        told.append(f"Not decided yet: {', '.join(mark.open)}.")
    content: dict[str, Any] = {
        "output": visible(" ".join(filter(None, told))),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "execution_time": math.ceil(each.row.seconds),
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"grader": each.row.grader_version, "max_score": float(mark.out_of)},
        "tests": [_test(item, number, ready) for number, item in enumerate(each.row.items, start=1)],
    }
    if ready and mark.final is not None:
        content = {"score": float(written(mark.final)), **content}
    return (json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def _test(item: ItemRow, number: int, scored: bool) -> dict[str, Any]:
    told = " ".join(filter(None, (item.message, item.hint)))
    test: dict[str, Any] = {
        "name": visible(f"{item.section} {item.title}"),
        "number": str(number),
        "output": visible(told),
        "tags": [visible(item.item)],
        "visibility": "visible",
    }
    if not item.outcome.decided:
        return test | {"output": visible(told or "A person has to look at this.")}
    status = "passed" if item.outcome is Outcome.PASSED else "failed"
    points = {"score": item.earned, "max_score": item.possible} if scored else {}
    return {**points, "status": status, **test}
