"""What all verdicts together say: a row per item, a row per definition, and the holes of the rubric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.records import Assignment, Item
from grader.verifying.trials import Said, Verdict

ENOUGH = 0.97  # share of the mutants that make a difference to be caught


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many."""

    count: int
    total: int

    def __str__(self) -> str:
        return f"{self.count}/{self.total}" if self.total else "–"


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item: what it accepts and what it refuses."""

    item: Item
    right: bool | None  # whether the reference earns it; None where it was not asked
    stub: bool | None  # whether the stub earns nothing
    styles: Share  # right solutions accepted
    caught: Share  # misconceptions of its target that it refuses
    named: Share  # of those the ones whose own sentence the student reads
    made_up: Share  # answers without computation that it refuses


@dataclass(frozen=True, slots=True)
class DefinitionRow:
    """The mutants of one definition."""

    name: str
    items: tuple[str, ...]  # ids of those that judged them
    caught: Share  # of all
    explained: int  # survivors that make no difference, with the reason on record
    survivors: int  # survivors without a reason
    book: Share  # noticed by the examples that the book prints


@dataclass(frozen=True, slots=True)
class Summary:
    """What `grader verify` found out."""

    assignment: Assignment
    items: tuple[ItemRow, ...]
    definitions: tuple[DefinitionRow, ...]
    survivors: tuple[Verdict, ...]  # mutants that nothing caught, explained or not
    holes: tuple[str, ...]  # each a sentence; empty where the rubric is sound
    notes: tuple[str, ...]  # what is worth knowing and no hole

    @property
    def mutants(self) -> Share:
        """The mutants caught, of those that make a difference."""
        caught = sum(row.caught.count for row in self.definitions)
        return Share(caught, caught + sum(row.survivors for row in self.definitions))


@dataclass(frozen=True, slots=True)
class Graded:
    """What a whole notebook earned: a style, or the notebooks with stubs."""

    name: str
    items: tuple[str, ...]  # those that it has to earn; none for stubs
    said: tuple[Said, ...]


def summarise(
    assignment: Assignment,
    items: Sequence[Item],
    verdicts: Sequence[Verdict],
    stub: Graded | None,
    styles: Sequence[Graded],
) -> Summary:
    """Put everything together.

    Args:
        assignment: what was verified.
        items: those of its items that were.
        verdicts: of all candidates.
        stub: what the notebooks that students receive earn; None where they were not run.
        styles: what right solutions earn.
    """
    by_kind: dict[str, list[Verdict]] = {"right": [], "mistaken": [], "mutant": [], "made up": []}
    for verdict in verdicts:
        by_kind[verdict.kind].append(verdict)
    mutants = by_kind["mutant"]
    survivors = tuple(each for each in mutants if not each.caught)
    definitions = tuple(_definition(name, mutants) for name in dict.fromkeys(each.subject for each in mutants))
    rows = tuple(_item(item, by_kind, stub, styles) for item in items)
    holes = [
        *_of_right(by_kind["right"]),
        *_of_stub(stub),
        *_of_styles(styles),
        *_of_mistakes(by_kind["mistaken"]),
        *_of_mutants(definitions),
        *_of_made_up(by_kind["made up"]),
    ]
    return Summary(assignment, rows, definitions, survivors, tuple(holes), tuple(_notes(mutants)))


# ---- rows ------------------------------------------------------------------------------------------------------------


def _item(
    item: Item, by_kind: Mapping[str, Sequence[Verdict]], stub: Graded | None, styles: Sequence[Graded]
) -> ItemRow:
    right = _said(by_kind["right"][0].said, item) if by_kind["right"] else None
    stubbed = _said(stub.said, item) if stub is not None else None
    asked = [(each, said) for each in by_kind["mistaken"] if (said := _said(each.said, item)) is not None]
    refused = [(each, said) for each, said in asked if said.credit < 1]
    named = [each for each, said in refused if said.message.startswith(each.sentence)]
    made_up = [each for each in by_kind["made up"] if each.subject == item.id]
    tried = [said for each in styles if item.id in each.items and (said := _said(each.said, item)) is not None]
    return ItemRow(
        item=item,
        right=None if right is None else right.credit == 1,
        stub=None if stubbed is None else stubbed.credit == 0,
        styles=Share(sum(said.credit == 1 for said in tried), len(tried)),
        caught=Share(len(refused), len(asked)),
        named=Share(len(named), len(refused)),
        made_up=Share(sum(each.caught for each in made_up), len(made_up)),
    )


def _said(said: Sequence[Said], item: Item) -> Said | None:
    return next((each for each in said if each.item == item.id), None)


def _definition(name: str, mutants: Sequence[Verdict]) -> DefinitionRow:
    own = [each for each in mutants if each.subject == name]
    lived = [each for each in own if not each.caught]
    shown = [each for each in own if each.book is not None]
    return DefinitionRow(
        name=name,
        items=tuple(dict.fromkeys(said.item for each in own for said in each.said)),
        caught=Share(len(own) - len(lived), len(own)),
        explained=sum(bool(each.reason) for each in lived),
        survivors=sum(not each.reason for each in lived),
        book=Share(sum(bool(each.book) for each in shown), len(shown)),
    )


# ---- holes -----------------------------------------------------------------------------------------------------------


def _of_right(verdicts: Sequence[Verdict]) -> Iterator[str]:
    for verdict in verdicts:
        for said in verdict.said:
            if said.credit < 1:
                yield f"{said.item}: the reference itself does not earn it: {said.message}"


def _of_stub(stub: Graded | None) -> Iterator[str]:
    for said in stub.said if stub is not None else ():
        if said.credit > 0:
            yield f"{said.item}: the stub earns {said.credit:.0%} of the points"


def _of_styles(styles: Sequence[Graded]) -> Iterator[str]:
    for style in styles:
        for said in style.said:
            if said.item in style.items and said.credit < 1:
                yield f"{said.item}: the right solution {style.name} does not earn it: {said.message}"


def _of_mistakes(verdicts: Sequence[Verdict]) -> Iterator[str]:
    sentences: dict[str, set[str]] = {}
    for each in verdicts:
        sentences.setdefault(each.subject, set()).add(each.sentence)
    for each in verdicts:
        refused = [said for said in each.said if said.credit < 1]
        if not refused:
            yield f"{each.subject}: no item refuses the misconception {each.name}"
        elif not any(said.message.startswith(each.sentence) for said in refused):
            yield f"{each.subject}: no item tells the misconception {each.name} by its sentence"
        for said in refused:
            if any(said.message.startswith(other) for other in sentences[each.subject] - {each.sentence}):
                yield f"{said.item}: {each.name} is told the sentence of another misconception"


def _of_mutants(rows: Sequence[DefinitionRow]) -> Iterator[str]:
    caught, lost = sum(row.caught.count for row in rows), sum(row.survivors for row in rows)
    if caught < ENOUGH * (caught + lost):
        share = caught / (caught + lost)
        yield f"only {share:.1%} of the mutants that make a difference are caught; {ENOUGH:.0%} should be"


def _of_made_up(verdicts: Sequence[Verdict]) -> Iterator[str]:
    for each in verdicts:
        if not each.caught:
            yield f"{each.subject}: {each.name} in place of an answer pass"


def _notes(mutants: Sequence[Verdict]) -> Iterator[str]:
    for each in mutants:
        if each.caught and each.reason:
            yield f"{each.subject}: the change {each.name} is on record as no difference, and is caught"
