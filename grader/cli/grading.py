"""`grader grade` and `grader rescore`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli.options import FITTING, console, course_options, out_option, positive, sandbox_option
from grader.cli.parsing import add_command
from grader.errors import GraderError
from grader.escaping import visible

if TYPE_CHECKING:
    from grader.cli.options import Commands
    from grader.commands.grade import Options, Result
    from grader.commands.rescore import Stale
    from grader.reports.moves import Move

_AROUND = 10  # lines that are printed before and after the rows of a table
_LONGEST = 60  # lines, where no terminal says how many it shows

# Named here, because the command line imports nothing that is not used.
SOURCES = ("moodle", "blackboard", "brightspace", "gradescope", "github", "nbgrader", "canvas", "plain")


def add(commands: Commands) -> None:
    """Tell argparse about them."""
    grade = add_command(
        commands,
        "grade",
        "grade submissions and write the gradebook",
        does="Grade what students handed in: run every notebook in a sandbox, ask it what the rubric asks, and write"
        " the gradebook, tables, a page for each student and a class report. What is graded and has not changed is not"
        " run again, so the same command goes on where it was stopped.",
        examples=(
            "submissions.zip",
            "submissions/ --roster students.csv --out results",
            "submissions/ --student ada --item corr2d-values --force",
            "submissions/ --dry-run",
        ),
        ends="0 all is graded, 1 something needs staff, 2 the command or the course's files are wrong,\n"
        "  3 this machine is, 130 stopped before the end",
    )
    _add_what(grade)
    _add_how(grade)
    _add_printing(grade)
    grade.set_defaults(run=_grade)
    rescore = add_command(
        commands,
        "rescore",
        "apply changed points, ramps and tolerances; runs nothing",
        does="Judge the recorded answers anew by the rubric as it is now, without running a notebook, and list the"
        " marks that moved. What only a run can tell keeps its mark and is listed, too.",
        ends="0 all is graded, 1 something needs staff, 2 the command or the course's files are wrong,\n"
        "  3 this machine is",
    )
    course_options(rescore)
    out_option(rescore)
    rescore.add_argument("--dry-run", action="store_true", help="list the marks that would move, and write nothing")
    rescore.set_defaults(run=_rescore)


def _add_what(grade: argparse.ArgumentParser) -> None:
    """What was handed in, by whom and for what, and which of it is meant."""
    grade.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a folder, an LMS's zip, or notebooks")
    course_options(grade, else_=FITTING)
    grade.add_argument(
        "--roster",
        type=Path,
        metavar="FILE",
        help="who takes the course: any list with headings, or the LMS's gradebook",
    )
    grade.add_argument(
        "--source", choices=SOURCES, default="", help="what the paths are, where that is not recognised by itself"
    )
    out_option(grade, "the folder for the gradebook and all that is written")
    grade.add_argument("--item", action="append", default=[], metavar="ID", help="only this item; may be repeated")
    grade.add_argument(
        "--student", action="append", default=[], metavar="ID", help="only this student; may be repeated"
    )


def _add_how(grade: argparse.ArgumentParser) -> None:
    """How much is trained, on which machines and cards, and what is run although it is known."""
    grade.add_argument(
        "--profile",
        choices=["quick", "full"],
        help="full: the notebook trains on all data; quick: by the rubric's recipe (full on a GPU, else quick)",
    )
    grade.add_argument(
        "--device",
        default="auto",
        metavar="auto|cpu|cuda|cuda:N",
        help="to train networks on; auto: a GPU where there is one (auto)",
    )
    grade.add_argument(
        "--per-card", type=positive, default=1, metavar="N", help="trainings on one graphics card at a time (1)"
    )
    grade.add_argument("--workers", type=positive, metavar="N", help="submissions at a time (one a core)")
    grade.add_argument(
        "--runner",
        choices=["inline", "local", "ray"],
        default="local",
        help="local: several processes here; inline: this process alone; ray: many machines (local)",
    )
    grade.add_argument(
        "--address", default="", metavar="HOST:PORT", help="of a Ray cluster, or auto; else one of its own"
    )
    sandbox_option(grade)
    grade.add_argument("--force", action="store_true", help="grade again what is unchanged")
    grade.add_argument("--reseed", action="store_true", help="draw new hidden cases")
    grade.add_argument("--dry-run", action="store_true", help="say what would be run, and change nothing")


def _add_printing(grade: argparse.ArgumentParser) -> None:
    grade.add_argument(
        "--format",
        choices=["table", "json"],
        default="table",
        help="what is printed; json: a line for each event, as it happens (table)",
    )
    grade.add_argument("--all", action="store_true", help="print every student's row, however many there are")


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
        address=arguments.address,
        sandbox=arguments.sandbox,
        force=arguments.force,
        reseed=arguments.reseed,
        dry_run=arguments.dry_run,
    )
    if arguments.format == "json":
        return _with_events(options).exit_code
    from grader.cli import watching

    result = watching.graded(options)
    if not options.dry_run:
        _print_result(result, every=arguments.all)
    return result.exit_code


def _with_events(options: Options) -> Result:
    from grader.cli.events import Events, stages_to
    from grader.commands import grade as grading

    events = Events(sys.stdout)
    events.started()
    try:
        with stages_to(events.stage):
            result = grading.grade(options, events.watch())
    except GraderError as error:
        events.failed(error)
        raise
    events.moved(_moved(result))
    events.done(result)
    return result


def _print_result(result: Result, *, every: bool = False) -> None:
    from grader.records import Outcome
    from grader.reports.moves import moves_table
    from grader.reports.summary import summary
    from grader.reports.terminal import score_table

    printed = console(120)
    most = printed.height if printed.is_terminal else _LONGEST
    if every or len(result.rows) + _AROUND <= most:
        printed.print(score_table(result.rows, result.assignment.items))
    else:
        printed.print(summary(result.rows))
        printed.print("--all prints every student's row.", style="dim")
    if moved := _moved(result):
        printed.print(moves_table(moved))
    for name in ("grades.csv", "items.csv", "intake.csv"):
        printed.print(f"{result.out / name}", markup=False, soft_wrap=True)
    printed.print(
        f"{result.out / 'feedback'}: a page for each student; {result.out / 'report.html'}: the class at a glance",
        markup=False,
        soft_wrap=True,
    )
    if waiting := sum(any(item.outcome is Outcome.WAITING for item in row.items) for row in result.rows):
        where = "" if result.out == Path("results") else f" --out {result.out}"
        who = "1 student waits" if waiting == 1 else f"{waiting} students wait"
        printed.print(
            f"{who} for written answers to be read: `grader review{where}` marks them.", markup=False, soft_wrap=True
        )
    isolations = {row.isolation.partition(" ")[0] for row in result.rows}
    if "bubblewrap" in isolations and "forked" not in isolations:
        printed.print("Each notebook had a sandbox of its own; `grader doctor` says whether faster forks work here.")
    if "none" in isolations:
        printed.print("Graded without a sandbox: student code had this account's rights.", style="bold yellow")
    if result.left:
        printed.print(f"Stopped with {result.left} left to grade; the same command goes on from here.", style="bold")


def _moved(result: Result) -> list[Move]:
    """The marks that are others than before, of those who had a grade."""
    from grader.reports.moves import moves

    graded = {row.student_id for row in result.before}
    return list(moves(result.before, [row for row in result.rows if row.student_id in graded]))


# ---- rescore ---------------------------------------------------------------------------------------------------------


def _rescore(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from grader.commands import rescore as command
    from grader.reports.moves import moves, moves_table

    options = command.Options(arguments.out, arguments.course, arguments.assignment, arguments.dry_run)
    result = command.rescore(options)
    console = Console(highlight=False)
    verb = "would move" if options.dry_run else "moved"
    console.print(moves_table(list(moves(result.before, result.after)), verb))
    if result.stale:
        console.print(_stale_words(result.stale), markup=False, soft_wrap=True)
        console.print(f"`grader grade SUBMISSIONS --out {result.out}` runs them.", markup=False, soft_wrap=True)
    for name in () if options.dry_run else ("grades.csv", "items.csv"):
        console.print(f"{result.out / name}", markup=False)
    return result.exit_code


def _stale_words(stale: Sequence[Stale]) -> str:
    items = Counter(each.item for each in stale)
    named = ", ".join(f"{visible(item)} ({count})" for item, count in items.items())
    marks = "1 mark is" if len(stale) == 1 else f"{len(stale)} marks are"
    return f"{marks} stale and kept, because only running the notebooks can tell what is asked now: {named}."
