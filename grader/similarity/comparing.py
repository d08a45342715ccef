"""Which students share code that few others have.

A run of tokens that many have is how such code is written; one that two have alone is rare, and counts 1. What more
have counts less: log(n / students who have it) / log(n / 2), where n are the students and 16 more who have none of it.
What the assignment, the book or a library holds counts nothing. Students are never compared two by two: an index of
fingerprints names those who share one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from grader.similarity.definitions import Definition
from grader.similarity.fingerprints import fingerprints

LEAST: Final = 11.0  # rare runs times share that make a pair; chosen by benchmarks/similarity
_SHORT: Final = 80  # runs; within one definition no more are alike by nature: many write the same corr2d on their own
_OTHERS: Final = 16  # without them nothing would be rare in a class of two or three
_COMMON: Final = 20  # students; what more, and more than a twentieth of the class have, names nobody


@dataclass(frozen=True, slots=True)
class Work:
    """What one student defines."""

    student_id: str
    name: str
    definitions: Sequence[Definition]


@dataclass(frozen=True, slots=True)
class Match:
    """Two definitions that share code, and the lines of each on which it stands, counted from 0."""

    left: Definition
    right: Definition
    rare: float
    left_lines: frozenset[int]
    right_lines: frozenset[int]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two students who share more than chance or the task explains."""

    left: Work
    right: Work
    share: float  # of what is the smaller one's own
    rare: float  # runs of tokens that they share, each by how few have it
    matches: Sequence[Match]


@dataclass(frozen=True, slots=True)
class Compared:
    """What was found out about a class: pairs, the most striking first, and the groups that they make.

    Pairs beyond those that are shown have no matches.
    """

    pairs: Sequence[Pair]
    groups: Sequence[Sequence[Work]]


@dataclass(frozen=True, slots=True)
class Scored:
    """Two students by number, and how much they share."""

    left: int
    right: int
    share: float
    rare: float

    @property
    def score(self) -> float:
        """High where much is shared that is rare, and little else is there."""
        return self.share * self.rare


def compare(class_: Sequence[Work], expected: Iterable[Definition] = (), *, shown: int = 200) -> Compared:
    """The pairs and groups of a class.

    Args:
        class_: everybody's work.
        expected: code that everybody may have: the assignment's, the book's, a library's.
        shown: of so many pairs it is found out which lines match.
    """
    ignored = {each for definition in expected for each in fingerprints(definition.tokens)}
    prints = [[fingerprints(each.tokens) for each in work.definitions] for work in class_]
    owned = [set().union(*each) - ignored if each else set() for each in prints]
    weights = weigh(owned)
    named = [each for each in scored(owned, weights) if each.score >= LEAST and not _short(each, owned, prints)]
    named.sort(key=lambda each: (-each.score, class_[each.left].student_id, class_[each.right].student_id))
    pairs = []
    for place, each in enumerate(named):
        left, right = class_[each.left], class_[each.right]
        matches: Sequence[Match] = ()
        if place < shown:
            shared = owned[each.left] & owned[each.right]
            matches = _matches(left, prints[each.left], right, prints[each.right], shared, weights)
        pairs.append(Pair(left, right, each.share, each.rare, matches))
    return Compared(pairs, _groups(pairs))


def weigh(owned: Sequence[Collection[int]]) -> Mapping[int, float]:
    """What each fingerprint is worth, by how many have it; 1 where two have."""
    counts: dict[int, int] = defaultdict(int)
    for prints in owned:
        for each in prints:
            counts[each] += 1
    among = len(owned) + _OTHERS
    return {each: math.log(among / count) / math.log(among / 2) for each, count in counts.items()}


def scored(owned: Sequence[Collection[int]], weights: Mapping[int, float]) -> list[Scored]:
    """Every two students who share a rare fingerprint, by way of an index of those."""
    common = max(_COMMON, len(owned) // 20)
    index: dict[int, list[int]] = defaultdict(list)
    whole = []
    for number, prints in enumerate(owned):
        whole.append(sum(weights[each] for each in sorted(prints)))
        for each in prints:
            index[each].append(number)
    together: dict[tuple[int, int], float] = defaultdict(float)
    for each in sorted(index):  # in one order, because sums round
        having = index[each]
        if 1 < len(having) <= common:
            worth = weights[each]
            for place, left in enumerate(having):
                for right in having[place + 1 :]:
                    together[left, right] += worth
    return [
        Scored(left, right, rare / (min(whole[left], whole[right]) or 1.0), rare)
        for (left, right), rare in together.items()
    ]


def _short(each: Scored, owned: Sequence[Collection[int]], prints: Sequence[Sequence[Mapping[int, object]]]) -> bool:
    """Whether all that two share stands in one short definition."""
    shared = set(owned[each.left]) & set(owned[each.right])
    return len(shared) < _SHORT and any(
        any(shared <= definition.keys() for definition in prints[side]) for side in (each.left, each.right)
    )


def _matches(
    left: Work,
    left_prints: Sequence[Mapping[int, frozenset[int]]],
    right: Work,
    right_prints: Sequence[Mapping[int, frozenset[int]]],
    shared: Collection[int],
    weights: Mapping[int, float],
) -> list[Match]:
    """Each definition of one with the definition of the other with which it shares most."""
    found = []
    for one, its in zip(left.definitions, left_prints, strict=True):
        best: Match | None = None
        own = its.keys() & shared
        for other, theirs in zip(right.definitions, right_prints, strict=True) if own else ():
            both = own & theirs.keys()
            rare = sum(weights[each] for each in sorted(both))
            if both and (best is None or rare > best.rare):
                lines = [frozenset(line for each in both for line in prints[each]) for prints in (its, theirs)]
                best = Match(one, other, rare, lines[0], lines[1])
        if best:
            found.append(best)
    return sorted(found, key=lambda match: -match.rare)


def _groups(pairs: Sequence[Pair]) -> list[list[Work]]:
    """Students who hang together by pairs, the largest group first."""
    group: dict[str, dict[str, Work]] = {}
    for pair in pairs:
        sides = (pair.left, pair.right)
        merged: dict[str, Work] = {}
        for each in sides:
            merged |= group.get(each.student_id, {each.student_id: each})
        for student in merged:
            group[student] = merged
    distinct = {id(each): each for each in group.values()}
    made = [sorted(each.values(), key=lambda work: work.student_id) for each in distinct.values()]
    return sorted(made, key=lambda each: (-len(each), each[0].student_id))
