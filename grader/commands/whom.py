"""Which student is meant on the command line: by id, number, login, address or name, where it is exactly one."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from grader.errors import UsageError
from grader.gradebook import Gradebook
from grader.joining import Match, Person, join
from grader.roster import Enrolled
from grader.spelling import hint

_NAMED: Final = 6  # people who may be meant


def student(word: str, assignment: str, book: Gradebook, out: Path) -> str:
    """The id of the student whose grade is asked for.

    Args:
        word: what was typed: an id first of all, else whatever else is known of exactly one student.
        assignment: of which there is a grade.
        book: that holds it.
        out: its folder, for the message.

    Raises:
        UsageError: nobody or several people are meant; it names whom it may be.
    """
    graded = book.graded(assignment)
    if word in graded:
        return word
    people = [each for each in book.roster(assignment) if each.student_id in graded]
    joined = join([Person(id=word, name=word)], [_person(each) for each in people])
    match joined.matches:
        case [Match(theirs=position)]:
            return people[position].student_id
    raise UsageError(f"{out} holds no grade of a student {word!r}{_meant(word, graded, people)}")


def _person(each: Enrolled) -> Person:
    return Person(each.student_id, number=each.number, login=each.login, email=each.email, name=each.name)


def _meant(word: str, graded: Collection[str], people: Sequence[Enrolled]) -> str:
    """How the message ends: with the people one of whose names holds the word, else with an id that is spelt alike."""
    typed = _plain(word)
    holding = [each for each in people if any(typed in _plain(known) for known in _known(each))] if typed else []
    if holding:
        told = " or ".join(f"{each.student_id} ({each.name})" for each in holding[:_NAMED])
        return f"; did you mean {told}{f' or {len(holding) - _NAMED} more' if len(holding) > _NAMED else ''}?"
    told = hint(word, graded)
    return told if "did you mean" in told or len(graded) <= _NAMED else "; grades.csv has everybody's id and name"


def _plain(text: str) -> str:
    """The text in small letters without accents, because few can type them all."""
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter)
    ).casefold()


def _known(each: Enrolled) -> tuple[str, ...]:
    return each.student_id, each.name, each.number, each.login, each.email
