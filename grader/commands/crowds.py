"""Who was taken for one student and looks like several: somebody named the folder above that of the class."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from grader.commands.identifying import Doubt
from grader.records import Assignment, SourceFile, Submission
from grader.submissions import names

_SEVERAL: Final = 3  # whole answers; two are one student's first and second
_DEFINED: Final = re.compile(rb"(?:def|class)\s+(\w+)")


def crowds(found: Sequence[Submission], assignment: Assignment, number: re.Pattern[str]) -> Iterator[Doubt]:
    """A doubt about everybody whose notebooks are called by several student numbers, or answer everything repeatedly.

    Args:
        found: what was handed in; what defines names is looked for in the bytes, because parsing takes too long.
        assignment: what was asked.
        number: finds a student number in a name.
    """
    asked = {item.target.encode() for item in assignment.items if item.target.isidentifier()}
    for each in found:
        if len(each.notebooks) < 2:
            continue
        numbers = {match.group() for file in each.notebooks if (match := number.search(names.stem(file.name)))}
        whole = [file for file in each.notebooks if asked and 2 * len(asked & _defined(file)) > len(asked)]
        if len(numbers) > 1:
            told = f"its {len(each.notebooks)} notebooks are called by {len(numbers)} student numbers"
        elif len(whole) >= _SEVERAL:
            told = f"{len(whole)} of its {len(each.notebooks)} notebooks answer most of the assignment"
        else:
            continue
        yield Doubt(
            each.student.id,
            "several students?",
            f"{told}; if it is the folder of a class, give the path of that folder",
        )


def _defined(file: SourceFile) -> set[bytes]:
    return set(_DEFINED.findall(file.content))
