"""Which of their students is ours: joins submissions, a roster and an LMS's gradebook by what each knows of people.

    joined = join([Person(id="2024000101", name="김하늘")], [Person(lms_id="55", number="2024000101", name="김, 하늘")])
    joined.matches      (Match(ours=0, theirs=0, by=By.NUMBER),)

`join` is asked with any two lists: stored grades and the rows of a gradebook template when marks are exported, what
was handed in and the roster when it is read. Nobody is guessed: who fits two people, or one by one id and another by
the next, is left apart with the reason, because a mark in the wrong row is worse than a mark in none.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


@dataclass(frozen=True, slots=True)
class Person:
    """What one side knows of a student; what it does not know is empty.

    Args:
        id: what the student is called where the kind of id is not known, such as the name of a folder; it is held
            against numbers, logins and e-mail addresses.
        lms_id: the LMS's own id, known to that LMS alone: Canvas's ID, Moodle's participant.
        number: the student number, also called SIS user id, ID number or OrgDefinedId.
        login: the user name.
        email: the e-mail address.
        name: the name of the person, in any order of its words.
    """

    id: str = ""
    lms_id: str = ""
    number: str = ""
    login: str = ""
    email: str = ""
    name: str = ""


class By(StrEnum):
    """What two sides were joined by, the strongest first."""

    LMS_ID = "LMS id"
    NUMBER = "student number"
    LOGIN = "login"
    EMAIL = "e-mail"
    ID = "id"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Match:
    """One of ours and one of theirs are the same student. Both are positions in what `join` was given."""

    ours: int
    theirs: int
    by: By


@dataclass(frozen=True, slots=True)
class Apart:
    """One of ours that was joined with nobody, why, and whom it might be."""

    ours: int
    reason: str
    candidates: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Joined:
    """Everybody of ours is in `matches` or `apart`, everybody of theirs in `matches` or `unclaimed`, once."""

    matches: tuple[Match, ...]
    apart: tuple[Apart, ...]
    unclaimed: tuple[int, ...]


def join(ours: Sequence[Person], theirs: Sequence[Person]) -> Joined:
    """Join two lists of people.

    The strongest id that both sides know decides; a second id that points at somebody else makes it undecided. A name
    counts only where it is the only one of its kind and no number speaks against it. Who is claimed by two of ours
    goes to neither. The order of the lists makes no difference.
    """
    index = _Index(theirs)
    found = [_found(position, person, index.fitting(person), theirs) for position, person in enumerate(ours)]
    claims = Counter(each.theirs for each in found if isinstance(each, Match))
    matches: list[Match] = []
    apart: list[Apart] = []
    for each in found:
        if isinstance(each, Apart):
            apart.append(each)
        elif claims[each.theirs] > 1:
            apart.append(Apart(each.ours, f"{claims[each.theirs]} of ours are this student", (each.theirs,)))
        else:
            matches.append(each)
    taken = {match.theirs for match in matches}
    return Joined(tuple(matches), tuple(apart), tuple(each for each in range(len(theirs)) if each not in taken))


class _Index:
    """Theirs, by every form of everything that is known of them."""

    def __init__(self, people: Sequence[Person]) -> None:
        self._by: dict[tuple[By, bool, str], set[int]] = defaultdict(set)
        self._known: dict[tuple[bool, str], set[int]] = defaultdict(set)
        for position, person in enumerate(people):
            for kind in By:
                for loosely in (False, True):
                    for form in _forms(person, kind, loosely):
                        self._by[kind, loosely, form].add(position)
                        if kind not in (By.LMS_ID, By.NAME):
                            self._known[loosely, form].add(position)

    def fitting(self, person: Person) -> dict[By, set[int]]:
        """Whom each kind of id points at, strongest kind first; a kind that points at nobody is left out."""
        pointed = {kind: self._exactly_or_loosely(person, kind) for kind in By}
        return {kind: fitting for kind, fitting in pointed.items() if fitting}

    def _exactly_or_loosely(self, person: Person, kind: By) -> set[int]:
        for loosely in (False,) if kind is By.EMAIL else (False, True):  # ada@one.org is not ada@two.org
            fitting: set[int] = set()
            for form in _forms(person, kind, loosely):
                fitting |= self._known[loosely, form] if kind is By.ID else self._by[kind, loosely, form]
            if kind is By.ID:  # what we know may be their id of unknown kind
                for known in (By.NUMBER, By.LOGIN, By.EMAIL):
                    for form in _forms(person, known, loosely):
                        fitting |= self._by[By.ID, loosely, form]
            if fitting:
                return fitting
        return set()


def _found(position: int, person: Person, pointed: dict[By, set[int]], people: Sequence[Person]) -> Match | Apart:
    named = pointed.pop(By.NAME, set())
    if not pointed:
        return _found_by_name(position, person, named, people)
    by, fitting = next(iter(pointed.items()))
    for other, also in pointed.items():
        if not fitting & also:
            return Apart(position, f"{by} and {other} point at different students", tuple(sorted(fitting | also)))
        fitting &= also
    if len(fitting) > 1 and len(fitting & named) == 1:
        fitting &= named
    if len(fitting) > 1:
        return Apart(position, f"{len(fitting)} students have this {by}", tuple(sorted(fitting)))
    return Match(position, fitting.pop(), by)


def _found_by_name(position: int, person: Person, named: set[int], people: Sequence[Person]) -> Match | Apart:
    if not named:
        return Apart(position, "not found")
    if len(named) > 1:
        return Apart(position, f"{len(named)} students have this name", tuple(sorted(named)))
    (other,) = named
    if _contradicts(person, people[other]):
        return Apart(position, "the name fits, the number does not", (other,))
    return Match(position, other, By.NAME)


def _contradicts(one: Person, other: Person) -> bool:
    """Whether two namesakes have different numbers; an id of unknown kind is a number where it looks like the other."""
    numbers = [_number(person.number or person.id) for person in (one, other)]
    alike = all(number.isdecimal() for number in numbers) and len(numbers[0]) == len(numbers[1])
    known = bool(one.number and other.number)
    return numbers[0] != numbers[1] and (known or alike)


def _forms(person: Person, kind: By, loosely: bool) -> set[str]:
    """The forms in which one side may write this id: exactly, or loosely where nobody fits exactly."""
    match kind:
        case By.LMS_ID:
            forms = set() if loosely else {_word(person.lms_id)}
        case By.NUMBER:
            forms = {_without_zeros(person.number) if loosely else _number(person.number)}
        case By.LOGIN:
            forms = set() if loosely else {_word(person.login)}
        case By.EMAIL:
            addresses = {_word(text) for text in (person.email, person.login) if "@" in text}  # some logins are such
            forms = {address.partition("@")[0] for address in addresses} if loosely else addresses
        case By.ID:
            forms = {_without_zeros(person.id)} if loosely else {_number(person.id), _word(person.id)}
        case By.NAME:
            forms = set() if loosely else _names(person.name)
    return forms - {""}


_WRAPPED: Final = re.compile(r'^="(.*)"$')  # how Canvas and others keep a spreadsheet from reading a formula


def _word(text: str) -> str:
    """An id in composed form, without case, blanks around it and what LMSs put around ids."""
    plain = unicodedata.normalize("NFC", text).strip()
    unwrapped = _WRAPPED.sub(r"\1", plain).lstrip("#'").strip()
    return unicodedata.normalize("NFC", unwrapped.casefold())


def _number(text: str) -> str:
    """A student number as text; `.0` is what is left by programs that read numbers into it."""
    return re.sub(r"(?<=\d)\.0+$", "", _word(text))


def _without_zeros(text: str) -> str:
    """A number without the leading zeros that spreadsheets drop; any other id as it is."""
    number = _number(text)
    return number.lstrip("0") if number.isdecimal() else number


def _names(name: str) -> set[str]:
    """The forms of a name: its words without marks and blanks, beginning with each of them.

    "Kim, Chulsoo", "Chulsoo Kim" and Canvas's "kimchulsoo" have one in common.
    """
    words = [part for word in re.split(r"[\s,]+", _word(name)) if (part := re.sub(r"[\W_]", "", word))]
    return {"".join(words[start:] + words[:start]) for start in range(len(words))}
