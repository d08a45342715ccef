"""What a student sees of `grader check --watch`: each run under a line with the time, and what it changed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.rule import Rule
from rich.text import Text

from grader.cli import checked
from grader.commands import saves
from grader.escaping import visible
from grader.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.console import Console

    from grader.commands.saves import Event
    from grader.records import Grade, Submission


def show(
    events: Iterable[Event], check: Callable[[Submission], Grade], name: str, console: Console, *, whole: bool
) -> int:
    """Check and print on every save until Ctrl-C; returns the exit code of the last run.

    Args:
        events: what becomes of the notebooks.
        check: runs and judges it.
        name: of the notebook or notebooks.
        console: where to print.
        whole: whether items that pass are printed each time, because they were asked for.

    Raises:
        KeyboardInterrupt: before any run was over.
        GraderError: with one clear line.
    """
    name = visible(name)
    last: Grade | None = None
    code: int | None = None
    try:
        for event in events:
            match event:
                case saves.Saved(submission):
                    console.print(Rule(Text(f"{_now()}  {name}")))
                    grade = check(submission)
                    # Only now, so that Ctrl-C amid a run leaves the code of the one before.
                    code = checked.exit_code(grade, named=whole)
                    _print(console, last, grade, whole=whole)
                    last = last if grade.problem else grade
                    console.print(Text("Waiting for the next save; Ctrl-C ends.", "dim"))
                case saves.Damaged(sentence):
                    _say(console, f"{visible(sentence)} It is checked once it can be read again.")
                case saves.Gone():
                    _say(console, f"{name} is gone. It is checked once it is back.")
                case saves.Back():
                    _say(console, f"{name} is back and says what it said before.")
    except KeyboardInterrupt:
        if code is None:
            raise
        return code
    raise AssertionError("events end with Ctrl-C alone")


def _print(console: Console, last: Grade | None, grade: Grade, *, whole: bool) -> None:
    if last is None or grade.problem:
        checked.show(grade, console, named=whole)
        return
    found = change(last, grade)
    for title in found.now:
        console.print(Text.assemble(("passes now:       ", "green"), visible(title)), soft_wrap=True)
    for title in found.no_longer:
        console.print(Text.assemble(("passes no longer: ", "red"), visible(title)), soft_wrap=True)
    if not found.now and not found.no_longer:
        console.print("The same items pass as before.")
    checked.show(grade, console, passed=whole, named=whole, before=found.passed_before)


def _say(console: Console, sentence: str) -> None:
    console.print(Text(f"{_now()}  {sentence}"), soft_wrap=True)


def _now() -> str:
    return time.strftime("%H:%M:%S")


@dataclass(frozen=True, slots=True)
class Change:
    """What two checks of one notebook tell apart: items by section and title."""

    now: tuple[str, ...]  # pass, and did not
    no_longer: tuple[str, ...]  # passed, and do not
    passed_before: int


def change(before: Grade, after: Grade) -> Change:
    """What changed from one check to the next one of the same items."""
    passed = _passed(before)
    passes = _passed(after)
    return Change(
        tuple(title for item, title in passes.items() if item not in passed),
        tuple(title for item, title in passed.items() if item not in passes),
        len(passed),
    )


def _passed(grade: Grade) -> dict[str, str]:
    return {
        score.item.id: f"{score.item.section}  {score.item.title}"
        for score in grade.scores
        if score.finding.outcome is Outcome.PASSED
    }
