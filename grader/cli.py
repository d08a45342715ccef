"""The command line: arguments, printing, exit codes; nothing else. Commands are imported only when they are used."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from grader import __version__
from grader.errors import GraderError
from grader.escaping import LogFormatter, json_line, visible

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from grader.commands.grade import Idle, Options, Result
    from grader.commands.rescore import Stale
    from grader.records import Grade, Submission


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 done, 1 needs staff, 2 the instructor's files, 3 machinery, 130 stopped."""
    arguments = _parser().parse_args(argv)
    log = logging.StreamHandler()
    log.setFormatter(LogFormatter("%(name)s: %(message)s"))
    logging.basicConfig(level=os.environ.get("GRADER_LOG", "ERROR"), handlers=[log])
    try:
        code: int = arguments.run(arguments)
    except GraderError as error:
        print(f"grader: {visible(str(error))}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("grader: stopped; what was finished is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone (`grader ... | head`); there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="grader", description="Grades notebooks of deep-learning courses.")
    parser.add_argument("--version", action="version", version=f"grader {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    grade = commands.add_parser("grade", help="grade submissions and write the gradebook")
    grade.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a folder, zip or notebook")
    _course_options(grade)
    grade.add_argument("--out", type=Path, default=Path("results"), help="where the gradebook lies (results)")
    grade.add_argument("--item", action="append", default=[], metavar="ID", help="only this item; may be repeated")
    grade.add_argument(
        "--student", action="append", default=[], metavar="ID", help="only this student; may be repeated"
    )
    grade.add_argument("--profile", choices=["quick", "full"], help="full on a GPU, else quick")
    grade.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    grade.add_argument("--workers", type=_positive, help="processes; one a core")
    grade.add_argument("--runner", choices=["inline", "local"], default="local")
    grade.add_argument("--sandbox", choices=["auto", "bubblewrap", "none"], default="auto")
    grade.add_argument("--force", action="store_true", help="grade again what is unchanged")
    grade.add_argument("--reseed", action="store_true", help="draw new hidden cases")
    grade.add_argument("--format", choices=["table", "json"], default="table")
    grade.set_defaults(run=_grade)
    rescore = commands.add_parser("rescore", help="apply changed points, ramps and tolerances; runs nothing")
    _course_options(rescore)
    rescore.add_argument("--out", type=Path, default=Path("results"), help="where the gradebook lies (results)")
    rescore.set_defaults(run=_rescore)
    check = commands.add_parser("check", help="check your own notebook with public cases (unofficial)")
    check.add_argument("notebook", type=Path)
    check.add_argument("item", nargs="*", help="an item, a section such as 7.2, or a name such as corr2d")
    _course_options(check)
    check.set_defaults(run=_check)
    verify = commands.add_parser("verify", help="let the rubric test itself: right, wrong and made-up answers")
    verify.add_argument("name", nargs="?", help="an assignment; every one if absent")
    verify.add_argument(
        "--course", type=Path, metavar="DIR", help="the folder with rubric.yaml; found upwards if absent"
    )
    verify.add_argument("--training", action="store_true", help="verify accuracy items as well, which takes minutes")
    verify.add_argument("--workers", type=_positive, metavar="N", help="processes; one a core if absent")
    verify.add_argument("--sandbox", choices=["auto", "bubblewrap", "none"], default="auto")
    verify.add_argument("--report", type=Path, metavar="FILE", help="write a page such as docs/validity.md")
    verify.set_defaults(run=_verify)
    doctor = commands.add_parser("doctor", help="say what this machine offers and what is missing")
    doctor.add_argument("--sandbox", action="store_true", help="try every promise of the sandbox, which takes minutes")
    doctor.set_defaults(run=_doctor)
    return parser


def _course_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--course", type=Path, metavar="DIR", help="the folder with rubric.yaml; found upwards if absent"
    )
    parser.add_argument(
        "--assignment", metavar="NAME", help="if absent, the only one or the one that fits the notebooks"
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)


# ---- grade -----------------------------------------------------------------------------------------------------------


def _grade(arguments: argparse.Namespace) -> int:
    from grader.commands import grade as command
    from grader.records import Profile

    options = command.Options(
        paths=tuple(arguments.paths),
        course=arguments.course,
        assignment=arguments.assignment,
        out=arguments.out,
        items=tuple(arguments.item),
        students=tuple(arguments.student),
        profile=Profile(arguments.profile) if arguments.profile else None,
        device=arguments.device,
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
    from rich.console import Console

    from grader.reports.terminal import score_table

    console = Console(highlight=False)
    if console.width < 100 and not console.is_terminal:
        console = Console(highlight=False, width=120)
    console.print(score_table(result.rows, result.assignment.items))
    for name in ("grades.csv", "items.csv"):
        console.print(f"{result.out / name}", markup=False)
    isolations = {row.isolation.partition(" ")[0] for row in result.rows}
    if "bubblewrap" in isolations and "forked" not in isolations:
        console.print("Each notebook had a sandbox of its own; `grader doctor` says whether faster forks work here.")
    if "none" in isolations:
        console.print("Graded without a sandbox: student code had this account's rights.", style="bold yellow")
    if result.left:
        console.print(f"Stopped with {result.left} left to grade; the same command goes on from here.", style="bold")


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


# ---- check and doctor ------------------------------------------------------------------------------------------------


def _check(arguments: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.text import Text

    from grader.commands.check import check
    from grader.records import Outcome

    console = Console(highlight=False)
    grade = check(
        arguments.notebook,
        arguments.item,
        course=arguments.course,
        assignment=arguments.assignment,
        told=lambda sentence: console.print(Text(visible(sentence)), soft_wrap=True),
    )
    if grade.problem:
        console.print(Text(visible(grade.problem)))
        return 1
    marks = {
        Outcome.PASSED: Text("ok    ", "green"),
        Outcome.PARTIAL: Text("partly", "yellow"),
        Outcome.WAITING: Text("staff ", "cyan"),
    }
    for score in grade.scores:
        finding = score.finding
        mark = marks.get(finding.outcome, Text("no    ", "red"))
        console.print(Text.assemble(mark, f" {score.item.section}  {score.item.title}"), soft_wrap=True)
        lines = [finding.hint] if finding.outcome is Outcome.PASSED else [finding.message, finding.hint]
        for line in filter(None, lines):
            console.print(Text(f"       {visible(line)}"), soft_wrap=True)
    judged = [score for score in grade.scores if score.finding.outcome is not Outcome.WAITING]
    good = sum(score.finding.outcome is Outcome.PASSED for score in judged)
    console.print(f"Local check, unofficial: {good} of {len(judged)} passed. Hidden cases run after you hand in.")
    return 0 if good == len(judged) else 1


def _verify(arguments: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from grader.commands import verify as command
    from grader.verifying.report import tables

    options = command.Options(
        arguments.name, arguments.course, arguments.workers, arguments.training, arguments.sandbox
    )
    progress_console, summaries = Console(stderr=True), []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    quiet = not progress_console.is_terminal
    with Progress(*columns, console=progress_console, transient=True, disable=quiet) as progress:
        tasks: list[TaskID] = []

        def planned(what: str, count: int) -> None:
            tasks.append(progress.add_task(what, total=count))
            if quiet:
                progress_console.print(f"{what}: {count} tasks", highlight=False)

        watch = command.Watch(planned, lambda: progress.advance(tasks[-1]))
        for summary in command.verify(options, watch):
            summaries.append(summary)
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=max(console.width, 140))
    for summary in summaries:
        console.print(f"{summary.assignment.name}: {summary.assignment.title}", style="bold", markup=False)
        console.print(tables(summary))
    if arguments.report:
        command.report(summaries, arguments.report)
        console.print(str(arguments.report), markup=False)
    return 2 if any(summary.holes for summary in summaries) else 0


def _doctor(arguments: argparse.Namespace) -> int:
    from grader.commands.doctor import examine

    if arguments.sandbox:
        return _sandboxes()
    bad = False
    for line in examine():
        mark = "ok" if line.good else "MISSING" if line.needed else "absent"
        print(f"{mark:8}{line.name}: {line.text}", flush=True)
        bad |= line.needed and not line.good
    return 3 if bad else 0


def _sandboxes() -> int:
    """The promises of every backend as a table; 3 where the one that `grade` takes breaks any."""
    from rich.console import Console

    from grader.commands.doctor import backends
    from grader.reports.promises import promise_table

    found = []
    for backend in backends():  # one after the other: each is told when it is done
        print(f"{backend.name}: {backend.problem or 'looked at'}", file=sys.stderr, flush=True)
        found.append(backend)
    console = Console(highlight=False)
    looked = {each.name: {one.promise.sentence: one.wrong for one in each.verdicts} for each in found}
    console.print(promise_table({name: verdicts for name, verdicts in looked.items() if verdicts}))
    taken = next(each for each in found if not each.problem)
    return 0 if taken.good and not taken.name.startswith("none") else 3
