"""What the pages show, as plain values; nothing of a student's is left unseen or obeyed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from grader import decisions
from grader.decisions import Decision, Footing, Kind
from grader.escaping import visible
from grader.listing import CodeCell
from grader.records import Item, Outcome
from grader.reports.chronicle import Event, events
from grader.reports.feedback.view import cleaned
from grader.reviewing.classroom import Classroom, Entry
from grader.reviewing.markdown import rendered
from grader.rows import GradeRow, ItemRow, number

_LONGEST_EVIDENCE: Final = 6_000  # characters
_OFFERED: Final = 9  # comments of the bank, as there are digits
_AT_MOST: Final = 200  # students in one list of broken items

FOOTINGS: Final = {
    Footing.MOVED: "The automatic mark below has changed since; this mark stands.",
    Footing.REPLACED: "The student has handed in another answer since; this mark counts no longer.",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One code cell as it was handed in."""

    place: str  # such as `cell 9 of hw2.ipynb`
    source: str


@dataclass(frozen=True, slots=True)
class Marking:
    """One item with the fields to mark it."""

    item: str
    title: str
    section: str
    target: str
    outcome: str
    earned: str  # empty while undecided
    possible: str
    message: str
    hint: str
    automatic: str  # what the check says, where a person says something else
    overrules: bool  # whether a mark needs a reason
    points: str
    comment: str
    why: str
    note: str  # what has changed below a mark
    newest: int
    answer: Markup | None
    evidence: str
    bank: Sequence[str]
    looks_for: str
    wished: bool  # to be graded again
    code: Shown | None  # the cell that was judged
    asked: bool  # whether a request about it is open


@dataclass(frozen=True, slots=True)
class Queue:
    """Where somebody is in the answers of one item."""

    item: str
    title: str
    marked: int
    count: int
    number: int  # from 1
    here: str
    before: str  # aliases; empty at an end
    behind: str
    unmarked: str  # the next one without a mark; empty where there is none


def marking(room: Classroom, entry: Entry, bank: Sequence[str] = (), code: Sequence[CodeCell] = ()) -> Marking:
    """One item of one student, with the cell that was judged where the student's `code` has it."""
    item, checked = entry.item, entry.item.checked
    asked = room.items.get(item.item)
    possible = asked.points if asked else item.possible
    text = item.evidence.get("text")
    pictures = item.evidence.get("pictures")
    rest = {name: value for name, value in item.evidence.items() if name not in ("text", "pictures", "comments")}
    looks_for = asked.options.get("looks_for", "") if asked else ""
    wishes = decisions.left_open(room.decisions(entry.student), Kind.REGRADE)
    requests = decisions.left_open(room.decisions(entry.student), Kind.REQUEST)
    return Marking(
        item=item.item,
        title=visible(item.title),
        section=visible(item.section),
        target="" if item.check == "answered" else visible(item.target),
        outcome=item.outcome.value,
        earned=number(item.earned) if item.outcome.decided else "",
        possible=number(possible),
        message=visible(item.message),
        hint=visible(item.hint),
        automatic=_automatic(checked) if entry.mark else "",
        overrules=checked.outcome.decided,
        points=number(item.earned) if item.outcome.decided else "",
        comment=entry.comment.text if entry.comment else "",
        why=entry.mark.why if entry.mark else "",
        note=FOOTINGS.get(entry.footing, ""),
        newest=entry.newest,
        answer=rendered(text, pictures if isinstance(pictures, dict) else None) if isinstance(text, str) else None,
        evidence=_evidence(rest),
        bank=[*bank][:_OFFERED],
        looks_for=looks_for if isinstance(looks_for, str) else "",
        wished=any(each.item in (item.item, "") for each in wishes),
        code=next((each for each in cells(code) if each.place == _place(item.evidence)), None),
        asked=any(each.item == item.item for each in requests),
    )


def cells(code: Sequence[CodeCell]) -> list[Shown]:
    """Code cells with what they are called."""
    return [Shown(_place({"cell": each.number, "notebook": each.notebook}), _lines(each.source)) for each in code]


def _place(evidence: Mapping[str, Any]) -> str:
    return visible(f"cell {evidence.get('cell')} of {evidence.get('notebook')}")


def _lines(source: str) -> str:
    return "\n".join(visible(line.rstrip("\r").replace("\t", "    ")) for line in source.split("\n"))


def queue(room: Classroom, item: Item, here: str) -> Queue:
    """Where an answer lies among all answers of its item."""
    waiting = room.queue(item.id)
    names = [room.alias(item.id, student) for student in waiting]
    states = dict(zip(names, waiting.values(), strict=True))
    place = names.index(here)
    later = [*names[place + 1 :], *names[:place]]
    return Queue(
        item=item.id,
        title=item.title,
        marked=sum(not each for each in states.values()),
        count=len(names),
        number=place + 1,
        here=here,
        before=names[place - 1] if place else "",
        behind=names[place + 1] if place + 1 < len(names) else "",
        unmarked=next((name for name in later if states[name]), ""),
    )


def overview(room: Classroom) -> dict[str, Any]:
    """Everything that waits for somebody."""
    written = []
    for item in room.written():
        waiting = room.queue(item.id)
        written.append({"item": item, "count": len(waiting), "marked": sum(not each for each in waiting.values())})
    unsettled = [
        {"student": each.student, "item": each.item.item, "note": FOOTINGS[each.footing], "id": each.newest}
        for each in room.unsettled()
    ]
    return {
        "written": written,
        "broken": sum(len(each) for each in room.broken().values()),
        "requests": len(room.left_open(Kind.REQUEST)),
        "wishes": len(room.left_open(Kind.REGRADE)),
        "unsettled": unsettled[:_AT_MOST],
        "count": len(room.rows),
    }


def students(room: Classroom) -> list[dict[str, str]]:
    """A line for everybody."""
    asked: dict[str, int] = {}
    for each in room.left_open(Kind.REQUEST):
        asked[each.student_id] = asked.get(each.student_id, 0) + 1
    return [
        {
            "id": student,
            "name": visible(room.name(student)),
            "status": row.status.value,
            "earned": number(row.earned),
            "possible": number(row.possible),
            "requests": str(asked.get(student, "")),
        }
        for student, row in sorted(room.rows.items())
    ]


def broken(room: Classroom) -> list[dict[str, Any]]:
    """What is broken, by item, with what was found."""
    wishes = {(each.student_id, each.item) for each in room.left_open(Kind.REGRADE)}
    found = []
    for item, whose in room.broken().items():
        lines = []
        for student in whose[:_AT_MOST]:
            row = room.rows[student]
            here = next((each for each in row.items if each.item == item), None)
            lines.append(
                {
                    "student": student,
                    "name": visible(room.name(student)),
                    "message": visible(here.message if here else row.problem),
                    "evidence": _evidence(here.evidence) if here else "",
                    "wished": (student, item) in wishes or (student, "") in wishes,
                }
            )
        asked = room.items.get(item)
        title = asked.title if asked else item or "Submissions that could not be read"
        found.append({"item": item, "title": title, "count": len(whose), "lines": lines})
    return found


def requests(room: Classroom) -> list[dict[str, Any]]:
    """Open requests, oldest first, each with the mark that it is about."""
    found = []
    for each in room.left_open(Kind.REQUEST):
        entry = room.entry(each.student_id, each.item) if each.student_id in room.rows else None
        mark = (
            f"{number(entry.item.earned)} of {number(entry.item.possible)}"
            if entry and entry.item.outcome.decided
            else ""
        )
        shown = marking(room, entry, code=room.code(each.student_id)) if entry else None
        found.append({"request": each, "name": visible(room.name(each.student_id)), "mark": mark, "marking": shown})
    return found


def history(room: Classroom, student: str) -> list[tuple[Event, Decision | None]]:
    """What happened to a student's grade, newest first, with the decisions that can still be undone."""
    known = room.decisions(student)
    stand = {each.id: each for each in decisions.standing(known) if each.kind is not Kind.RAN}
    told = events(room.book.history(room.assignment.name, student), known)
    return [(each, stand.get(each.decision)) for each in reversed(told)]


def status(row: GradeRow) -> str:
    """What becomes of a grade, in words."""
    return row.status.value.replace("_", " ")


def _automatic(item: ItemRow) -> str:
    if item.outcome is Outcome.WAITING:
        return ""
    mark = f"{number(item.earned)} of {number(item.possible)}" if item.outcome.decided else item.outcome.value
    return f"{mark}. {visible(item.message)}".rstrip()


def _evidence(evidence: Mapping[str, Any]) -> str:
    if not evidence:
        return ""
    text = json.dumps(cleaned(evidence), indent=1, ensure_ascii=False)
    return text if len(text) <= _LONGEST_EVIDENCE else f"{text[:_LONGEST_EVIDENCE]}\n…"
