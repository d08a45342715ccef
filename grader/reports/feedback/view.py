"""What a page shows, as plain values in the reader's language. Nothing of a student's is left unseen or obeyed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from grader.escaping import visible
from grader.lateness import Penalty
from grader.marks import Mark, written
from grader.records import Assignment, Outcome, Status
from grader.reports.feedback import pictures, training, words
from grader.reports.feedback.languages import Language
from grader.reports.feedback.sentences import Part, translated
from grader.rows import GradeRow, ItemRow, number

_DEEPEST: Final = 8  # levels of evidence; a check's own is never deeper


@dataclass(frozen=True, slots=True)
class Share:
    """Points earned of points possible, as numbers to read and as a bar of so many per cent."""

    earned: str
    possible: str
    percent: float | None

    @classmethod
    def of(cls, items: Sequence[ItemRow]) -> Share:
        """That of the decided ones among these items."""
        earned = sum(item.earned for item in items if item.outcome.decided)
        possible = sum(item.possible for item in items if item.outcome.decided)
        return cls(number(earned), number(possible), 100 * earned / possible if possible else None)


@dataclass(frozen=True, slots=True)
class Item:
    """One item: what was asked, what was found, where, and whatever explains it."""

    title: str
    anchor: str
    target: str
    asked: str
    outcome: str  # of `Outcome`, for the style
    symbol: str
    verdict: str
    earned: str  # "–" while undecided
    possible: str
    message: Sequence[Part]
    hint: Sequence[Part]
    place: str
    answer: str
    comments: Sequence[str]
    tensors: pictures.Tensors | None
    layers: pictures.Layers | None
    training: training.Training | None

    @property
    def brief(self) -> bool:
        """Whether there is nothing to explain."""
        return self.outcome == Outcome.PASSED and self.training is None

    @property
    def lost(self) -> bool:
        """Whether there are points to win."""
        return self.outcome in (Outcome.PARTIAL, Outcome.FAILED, Outcome.SKIPPED)


@dataclass(frozen=True, slots=True)
class Section:
    """The items of one section of the book."""

    name: str
    anchor: str
    share: Share
    waiting: int
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on a page, top to bottom."""

    language: Language
    assignment: str
    student_id: str
    student_name: str
    submission: str
    status: str
    share: Share
    waiting: int
    problem: str
    late: Sequence[Part]
    mark: tuple[str, str] | None  # and what it is out of, where it is more than the sum of points
    lost: Sequence[Item]
    sections: Sequence[Section]
    facts: Sequence[tuple[str, str]]
    english: bool  # whether some sentences are not in the page's language


def of(
    row: GradeRow,
    language: Language,
    *,
    assignment: Assignment | None = None,
    mark: Mark | None = None,
    late: Penalty | None = None,
) -> Page:
    """The page of a stored grade.

    Args:
        row: the grade.
        language: of the reader.
        assignment: as the rubric has it: title, points of undecided items, names of classes; without it those are
            left out.
        mark: what the course's policy makes of the points.
        late: what lateness costs.
    """
    points = {item.id: item.points for item in assignment.items} if assignment else {}
    options = {item.id: item.options for item in assignment.items} if assignment else {}
    titles = {each.item: visible(each.title) for each in row.items}
    sections: dict[str, list[tuple[ItemRow, Item]]] = {}
    for place, each in enumerate(row.items, 1):
        shown = _item(each, language, titles, f"item-{place}", points.get(each.item), options.get(each.item, {}))
        sections.setdefault(visible(each.section), []).append((each, shown))
    made = [_section(name, place, items) for place, (name, items) in enumerate(sections.items(), 1)]
    return Page(
        language=language,
        assignment=visible(assignment.title if assignment else row.assignment),
        student_id=visible(row.student_id),
        student_name=visible(row.student_name),
        submission=visible(row.submission),
        status=_status(row, language),
        share=Share.of(row.items),
        waiting=sum(section.waiting for section in made),
        problem=visible(row.problem),
        late=translated(visible(late.sentence), language, {}) if late else [],
        mark=_mark(mark, row) if mark else None,
        lost=[item for section in made for item in section.items if item.lost],
        sections=made,
        facts=[(visible(name), visible(value)) for name, value in words.facts(row, language)],
        english=any(
            part.tag != language.tag
            for section in made
            for item in section.items
            for part in (*item.message, *item.hint)
        ),
    )


def _section(name: str, place: int, items: Sequence[tuple[ItemRow, Item]]) -> Section:
    rows = [row for row, _ in items]
    waiting = sum(not row.outcome.decided for row in rows)
    return Section(name, f"section-{place}", Share.of(rows), waiting, [item for _, item in items])


def _mark(mark: Mark, row: GradeRow) -> tuple[str, str] | None:
    """The mark, unless it is what the points add up to."""
    if mark.final is None or (
        not mark.penalty and (float(mark.final), float(mark.out_of)) == (row.earned, row.possible)
    ):
        return None
    return written(mark.final), written(mark.out_of)


def _status(row: GradeRow, _: Language) -> str:
    match row.status:
        case Status.PROVISIONAL:
            return _("Not final yet: something waits for a person to read it.")
        case Status.NEEDS_STAFF:
            return _("Not final yet: your teachers have to look at this.")
        case Status.MISSING:
            return _("Nothing was handed in.")
        case Status.GRADED:
            return ""


def _item(
    row: ItemRow,
    language: Language,
    titles: Mapping[str, str],
    anchor: str,
    points: float | None,
    options: Mapping[str, Any],
) -> Item:
    evidence = cleaned(row.evidence)
    possible = row.possible if row.outcome.decided else points
    symbol, verdict = words.verdict(row.outcome, row.hint, language)
    answer = evidence.get("text")
    return Item(
        title=visible(row.title),
        anchor=anchor,
        target="" if row.check == "answered" else visible(row.target),
        asked=words.asked(row.check, language),
        outcome=row.outcome.value,
        symbol=symbol,
        verdict=verdict,
        earned=number(row.earned) if row.outcome.decided else "–",
        possible="" if possible is None else number(possible),
        message=translated(visible(row.message), language, titles),
        hint=translated(visible(row.hint), language, titles),
        place=words.place(evidence, language),
        answer=answer if isinstance(answer, str) else "",
        comments=list(_comments(evidence)),
        tensors=pictures.tensors(evidence.get("picture"), language),
        layers=pictures.layers(evidence, language),
        training=training.training(evidence, options, language),
    )


def _comments(evidence: Mapping[str, Any]) -> Iterator[str]:
    """What staff wrote about an answer."""
    found = evidence.get("comments", evidence.get("comment"))
    for each in found if isinstance(found, list) else [found]:
        match each:
            case str() if each.strip():
                yield each
            case {"text": str() as text} if text.strip():
                yield text


def cleaned(value: Any, depth: int = 0) -> Any:
    """Evidence with every text made visible, line by line; deeper than any check leaves it there is nothing."""
    match value:
        case str():
            return "\n".join(visible(line) for line in value.split("\n"))
        case Mapping() if depth < _DEEPEST:
            return {visible(str(key)): cleaned(each, depth + 1) for key, each in value.items()}
        case list() | tuple() if depth < _DEEPEST:
            return [cleaned(each, depth + 1) for each in value]
        case bool() | int() | float():
            return value
        case _:
            return None
