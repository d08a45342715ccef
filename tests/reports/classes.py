"""Classes to make reports of: small ones by hand, in which every number can be counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grader.lateness import Penalty, Timing
from grader.records import Outcome, Status
from grader.reports.classroom import Class
from grader.reports.classroom.given import Note
from grader.rows import GradeRow
from tests.reports.pages import TRAINED, assignment, item, row

CONVOLUTION = "This is convolution: the kernel is flipped. 7.2 asks for cross-correlation."
WRONG = f"{CONVOLUTION} 18 of 20 cases are wrong. The first: 8 of 9 elements differ."
LATE = Penalty(Timing.LATE, 0.1, 2, "Handed in 1 day 3 h after it was due.")

P, A, F, S, W, B = (
    Outcome.PASSED, Outcome.PARTIAL, Outcome.FAILED, Outcome.SKIPPED, Outcome.WAITING, Outcome.BROKEN,
)  # fmt: skip
EARNED = {P: 4.0, A: 2.0}


def student(id: str, outcomes: Sequence[Outcome], **changed: Any) -> GradeRow:
    """A grade with these outcomes for items `i1`, `i2` and so on, worth 4 points each; partial is half."""
    items = [item(f"i{n}", outcome, EARNED.get(outcome, 0.0)) for n, outcome in enumerate(outcomes, 1)]
    state = Status.NEEDS_STAFF if B in outcomes else Status.PROVISIONAL if W in outcomes else Status.GRADED
    return row(*items, **{"student_id": id, "student_name": id.title(), "status": state, **changed})


def missing(id: str) -> GradeRow:
    return row(student_id=id, student_name=id.title(), status=Status.MISSING, submission="", started="", seconds=0.0)


def a_class(*rows: GradeRow, items: int = 3, **changed: Any) -> Class:
    """These grades, of an assignment with so many items."""
    asked = assignment(*(item(f"i{n}", P, 4.0) for n in range(1, items + 1)))
    pages = {each.student_id: f"feedback/{each.student_id}.html" for each in rows if each.status is not Status.MISSING}
    values: Mapping[str, Any] = {"assignment": asked, "rows": rows, "pages": pages, **changed}
    return Class(**values)


def everything() -> Class:
    """A class with something in every part of the report."""
    kinds = [
        item("corr2d", P, 4.0, target="corr2d"),
        item("shapes", P, 4.0, target="LeNet", section="7.6", check="has_shapes"),
        item("trained", P, 4.0, target="LeNet", section="7.6", check="learns"),
        item("written", W, target="7.1", section="7.6", check="answered"),
    ]

    def grade(id: str, corr2d: Any, shapes: Any, trained: Any, written: Any, **changed: Any) -> GradeRow:
        found = [corr2d, shapes, trained, written]
        base = [
            {"section": each.section, "title": each.title, "target": each.target, "check": each.check} for each in kinds
        ]
        items = [
            item(kind.item, *args, **{**told, **more})
            for kind, told, (args, more) in zip(kinds, base, found, strict=True)
        ]
        return row(*items, **{"student_id": id, "student_name": id.title(), "status": Status.PROVISIONAL, **changed})

    right: Any = ((P, 4.0), {"message": "20 of 20 cases agree with the reference."})
    waits: Any = ((W,), {"message": "4 words wait for a reader.", "evidence": {"text": "four words of mine"}})
    flipped: Any = ((F,), {"message": WRONG})
    raised: Any = ((F,), {"message": "`LeNet` raised TypeError at `x = nn.Linear(3)`."})
    rows = [
        grade("ada", right, right, ((P, 4.0), {"evidence": TRAINED}), waits, seconds=40.0),
        grade("bo", flipped, right, ((A, 2.0), {"evidence": TRAINED | {"accuracy": 0.31}}), waits, seconds=50.0),
        grade("chi", flipped, raised, ((S,), {"message": "Not trained, because shapes did not pass."}), ((F,), {"message": "No discussion of 7.6 was found."}), status=Status.GRADED),
        grade("dan", ((P, 4.0), {"hint": "`corr2d` names convolution in cell 3.", "evidence": {"banned": ["convolution"], "level": "source"}}), right,
              ((P, 4.0), {"evidence": TRAINED | {"doubts": ["Moving an image by one pixel leaves hardly anything."]}}), waits),
        grade("eve", right, right, ((B,), {"message": "Training did not end within 600 s on this machine."}), waits, status=Status.NEEDS_STAFF),
        grade("fay", right, right, ((P, 4.0), {"hint": "Cell 4 trains `LeNet` with epochs 3; 7.6 asks for epochs 10.", "evidence": TRAINED | {"recipes": [{"epochs": 3}]}}), waits),
        row(student_id="gil", student_name="Gil", status=Status.NEEDS_STAFF, problem="gil.ipynb is a PDF, not a notebook.", seconds=0.0),
        missing("hal"),
    ]  # fmt: skip
    return Class(
        assignment=assignment(*kinds),
        rows=rows,
        penalties={each.student_id: LATE if each.student_id == "bo" else Penalty(Timing.ON_TIME) for each in rows[:-1]},
        sections={each.student_id: "DL-01" for each in rows},
        pages={each.student_id: f"feedback/{each.student_id}.html" for each in rows[:-1]},
        notes=[Note("ada", "", "ambiguous", "two on the roster"), Note("", "notes.txt", "not placed", "no notebook")],
        similar="similar.html",
    )
