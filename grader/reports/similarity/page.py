"""The text of the page: one HTML file without scripts that needs no other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.escaping import visible
from grader.reports.web.guarded import BASE, Trusted, policy
from grader.reports.web.templates import template
from grader.similarity import Compared, Definition, Match, Pair, Work

TEMPLATES: Final = Path(__file__).parent / "templates"
_MATCHES: Final = 20  # of a pair
_LINES: Final = 300  # of a definition
_UNREAD: Final = 50  # sentences


@dataclass(frozen=True, slots=True)
class Line:
    """A line of code, and whether the other one has it."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Side:
    """One definition of a match."""

    name: str
    where: str
    lines: Sequence[Line]
    more: int  # lines that are not shown


@dataclass(frozen=True, slots=True)
class Shown:
    """A pair as the page shows it."""

    number: int
    left: str
    right: str
    percent: int
    rare: int
    matches: Sequence[tuple[str, int, Side, Side]]  # section or nothing, rare runs, sides
    more: int  # matches that are not shown


def page(
    compared: Compared, *, title: str, students: int, sections: Mapping[str, str], unread: Sequence[str] = ()
) -> str:
    """One HTML file.

    Args:
        compared: the pairs and groups.
        title: of the assignment.
        students: how many were compared.
        sections: by name of a definition the section that asks for it.
        unread: what could not be compared, a sentence each.
    """
    shown = [_shown(number, pair, sections) for number, pair in enumerate(compared.pairs, 1) if pair.matches]
    style = Trusted.of(BASE, TEMPLATES / "style.css")
    return template(TEMPLATES / "page.html").render(
        title=visible(title),
        students=students,
        groups=[[_who(each) for each in group] for group in compared.groups],
        pairs=shown,
        rest=len(compared.pairs) - len(shown),
        unread=[visible(each) for each in unread[:_UNREAD]],
        more_unread=max(len(unread) - _UNREAD, 0),
        style=style,
        policy=policy(style),
    )


def _shown(number: int, pair: Pair, sections: Mapping[str, str]) -> Shown:
    matches = [
        (sections.get(each.left.name.partition(".")[0], ""), round(each.rare), *_sides(each))
        for each in pair.matches[:_MATCHES]
    ]
    return Shown(
        number,
        _who(pair.left),
        _who(pair.right),
        round(100 * pair.share),
        round(pair.rare),
        matches,
        max(len(pair.matches) - _MATCHES, 0),
    )


def _sides(match: Match) -> tuple[Side, Side]:
    return _side(match.left, match.left_lines), _side(match.right, match.right_lines)


def _side(definition: Definition, hits: Collection[int]) -> Side:
    lines = [
        Line(visible(text.expandtabs(4))[:400], number in hits) for number, text in enumerate(definition.lines[:_LINES])
    ]
    return Side(visible(definition.name), visible(definition.where), lines, max(len(definition.lines) - _LINES, 0))


def _who(work: Work) -> str:
    return visible(f"{work.student_id} ({work.name})" if work.name else work.student_id)
