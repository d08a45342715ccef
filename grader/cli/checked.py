"""What a student sees of a checked notebook: a line for each item, what is not right yet, and how many passed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rich.text import Text

from grader.escaping import visible
from grader.records import Outcome

if TYPE_CHECKING:
    from rich.console import Console

    from grader.records import Grade, Score

_MARKS: Final = {
    Outcome.PASSED: ("ok    ", "green"),
    Outcome.PARTIAL: ("partly", "yellow"),
    Outcome.WAITING: ("later ", "cyan"),
}
_NO: Final = ("no    ", "red")
_TO_DO: Final = ("to do ", "cyan")
# What `checks.asking.sentence` says of what nobody has begun.
_NOT_BEGUN: Final = re.compile(r"`[^`]+` is (still the stub: it raises NotImplementedError|not defined)\.")
# What released folders say of what builds on it, and checks of what the notebook hands out half done.
_FOLLOWS: Final = re.compile(
    r"This is judged once `[^`]+` is right, because it builds on it\."
    r"|`[^`]+` (is never bound to a layer of torch\.nn|never has a weight of shape \([\d, ]*\))\."
)


def show(
    grade: Grade, console: Console, *, passed: bool = True, named: bool = False, before: int | None = None
) -> None:
    """Print it.

    Args:
        grade: of the notebook.
        console: where to print.
        passed: whether items that pass are printed.
        named: whether they were asked for one by one; else those that are not begun are one line.
        before: how many passed the last time, where that is told.
    """
    from grader.checks.later import in_words
    from grader.reports.feedback.languages import language
    from grader.reports.feedback.sentences import translated

    if grade.problem:
        console.print(Text(visible(grade.problem)))
        return
    titles = {score.item.id: score.item.title for score in grade.scores}
    to_do: dict[str, dict[str, None]] = {}
    told_before: set[str] = set()
    begun = _begun(grade)
    for score in grade.scores:
        finding = score.finding
        if score.item.check == "later":
            continue
        right = finding.outcome is Outcome.PASSED
        if right and not passed:
            continue
        not_begun = _is_not_begun(score)
        if not named and (not_begun or (_follows(score) and score.item.section not in begun)):
            to_do.setdefault(score.item.section, {})[score.item.target] = None
            continue
        mark = Text(*_TO_DO if not_begun else _MARKS.get(finding.outcome, _NO))
        console.print(Text.assemble(mark, f" {score.item.section}  {score.item.title}"), soft_wrap=True)
        # Of what is right a remark is told once: that an import is missing is true of every item of a notebook.
        lines = [finding.hint] if right and finding.hint not in told_before else []
        told_before.add(finding.hint)
        for line in filter(None, lines if right else [finding.message, finding.hint]):
            told = " ".join(part.text for part in translated(visible(line), language("en"), titles))
            console.print(Text(f"       {told}"), soft_wrap=True)
    for section, names in to_do.items():
        console.print(Text.assemble(_TO_DO, f" {section}  {visible(', '.join(names))}"), soft_wrap=True)
    good, judged = _counted(grade, named=named)
    told = "" if before is None else f" ({before} before)"
    left = {score.item.section for score in _judged(grade)} - begun if begun and not named else ()
    rest = f"; {len(left)} section{'s are' if len(left) > 1 else ' is'} not begun" if left else ""
    sentence = f"Local check, unofficial: {good} of {judged} passed{told}{rest}. Hidden cases run after you hand in."
    console.print(sentence, soft_wrap=True)
    if later := in_words([score.item for score in grade.scores if score.item.check == "later"]):
        console.print(Text(f"Judged after you hand in: {visible(later)}."), soft_wrap=True)


def exit_code(grade: Grade, *, named: bool) -> int:
    """0 where something is begun and all of it that can be judged here passed, else 1; `named` as in `show`."""
    good, judged = _counted(grade, named=named)
    return 0 if judged and good == judged and not grade.problem else 1


def _counted(grade: Grade, *, named: bool) -> tuple[int, int]:
    """How many passed, and of how many: sections that are not begun count only where they were asked for."""
    judged, begun = _judged(grade), _begun(grade)
    counted = [score for score in judged if named or not begun or score.item.section in begun]
    return sum(score.finding.outcome is Outcome.PASSED for score in counted), len(counted)


def _judged(grade: Grade) -> list[Score]:
    return [score for score in grade.scores if score.finding.outcome is not Outcome.WAITING]


def _begun(grade: Grade) -> set[str]:
    """Sections of which something is there: all but those of which nothing is, and what there is follows from that."""
    untouched = {score.item.section for score in _judged(grade) if _is_not_begun(score)}
    own = {score.item.section for score in _judged(grade) if not _is_not_begun(score) and not _follows(score)}
    return {score.item.section for score in _judged(grade)} - (untouched - own)


def _is_not_begun(score: Score) -> bool:
    passed = score.finding.outcome is Outcome.PASSED
    return not passed and _NOT_BEGUN.fullmatch(score.finding.message) is not None


def _follows(score: Score) -> bool:
    """Whether nothing was found out that would not follow from something that is not begun."""
    return score.finding.outcome is not Outcome.PASSED and _FOLLOWS.fullmatch(score.finding.message) is not None
