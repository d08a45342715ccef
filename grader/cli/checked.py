"""What a student sees of a checked notebook: a line for each item, what is not right yet, and how many passed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rich.text import Text

from grader.escaping import visible
from grader.records import Outcome

if TYPE_CHECKING:
    from rich.console import Console

    from grader.records import Grade

_MARKS: Final = {
    Outcome.PASSED: ("ok    ", "green"),
    Outcome.PARTIAL: ("partly", "yellow"),
    Outcome.WAITING: ("later ", "cyan"),
}
_NO: Final = ("no    ", "red")
_TO_DO: Final = ("to do ", "cyan")
# What `checks.asking.sentence` says of what nobody has begun.
_NOT_BEGUN: Final = re.compile(r"`[^`]+` is (still the stub: it raises NotImplementedError|not defined)\.")


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
    to_do: dict[str, None] = {}
    for score in grade.scores:
        finding = score.finding
        if score.item.check == "later":
            continue
        right = finding.outcome is Outcome.PASSED
        if right and not passed:
            continue
        not_begun = not right and _NOT_BEGUN.fullmatch(finding.message) is not None
        if not_begun and not named:
            to_do[score.item.target] = None
            continue
        mark = Text(*_TO_DO if not_begun else _MARKS.get(finding.outcome, _NO))
        console.print(Text.assemble(mark, f" {score.item.section}  {score.item.title}"), soft_wrap=True)
        lines = [finding.hint] if right else [finding.message, finding.hint]
        for line in filter(None, lines):
            told = " ".join(part.text for part in translated(visible(line), language("en"), titles))
            console.print(Text(f"       {told}"), soft_wrap=True)
    if to_do:
        console.print(Text.assemble(_TO_DO, f" {visible(', '.join(to_do))}"), soft_wrap=True)
    good, judged = _counted(grade)
    told = "" if before is None else f" ({before} before)"
    sentence = f"Local check, unofficial: {good} of {judged} passed{told}. Hidden cases run after you hand in."
    console.print(sentence, soft_wrap=True)
    if later := in_words([score.item for score in grade.scores if score.item.check == "later"]):
        console.print(Text(f"Judged after you hand in: {visible(later)}."), soft_wrap=True)


def exit_code(grade: Grade) -> int:
    """0 where all that can be judged here passed, else 1."""
    good, judged = _counted(grade)
    return 1 if grade.problem or good != judged else 0


def _counted(grade: Grade) -> tuple[int, int]:
    judged = [score for score in grade.scores if score.finding.outcome is not Outcome.WAITING]
    return sum(score.finding.outcome is Outcome.PASSED for score in judged), len(judged)
