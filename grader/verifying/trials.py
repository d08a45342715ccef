"""Every kind of candidate put before the checks of a rubric, and what they said.

right      the reference itself
mistaken   its named misconceptions
mutant     the reference with one small mistake made by rule
made up    answers that compute nothing
"""

from __future__ import annotations

import ast
import fnmatch
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from grader import checks
from grader.answer_key import AnswerKey
from grader.measuring.session import Measuring
from grader.probes import Session, names_of
from grader.records import Assignment, Finding, Item, Outcome
from grader.verifying.candidates import FABRICATIONS, Defined, Fabricated, Memoised, Watched, module_of
from grader.verifying.mutants import Mutant, mutants

MEMOISED = "answers by shape"
_CHEAPEST = "has_shapes"  # on the meta device, where nothing is computed


@dataclass(frozen=True, slots=True)
class Said:
    """What one check said about one candidate."""

    item: str
    credit: float
    outcome: Outcome
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one candidate.

    Args:
        kind: right, mistaken, mutant or made up.
        subject: the definition or item that it is about.
        name: which one it is.
        said: by item, as far as they were asked; a mutant is asked no more when one has caught it.
        sentence: what a student should read, for misconceptions.
        line: where it is in the reference, for mutants.
        book: whether the book's printed examples notice it; None where there are none.
        reason: why a mutant makes no difference, where the course says so.
    """

    kind: str
    subject: str
    name: str
    said: tuple[Said, ...]
    sentence: str = ""
    line: int = 0
    book: bool | None = None
    reason: str = ""

    @property
    def caught(self) -> bool:
        """Whether any item refused to give full credit."""
        return any(each.credit < 1 for each in self.said)


class Trials:
    """The candidates of one assignment; made once per process, because the reference loads slowly."""

    def __init__(self, course: Path, assignment: Assignment, *, training: bool = False) -> None:
        self._key = AnswerKey(course, assignment.reference, secret=b"of the verification")
        self._public = AnswerKey(course, assignment.reference)
        self._folder = course / "reference" / assignment.reference
        table = checks.kinds()
        self.items = [
            item
            for item in assignment.items
            if table[item.check].captures and (training or not table[item.check].trains)
        ]

    # ---- right -------------------------------------------------------------------------------------------------------

    def right(self) -> Verdict:
        """The reference, whose every item should pass."""
        candidate = Defined(vars(self._module), self.items)
        return Verdict("right", "", "reference", tuple(self._said(candidate, item) for item in self.items))

    # ---- mistaken ----------------------------------------------------------------------------------------------------

    def mistaken(self) -> Iterator[Verdict]:
        """Each named misconception, asked what the items of its target ask."""
        for mistake in self._key.mistakes():
            items = self._asked(mistake.target)
            candidate = Defined({**vars(self._module), **mistake.names()}, items)
            said = tuple(self._said(candidate, item) for item in items)
            yield Verdict("mistaken", mistake.target, mistake.name, said, mistake.sentence)

    # ---- mutants -----------------------------------------------------------------------------------------------------

    @functools.cached_property
    def mutants(self) -> Sequence[Mutant]:
        """The mutants of everything that an item asks about, directly or through what builds on it."""
        return [each for each in mutants(self._source) if self._items_for(each.definition)]

    def mutated(self, mutant: Mutant) -> Verdict:
        """One mutant, until an item catches it; one that cannot even be loaded is caught by every item."""
        items = self._items_for(mutant.definition)
        example = self._book.get(mutant.definition)
        try:
            module = module_of(mutant.source, self._module.__name__)
        except Exception as error:  # noqa: BLE001 - a mistake made by rule may raise anything
            message = f"It raises {type(error).__name__} when it is defined."
            told = [Said(items[0].id, 0.0, Outcome.FAILED, message)]
            noticed = None if example is None else True
        else:
            told = list(self._until_caught(Defined(vars(module), items), items))
            noticed = None if example is None else not _holds(example, module)
        return Verdict(
            "mutant",
            mutant.definition,
            mutant.change,
            tuple(told),
            line=mutant.line,
            book=noticed,
            reason=self._reason(mutant),
        )

    def _until_caught(self, candidate: Session, items: Sequence[Item]) -> Iterator[Said]:
        for item in items:
            said = self._said(candidate, item)
            yield said
            if said.credit < 1:
                return

    def _reason(self, mutant: Mutant) -> str:
        for change, reason in self._key.equivalents().get(mutant.definition, {}).items():
            if fnmatch.fnmatchcase(mutant.change, _literal(change)):
                return reason
        return ""

    # ---- made up -----------------------------------------------------------------------------------------------------

    def made_up(self, item: Item) -> Iterator[Verdict]:
        """Answers to one item that compute nothing."""
        for name, make in FABRICATIONS.items():
            said = self._said(Fabricated(self._key, item, make), item)
            yield Verdict("made up", item.id, name, (said,))
        if "inputs" in item.options and item.check != _CHEAPEST:  # what layers give is a matter of shapes
            watched = Watched(self._public)
            self._check(watched, self._public, item)
            yield Verdict("made up", item.id, MEMOISED, (self._said(Memoised(self._public, watched.probes), item),))

    # ---- asking ------------------------------------------------------------------------------------------------------

    def _said(self, candidate: Session, item: Item) -> Said:
        finding = self._check(candidate, self._key, item)
        return Said(item.id, finding.credit, finding.outcome, finding.message)

    def _check(self, candidate: Session, key: AnswerKey, item: Item) -> Finding:
        asked = Measuring(candidate, vars(key.solutions))
        finding: Finding = checks.kinds()[item.check].check(asked, key, item, **item.options)
        return finding

    def _asked(self, name: str) -> list[Item]:
        """The items that ask about a name, alone or together with others; those that cost least come first."""
        return sorted((item for item in self.items if name in subjects(item)), key=lambda item: item.check != _CHEAPEST)

    def _items_for(self, definition: str) -> list[Item]:
        """The items that ask about a definition, or about what uses it where none does."""
        waiting, seen = [definition], {definition}
        while waiting:
            name = waiting.pop(0)
            if items := self._asked(name):
                return items
            further = [user for user, used in self._uses.items() if name in used and user not in seen]
            waiting += further
            seen.update(further)
        return []

    # ---- the reference's text ----------------------------------------------------------------------------------------

    @functools.cached_property
    def _source(self) -> str:
        return (self._folder / "solutions.py").read_text(encoding="utf-8")

    @functools.cached_property
    def _module(self) -> ModuleType:
        return self._key.solutions

    @functools.cached_property
    def _book(self) -> Mapping[str, Any]:
        """The book's printed examples by definition, where the course has them."""
        return self._key.book_examples()

    @functools.cached_property
    def _uses(self) -> Mapping[str, set[str]]:
        """By top-level name the names that its text mentions."""
        uses: dict[str, set[str]] = {}
        for statement in ast.parse(self._source).body:
            match statement:
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
                    mentioned = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
                    uses.setdefault(name, set()).update(mentioned - {name})
        return uses


def subjects(item: Item) -> set[str]:
    """The names of the reference that an item asks about."""
    if "layers" in item.options:  # what the name is bound to later, not its definition
        return {str(item.options["layers"])}
    return {item.target, *names_of(item.target)}


def _literal(change: str) -> str:
    """A pattern in which only `*` means anything: code is full of brackets."""
    return change.replace("[", "[[]").replace("?", "[?]")


def _holds(example: Any, module: ModuleType) -> bool:
    """Whether a mutant gives what the book prints."""
    try:
        example(module)
    except Exception:  # noqa: BLE001 - whatever a wrong version raises, the example did not hold
        return False
    return True
