"""What somebody did on a page, as decisions in the gradebook; refused with one sentence where it makes no sense."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from grader import decisions, scoring
from grader.decisions import Beneath, Decision, Kind
from grader.errors import GraderError
from grader.reviewing.classroom import Classroom, Entry

_LONGEST: Final = 10_000  # characters of a comment, a reason, a request
_TEXTS: Final = {Kind.REQUEST: "the request", Kind.ANSWER: "the answer"}


class Refused(GraderError):
    """What was sent makes no sense; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where one person decides.

    Args:
        room: the class.
        who: the person, as decisions name them.
    """

    room: Classroom
    who: str

    def save(self, entry: Entry, sent: Mapping[str, Any]) -> None:
        """Add the mark and the comment that were sent, as far as they are others than those that stand.

        Raises:
            Refused: the points are none, or an automatic mark is overruled without a reason.
            Overtaken: somebody else decided about the item meanwhile.
        """
        seen = _number(sent.get("seen"), "the newest decision that was seen")
        points = self._points(entry, sent.get("points"))
        comment, why = _text(sent.get("comment"), "the comment"), _text(sent.get("why"), "the reason")
        if points is not None and points != _standing(entry):
            if entry.item.checked.outcome.decided and not why:
                raise Refused("an automatic mark is overruled with a reason; say why in the field beside it")
            below = Beneath.of(entry.row, entry.item)
            possible = self._possible(entry)
            mark = self._of(entry, Kind.POINTS, points=points, possible=possible, why=why, beneath=below)
            seen = self.room.book.decide(mark, seen=seen)
        if comment != (entry.comment.text if entry.comment else ""):
            self.room.book.decide(self._of(entry, Kind.COMMENT, text=comment), seen=seen)

    def confirm(self, entry: Entry) -> None:
        """Let a mark stand on what is below it now.

        Raises:
            Refused: there is no mark.
        """
        if entry.mark is None:
            raise Refused("nobody has marked this")
        below, possible = Beneath.of(entry.row, entry.item), self._possible(entry)
        given, of = entry.mark.points or 0.0, entry.mark.possible
        points = scoring.earned(possible, given / of if of else 1.0)
        told = {"points": points, "possible": possible, "why": "looked at again", "beneath": below}
        self.room.book.decide(self._of(entry, Kind.POINTS, **told), seen=entry.newest)

    def undo(self, student: str, number: object) -> None:
        """Undo a decision.

        Raises:
            Refused: there is no such decision that stands.
        """
        wanted = _number(number, "the decision")
        stand = decisions.standing(self.room.decisions(student))
        each = next((each for each in stand if each.id == wanted), None)
        if each is None:
            raise Refused("there is nothing to undo any more; load the page again")
        made = Decision(self.room.assignment.name, student, each.item, Kind.UNDO, self.who, about=each.id)
        self.room.book.decide(made)

    def ask(self, student: str, item: str, kind: Kind, text: object = "") -> None:
        """Record a request, or the wish to grade something again; without an item it is about the whole.

        Raises:
            Refused: there is no such item, or nothing is said.
        """
        if item and item not in self.room.items:
            raise Refused(f"no item is called {item!r}")
        said = _said(text, kind)
        open_now = decisions.left_open(self.room.decisions(student), kind)
        if kind is Kind.REGRADE and any(each.item == item for each in open_now):
            raise Refused("that is asked for already; the next `grader grade` does it")
        self.room.book.decide(Decision(self.room.assignment.name, student, item, kind, self.who, text=said))

    def answer(self, student: str, request: object, text: object) -> None:
        """Answer a request and close it.

        Raises:
            Refused: it is closed already, or nothing is said.
        """
        wanted = _number(request, "the request")
        known = decisions.left_open(self.room.decisions(student), Kind.REQUEST)
        each = next((each for each in known if each.id == wanted), None)
        if each is None:
            raise Refused("somebody has answered this request meanwhile; load the page again")
        said = _said(text, Kind.ANSWER)
        made = Decision(self.room.assignment.name, student, each.item, Kind.ANSWER, self.who, text=said, about=each.id)
        self.room.book.decide(made, seen=max(one.id for one in self.room.decisions(student) if one.item == each.item))

    def _points(self, entry: Entry, sent: object) -> float | None:
        """The points that were sent; None where the field is empty."""
        text = _text(sent, "the points").replace(",", ".")
        if not text:
            return None
        try:
            points = float(text)
        except ValueError:
            points = math.nan
        possible = self._possible(entry)
        if not 0 <= points <= possible:
            raise Refused(f"points are a number from 0 to {possible:g}, not {text[:20]!r}")
        return round(points, 2)

    def _possible(self, entry: Entry) -> float:
        item = self.room.items.get(entry.item.item)
        return item.points if item else entry.item.possible

    def _of(self, entry: Entry, kind: Kind, **told: Any) -> Decision:
        return Decision(self.room.assignment.name, entry.student, entry.item.item, kind, self.who, **told)


def _standing(entry: Entry) -> float | None:
    """The points that count now, if a person or a check has decided."""
    return entry.item.earned if entry.item.outcome.decided else None


def _said(text: object, kind: Kind) -> str:
    said = _text(text, _TEXTS.get(kind, "the text"))
    if kind in _TEXTS and not said:
        raise Refused(f"write something into {_TEXTS[kind]}")
    return said


def _text(sent: object, what: str) -> str:
    text = str(sent if sent is not None else "").strip()
    if len(text) > _LONGEST:
        raise Refused(f"{what} is longer than {_LONGEST:,} characters")
    return text


def _number(sent: object, what: str) -> int:
    if isinstance(sent, int) and not isinstance(sent, bool):
        return sent
    if isinstance(sent, str) and sent.isdecimal() and len(sent) < 18:
        return int(sent)
    raise Refused(f"{what} is missing; load the page again")
