"""Whose is it, in the end: what sources tell of their owners is joined with the roster and with whom a gradebook knows.

A student keeps the id under which a gradebook saw them first, so that a roster that comes later, or an LMS's download
after loose files, makes nobody a second person.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from grader.joining import Apart, By, Match, Person, join
from grader.roster import Enrolled
from grader.submissions import Sourced, names

_MARKS: Final = re.compile(r"[\s_\-()\[\],.]+")


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something about a student that a person should look at."""

    student: str
    what: str  # not on the roster, ambiguous, roster
    why: str


@dataclass(slots=True)
class Identities:
    """Everybody who is known, and who each owner of a file is.

    Args:
        people: by student id.
        by: what an owner was joined by, by the id in the grades.
        doubts: in the order in which they were met.
    """

    people: dict[str, Enrolled]
    by: dict[str, str] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)

    @classmethod
    def of(cls, roster: Sequence[Enrolled], known: Sequence[Enrolled]) -> Identities:
        """The people of a roster under the ids that a gradebook knows them by, and whom else it knows.

        Args:
            roster: who takes the course; empty where nobody says.
            known: of the gradebook.
        """
        found = cls({})
        renamed: dict[int, int] = {}
        for kind in dict.fromkeys(kind for each in (*roster, *known) for kind in each.lms) or [""]:
            joined = join([_person(each, kind) for each in roster], [_person(each, kind) for each in known])
            for match in joined.matches:
                renamed.setdefault(match.ours, match.theirs)
        taken = set(renamed.values())
        for position, each in enumerate(roster):
            before = known[renamed[position]] if position in renamed else None
            person = replace(
                each,
                student_id=before.student_id if before else names.safe_id(each.student_id),
                lms={**before.lms, **each.lms} if before else each.lms,
            )
            found.people[person.student_id] = person
        for position, each in enumerate(known):
            if position not in taken:
                stays = each if not roster else replace(each, listed=False)
                found.people.setdefault(each.student_id, stays)
        return found

    def identify(self, claims: Sequence[Sourced]) -> list[Sourced]:
        """The claims of one source with their owners as they are known; who is nobody's match becomes known as such."""
        owners = {each.claim.owner.student_id: each.claim.owner for each in claims}
        kind = claims[0].kind if claims else ""
        people = list(self.people.values())
        listed = any(each.listed for each in people)
        matches, apart = _matches(list(owners.values()), people, kind)
        final: dict[str, Enrolled] = {}
        for id, owner in owners.items():
            if id in matches:
                person, by = matches[id]
                final[id] = self.people[person.student_id] = self.people[person.student_id].completed(owner)
                self.by[person.student_id] = by
            else:
                final[id] = self._stranger(owner, apart[id], people, listed=listed)
        self.doubts += _under_anothers_name(claims, matches, people)
        return [replace(each, claim=replace(each.claim, owner=final[each.claim.owner.student_id])) for each in claims]

    def _stranger(self, owner: Enrolled, why: Apart, people: Sequence[Enrolled], *, listed: bool) -> Enrolled:
        """Somebody who is no one known; never under an id that is somebody else's."""
        candidates = ", ".join(people[each].student_id for each in why.candidates[:5])
        told = f"{why.reason} ({candidates})" if candidates else why.reason
        if owner.student_id in self.people and why.candidates:
            owner = replace(owner, student_id=names.safe_id(f"{owner.student_id} (not {candidates})"))
        if listed or why.candidates:
            what = "ambiguous" if why.candidates else "not on the roster"
            self.doubts.append(Doubt(owner.student_id, what, "" if told == "not found" else told))
        self.people[owner.student_id] = self.people.get(owner.student_id, owner).completed(owner)
        return self.people[owner.student_id]


def _matches(
    owners: Sequence[Enrolled], people: Sequence[Enrolled], kind: str
) -> tuple[Mapping[str, tuple[Enrolled, str]], Mapping[str, Apart]]:
    """Who each owner is and by what, by the owner's id; and why the others are nobody."""
    theirs = [_person(each, kind) for each in people]
    ours = [_person(each, kind, guess=True) for each in owners]
    joined = join(ours, theirs)
    found = {match.ours: (match.theirs, match.by) for match in joined.matches}
    apart = {each.ours: each for each in joined.apart}
    claimed: dict[int, list[Match]] = defaultdict(list)
    for each in joined.apart:  # several owners may be one student: a number here, a name there
        for candidate in each.candidates if len(each.candidates) == 1 else ():
            claimed[candidate] += [
                replace(match, ours=each.ours) for match in join([ours[each.ours]], [theirs[candidate]]).matches
            ]
    for candidate, several in claimed.items():
        strong = [match for match in several if match.by is not By.NAME]
        loose = [match for match in several if match.by is By.NAME and not owners[match.ours].lms]
        if known := [match for match in several if match.by is By.LMS_ID]:
            found[known[0].ours] = candidate, By.LMS_ID  # whoever else claims to be this student has another account
            continue
        accounts = {owners[match.ours].lms.get(kind, "") for match in strong} - {""}
        for match in (*strong, *loose) if len(accounts) < 2 else ():
            found[match.ours] = candidate, match.by
    for position, each in list(apart.items()):
        if position not in found and not each.candidates and not _identified(owners[position]):
            words = _words_match(owners[position].student_id, people)
            if words is not None:
                found[position] = words, By.ID
    by_id = {owners[ours].student_id: (people[theirs], by.value) for ours, (theirs, by) in found.items()}
    return by_id, {owners[ours].student_id: each for ours, each in apart.items() if ours not in found}


def _under_anothers_name(
    claims: Sequence[Sourced], matches: Mapping[str, tuple[Enrolled, str]], people: Sequence[Enrolled]
) -> list[Doubt]:
    """Who was joined by an id, but stands beside the name of somebody else: one of the two is not the owner's."""
    told = sorted({(each.claim.owner.student_id, each.claim.owner.name) for each in claims if each.claim.owner.name})
    joined = join([Person(name=name) for _, name in told], [Person(name=each.name) for each in people])
    called = {match.ours: {match.theirs} for match in joined.matches}
    called |= {each.ours: set(each.candidates) for each in joined.apart}
    found = []
    for position, (id, name) in enumerate(told):
        others = [people[each] for each in sorted(called[position])]
        if id in matches and others and matches[id][0] not in others:
            person, by = matches[id]
            who = ", ".join(each.student_id for each in others)
            found.append(Doubt(person.student_id, "ambiguous", f"the {by} is theirs, the name {name} that of {who}"))
    return found


def _words_match(text: str, people: Sequence[Enrolled]) -> int | None:
    """The only student of whom a word of a name such as `hw2 ada final` is the number or login; None where unclear."""
    words = {names.key(word) for word in _MARKS.split(text) if len(word) > 2}
    fitting = {
        position
        for position, each in enumerate(people)
        if words & {names.key(known) for known in (each.number, each.login, each.email.partition("@")[0]) if known}
    }
    return fitting.pop() if len(fitting) == 1 else None


def _identified(owner: Enrolled) -> bool:
    return bool(owner.lms or owner.number or owner.login or owner.email)


def _person(each: Enrolled, kind: str, *, guess: bool = False) -> Person:
    """What is known of somebody, for joining; of an owner known by a name alone, that name without words like HW2."""
    lms_id = each.lms.get(kind, "")
    identified = _identified(each)
    name = each.name or ("" if identified or not guess else names.without_homework(each.student_id))
    return Person("" if identified else each.student_id, lms_id, each.number, each.login, each.email, name)


def everybody(found: Identities) -> Iterable[Enrolled]:
    """All who are known, by id."""
    return sorted(found.people.values(), key=lambda each: each.student_id)
