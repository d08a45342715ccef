"""What goes wrong most often: the sentence that explains a mistake, or else what its message says without numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from grader.records import Outcome
from grader.rows import GradeRow, ItemRow

# A check that can explain all wrong cases says why first, then how many there are.
_EXPLAINED: Final = re.compile(r"(?P<why>.+?[.!?]) \d+ of \d+ cases (?:are|is) wrong\.", re.DOTALL)
_CODE: Final = re.compile(r"`([^`]*)`")
_RAISED: Final = re.compile(r" at `.*`\.?$", re.DOTALL)
_SPOT: Final = re.compile(r" in its line \d+ \(.*\)(?=\.$)")  # of a syntax error, and what Python says of it
_SHAPE: Final = re.compile(r"[(\[]\s*-?\d[\d\s,.e+×x-]*[)\]]")
_NUMBER: Final = re.compile(r"(?<![\w.])[-−]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf|nan)(?!\w)", re.IGNORECASE)
_LONGEST: Final = 400


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake, and who made it in which items.

    Args:
        sentence: word for word where all were told the same; else without values: `n` for numbers, `…` for shapes and
            students' code.
        explained: whether the sentence says what the mistake is, as those of misconceptions do.
        items: ids, in the order in which they were met.
        students: positions of the grades, each once.
    """

    sentence: str
    explained: bool
    items: Sequence[str]
    students: Sequence[int]


@dataclass(slots=True)
class _Met:
    told: set[str] = field(default_factory=set)
    items: dict[str, None] = field(default_factory=dict)
    students: dict[int, None] = field(default_factory=dict)


def mistakes(rows: Iterable[GradeRow], targets: Collection[str]) -> list[Mistake]:
    """The mistakes of a class, the commonest first.

    Items that ask for one name share their mistakes. What is skipped follows from something else, which counts there.
    What a person gave full points is none; else it counts as what the check had found.

    Args:
        rows: the grades.
        targets: names that the rubric asks for, which messages may keep.
    """
    met: dict[tuple[str, str, bool], _Met] = {}
    for position, row in enumerate(rows):
        for item in row.items:
            if _failed(item) and _failed(item.checked):
                told, explained = explanation(item.checked.message)
                found = met.setdefault((item.target, signature(told, targets), explained), _Met())
                found.told.add(told)
                found.items[item.item] = None
                found.students[position] = None
    made = [
        Mistake(
            (found.told.pop() if len(found.told) == 1 else sentence)[:_LONGEST] or "No message.",
            explained,
            list(found.items),
            list(found.students),
        )
        for (_, sentence, explained), found in met.items()
    ]
    return sorted(made, key=lambda each: (-len(each.students), each.sentence, *each.items))


def _failed(item: ItemRow) -> bool:
    return item.outcome in (Outcome.FAILED, Outcome.PARTIAL)


def explanation(message: str) -> tuple[str, bool]:
    """The sentence of a message that says what the mistake is, and True; the whole message and False without one."""
    message = " ".join(message.split())
    found = _EXPLAINED.match(message)
    return (found["why"], True) if found else (message, False)


def signature(message: str, targets: Collection[str]) -> str:
    """What is the same in the messages of students who made one mistake: no number, no shape, no code of their own."""
    text = _SPOT.sub("", _RAISED.sub(".", message))  # neither the line of a student's that raised nor that is no Python

    def code(found: re.Match[str]) -> str:
        return found.group() if found[1] in targets else "`…`"

    kept = [
        piece if number % 2 else _NUMBER.sub("n", _SHAPE.sub("(…)", piece))
        for number, piece in enumerate(re.split(r"(`[^`]*`)", _CODE.sub(code, text)))
    ]
    return "".join(kept)
