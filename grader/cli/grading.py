"""`grader grade` and `grader rescore`."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli.options import console, course_options, out_option, positive
from grader.escaping import json_line, visible

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from grader.cli.options import Commands
    from grader.commands.grade import Idle, Options, Result
    from grader.commands.intake import Intake
    from grader.commands.rescore import Stale
    from grader.records import Grade, Submission

# Named here, because the command line imports nothing that is not used.
SOURCES = ("moodle", "blackboard", "brightspace", "gradescope", "github", "nbgrader", "canvas", "plain")


def add(commands: Commands) -> None:
    """Tell argparse about them."""
    grade = commands.add_parser("grade", help="grade submissions and write the gradebook")
    grade.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a folder, an LMS's zip, or notebooks")
    course_options(grade)
    grade.add_argument(
        "--roster",
        type=Path,
        metavar="FILE",
        help="who takes the course: any list with headings, or the LMS's gradebook",
    )
    grade.add_argument(
        "--source", choices=SOURCES, default="", help="what the paths are, where that is not recognised by itself"
    )
    out_option(grade)
    grade.add_argument("--item", action="append", default=[], metavar="ID", help="only this item; may be repeated")
    grade.add_argument(
        "--student", action="append", default=[], metavar="ID", help="only this student; may be repeated"
    )
    grade.add_argument("--profile", choices=["quick", "full"], help="full on a GPU, else quick")
    grade.add_argument("--device", default="auto", metavar="auto|cpu|cuda|cuda:N")
    grade.add_argument(
        "--per-card", type=positive, default=1, metavar="N", help="trainings on one graphics card at a time"
    )
    grade.add_argument("--workers", type=positive, help="processes; one a core")
    grade.add_argument("--runner", choices=["inline", "local"], default="local")
    grade.add_argument("--sandbox", choices=["auto", "bubblewrap", "none"], default="auto")
    grade.add_argument("--force", action="store_true", help="grade again what is unchanged")
    grade.add_argument("--reseed", action="store_true", help="draw new hidden cases")
    grade.add_argument("--format", choices=["table", "json"], default="table")
    grade.set_defaults(run=_grade)
    rescore = commands.add_parser("rescore", help="apply changed points, ramps and tolerances; runs nothing")
    course_options(rescore)
    out_option(rescore)
    rescore.set_defaults(run=_rescore)


def _grade(arguments: argparse.Namespace) -> int:
    from grader.commands import grade as command
    from grader.records import Profile

    options = command.Options(
        paths=tuple(arguments.paths),
        course=arguments.course,
        assignment=arguments.assignment,
        roster=arguments.roster,
        source=arguments.source,
        out=arguments.out,
        items=tuple(arguments.item),
        students=tuple(arguments.student),
        profile=Profile(arguments.profile) if arguments.profile else None,
        device=arguments.device,
        per_card=arguments.per_card,
        workers=arguments.workers,
        runner=arguments.runner,
        sandbox=arguments.sandbox,
        force=arguments.force,
        reseed=arguments.reseed,
    )
    if arguments.format == "json":
        watch = command.Watch(
            _print_plan,
            lambda submission: None,
            _print_json,
            told=_warn,
            took_in=_print_intake,
            rescored=lambda grade: _print_json(grade, "rescored"),
            stale=lambda todo: print(json_line({"event": "stale", "run": len(todo)}), flush=True),
        )
        result = command.grade(options, watch)
        print(json_line({"event": "done", "out": str(result.out), "interrupted": result.left > 0}))
    else:
        result = _with_progress(options)
        _print_result(result)
    return result.exit_code


def _with_progress(options: Options) -> Result:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from grader.commands import grade as grading

    console = Console(stderr=True)
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
    columns += [TextColumn("left"), TimeRemainingColumn()]
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        shown = _Shown(progress, plain=not console.is_terminal)
        watch = grading.Watch(
            shown.planned,
            shown.began,
            shown.finished,
            shown.postponed,
            shown.retrying,
            shown.told,
            took_in=shown.took_in,
            stale=shown.stale,
        )
        return grading.grade(options, watch)


class _Shown:
    """Progress: who is being graded, how many are done, the time left. Plain lines where there is no terminal."""

    def __init__(self, progress: Progress, *, plain: bool) -> None:
        self._progress = progress
        self._plain = plain
        self._task: TaskID | None = None
        self._running: dict[str, None] = {}
        self._done = 0
        self._total = 0
        self._start = time.monotonic()

    def told(self, sentence: str) -> None:
        self._progress.console.print(visible(sentence), highlight=False, markup=False, emoji=False, soft_wrap=True)

    def took_in(self, taken: Intake) -> None:
        from grader.reports.intake import intake_table

        for line in taken.lines:
            self.told(line)
        if rows := _to_look_at(taken):
            self._progress.console.print(intake_table(rows))

    def planned(self, todo: Sequence[Submission], idle: Idle) -> None:
        self._total = len(todo)
        told = f"{len(todo)} to run, {idle.rescored} to rescore, {idle.unchanged} unchanged."
        self._progress.console.print(told, highlight=False)
        self._task = self._progress.add_task("starting", total=len(todo))

    def stale(self, todo: Sequence[Submission]) -> None:
        self._total += len(todo)
        told = f"{len(todo)} of them to run after all: not all that is asked now was recorded."
        self._progress.console.print(told, highlight=False)
        if self._task is not None:
            self._progress.update(self._task, total=self._total)

    def began(self, submission: Submission) -> None:
        self._running[submission.student.id] = None
        self._describe()

    def finished(self, grade: Grade) -> None:
        self._done += 1
        self._running.pop(grade.submission.student.id, None)
        if self._plain:
            left = (time.monotonic() - self._start) / self._done * (self._total - self._done)
            name = visible(grade.submission.student.id)
            points = f"{grade.earned:g}/{grade.possible:g}" if grade.possible else grade.status.value
            line = f"[{self._done}/{self._total}] {name} {points} in {grade.seconds:.0f} s, about {left:.0f} s left"
            self._progress.console.print(line, highlight=False, markup=False, emoji=False)
        if self._task is not None:
            self._progress.advance(self._task)
            self._describe()

    def postponed(self, grade: Grade) -> None:
        self._running.pop(grade.submission.student.id, None)
        self._describe()

    def retrying(self, todo: Sequence[Submission]) -> None:
        who = "1 submission alone, because it" if len(todo) == 1 else f"{len(todo)} submissions alone, because they"
        self._progress.console.print(f"Retrying {who} ran out of time beside others.", highlight=False)

    def _describe(self) -> None:
        if self._task is not None:
            names = ", ".join(visible(name) for name in self._running) or "finishing"
            self._progress.update(self._task, description=names.replace("[", "(").replace("]", ")"))


def _print_result(result: Result) -> None:
    from grader.reports.terminal import score_table

    printed = console(120)
    printed.print(score_table(result.rows, result.assignment.items))
    for name in ("grades.csv", "items.csv", "intake.csv"):
        printed.print(f"{result.out / name}", markup=False)
    printed.print(
        f"{result.out / 'feedback'}: a page for each student; {result.out / 'report.html'}: the class at a glance",
        markup=False,
    )
    isolations = {row.isolation.partition(" ")[0] for row in result.rows}
    if "bubblewrap" in isolations and "forked" not in isolations:
        printed.print("Each notebook had a sandbox of its own; `grader doctor` says whether faster forks work here.")
    if "none" in isolations:
        printed.print("Graded without a sandbox: student code had this account's rights.", style="bold yellow")
    if result.left:
        printed.print(f"Stopped with {result.left} left to grade; the same command goes on from here.", style="bold")


def _to_look_at(taken: Intake) -> list[tuple[str, str, str]]:
    """What a person should look at: students in doubt or missing, and files that are nobody's."""
    rows = [(each.student, each.what, each.why) for each in taken.doubts]
    rows += [(each.file, each.use, each.why) for each in taken.placed if each.use == "not placed"]
    return rows + [(each.student_id, "missing", each.name) for each in taken.missing]


def _print_intake(taken: Intake) -> None:
    for line in taken.lines:
        _warn(line)
    rows = [{"who": who, "what": what, "why": why} for who, what, why in _to_look_at(taken)]
    if rows:
        print(json_line({"event": "intake", "submissions": len(taken.submissions), "look_at": rows}), flush=True)


def _warn(sentence: str) -> None:
    print(visible(sentence), file=sys.stderr)


def _print_plan(todo: Sequence[Submission], idle: Idle) -> None:
    row = {"event": "planned", "run": len(todo), "rescore": idle.rescored, "unchanged": idle.unchanged}
    print(json_line(row), flush=True)


def _print_json(grade: Grade, event: str = "graded") -> None:
    row = {
        "event": event,
        "student_id": grade.submission.student.id,
        "submission": grade.submission.name,
        "status": grade.status.value,
        "earned": grade.earned,
        "possible": grade.possible,
        "seconds": grade.seconds,
        "problem": grade.problem,
        "items": {
            score.item.id: {
                "outcome": score.finding.outcome.value,
                "earned": score.earned if score.finding.outcome.decided else None,
                "message": score.finding.message,
            }
            for score in grade.scores
        },
    }
    print(json_line(row), flush=True)


# ---- rescore ---------------------------------------------------------------------------------------------------------


def _rescore(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from grader.commands import rescore as command
    from grader.reports.moves import moves, moves_table

    result = command.rescore(command.Options(arguments.out, arguments.course, arguments.assignment))
    console = Console(highlight=False)
    console.print(moves_table(list(moves(result.before, result.after))))
    if result.stale:
        console.print(_stale_words(result.stale), markup=False, soft_wrap=True)
        console.print(f"`grader grade SUBMISSIONS --out {result.out}` runs them.", markup=False, soft_wrap=True)
    for name in ("grades.csv", "items.csv"):
        console.print(f"{result.out / name}", markup=False)
    return result.exit_code


def _stale_words(stale: Sequence[Stale]) -> str:
    items = Counter(each.item for each in stale)
    named = ", ".join(f"{visible(item)} ({count})" for item, count in items.items())
    marks = "1 mark is" if len(stale) == 1 else f"{len(stale)} marks are"
    return f"{marks} stale and kept, because only running the notebooks can tell what is asked now: {named}."
