"""What a student sees of a checked notebook: a line for each item, what is not right yet, and how many passed."""

from __future__ import annotations

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


def show(grade: Grade, console: Console, *, passed: bool = True, before: int | None = None) -> None:
    """Print it.

    Args:
        grade: of the notebook.
        console: where to print.
        passed: whether items that pass are printed.
        before: how many passed the last time, where that is told.
    """
    from grader.checks.later import in_words

    if grade.problem:
        console.print(Text(visible(grade.problem)))
        return
    for score in grade.scores:
        finding = score.finding
        if score.item.check == "later":
            continue
        right = finding.outcome is Outcome.PASSED
        if right and not passed:
            continue
        mark = Text(*_MARKS.get(finding.outcome, _NO))
        console.print(Text.assemble(mark, f" {score.item.section}  {score.item.title}"), soft_wrap=True)
        lines = [finding.hint] if right else [finding.message, finding.hint]
        for line in filter(None, lines):
            console.print(Text(f"       {visible(line)}"), soft_wrap=True)
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
