"""Anonymous tables for research: pseudonyms for ids, no names, and sentences without anything that a student wrote.

A pseudonym is an HMAC under a key of the gradebook: the same student keeps it from export to export and assignment to
assignment, and nobody without the gradebook finds the student. Who knows a mark still knows whose row it is: anonymous
tables of a small class are not for publication.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Sequence
from typing import Final

from grader.escaping import cell
from grader.exports import making
from grader.exports.outgoing import Outgoing, Request
from grader.marks import written
from grader.rows import ItemRow

_QUOTED: Final = re.compile(r"`[^`]*`|'[^'\n]*'|\"[^\"\n]*\"|“[^”]*”")
_FILE: Final = re.compile(r"[^\s`'\"/]+\.(?:ipynb|py|pdf|zip|html|docx|txt|csv)\b", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d{6,}")  # student numbers are that long, sizes of tensors are not
_GRADES: Final = ("student", "status", "earned", "possible", "penalty", "final", "days_late", "profile", "device")
_ITEMS: Final = ("student", "item", "section", "check", "outcome", "credit", "earned", "possible", "message")


def pseudonym(student_id: str, key: bytes) -> str:
    """Twelve hexadecimal digits for a student."""
    return hmac.new(key, student_id.encode("utf-8", "backslashreplace"), hashlib.sha256).hexdigest()[:12]


def tables(request: Request) -> dict[str, bytes]:
    """Both tables by name, in the order of the pseudonyms, which tells nothing of the class list."""
    people = sorted((pseudonym(each.id, request.pseudonyms), each) for each in request.outgoing)
    words = {word for each in request.outgoing for word in _words(each) if len(word) > 2}
    asked = {name for item in request.assignment.items for name in (item.id, item.target)}
    items = [_item(name, each, item, asked, words) for name, each in people for item in each.row.items]
    return {
        "grades.csv": making.csv([_GRADES, *(_grade(name, each) for name, each in people)]),
        "items.csv": making.csv([_ITEMS, *items]),
    }


def scrubbed(text: str, each: Outgoing, asked: Collection[str], words: Collection[str] = ()) -> str:
    """A sentence without file names, quotations and long numbers, and without the names of people.

    What stands in quotation marks may be a line of the student's; the names that the rubric asks for stay.

    Args:
        text: the sentence.
        each: whose it is.
        asked: the names that the rubric asks for.
        words: by which other students are known.
    """
    text = _QUOTED.sub(lambda found: found.group() if found.group()[1:-1] in asked else "[text]", text)
    text = _NUMBER.sub("[number]", _FILE.sub("[file]", text))
    known = sorted({*words, *_words(each)}.difference(asked), key=len, reverse=True)
    pattern = "|".join(re.escape(word) for word in known)
    return re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", "[name]", text, flags=re.IGNORECASE) if pattern else text


def _words(each: Outgoing) -> set[str]:
    """Whatever a student is known by, names word by word."""
    known = each.enrolled
    words = {known.student_id, known.number, known.login, known.email, known.email.partition("@")[0]}
    words |= {word for name in (known.name, each.row.student_name) for word in [name, *re.split(r"[\s,]+", name)]}
    return {word for word in words if len(word) > 1}


def _grade(name: str, each: Outgoing) -> Sequence[str]:
    row, mark = each.row, each.mark
    final = "" if mark.final is None else written(mark.final)
    days = str(each.penalty.days) if each.penalty else ""
    points = (written(mark.earned), written(mark.possible), written(mark.penalty), final)
    return (name, row.status, *points, days, row.profile, row.device)


def _item(name: str, each: Outgoing, item: ItemRow, asked: Collection[str], words: Collection[str]) -> Sequence[str]:
    decided = item.outcome.decided
    told = scrubbed(" ".join(filter(None, (item.message, item.hint))), each, asked, words)
    points = (f"{item.credit:g}", f"{item.earned:g}", f"{item.possible:g}") if decided else ("", "", "")
    return (name, item.item, item.section, item.check, item.outcome, *points, cell(told))
