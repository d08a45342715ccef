"""`grader check` and `grader verify`."""

from __future__ import annotations

import argparse
import contextlib
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli import progress
from grader.cli.options import FITTING, console, course_option, course_options, positive, sandbox_option
from grader.cli.parsing import add_command
from grader.escaping import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from grader.cli.options import Commands


def add(commands: Commands) -> None:
    """Tell argparse about them."""
    check = add_command(
        commands,
        "check",
        "check your own notebook with public cases (unofficial)",
        does="Run your notebook and say what is not right yet, by public cases. Accuracies are left out unless they are"
        " asked for, and hidden cases run after you hand in. What is asked is found in its folder or above.",
        examples=("hw2.ipynb", "hw2.ipynb corr2d 7.5", "hw2.ipynb --watch"),
        ends="0 all that can be judged here is right, 1 something is not right yet, 2 the command is wrong",
    )
    check.add_argument("notebook", type=Path, metavar="NOTEBOOK", help="the .ipynb file")
    check.add_argument(
        "item",
        nargs="*",
        metavar="ITEM",
        help="an item, a section such as 7.2, or a name such as corr2d; everything but accuracies if absent",
    )
    check.add_argument("--watch", action="store_true", help="check again whenever it is saved; Ctrl-C ends it")
    course_options(check, else_=FITTING)
    check.set_defaults(run=_check)
    verify = add_command(
        commands,
        "verify",
        "let the rubric test itself: right, wrong and made-up answers",
        does="Put answers whose worth is known before every check: right ones in many styles must earn everything;"
        " stubs, named mistakes, changed versions of the reference and made-up answers must not, and every mistake must"
        " be told by its own sentence. It takes minutes.",
        examples=("", "hw2-cnn", "hw2-cnn --training --report validity.md"),
        ends="0 no hole, 2 the rubric has a hole, 3 this machine is at fault",
    )
    verify.add_argument("name", nargs="?", metavar="NAME", help="an assignment; every one if absent")
    course_option(verify)
    verify.add_argument("--training", action="store_true", help="verify accuracy items as well, which takes minutes")
    verify.add_argument("--workers", type=positive, metavar="N", help="processes (one a core)")
    sandbox_option(verify)
    verify.add_argument("--report", type=Path, metavar="FILE", help="write a page such as docs/validity.md")
    verify.set_defaults(run=_verify)


def _check(arguments: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.text import Text

    from grader.cli import checked
    from grader.commands.check import check

    console = Console(highlight=False)

    def told(sentence: str) -> None:
        console.print(Text(visible(sentence)), soft_wrap=True)

    if arguments.watch:
        return _watch(arguments, console, told)
    with _stages():
        grade = check(
            arguments.notebook, arguments.item, course=arguments.course, assignment=arguments.assignment, told=told
        )
    checked.show(grade, console, named=bool(arguments.item))
    return checked.exit_code(grade)


@contextlib.contextmanager
def _stages() -> Iterator[None]:
    """In here a terminal shows what is being done."""
    from rich.console import Console
    from rich.text import Text

    from grader.cli.events import stages_to

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with (
        console.status("starting") as status,
        stages_to(lambda student, stage: status.update(Text(visible(stage)))),
    ):
        yield


def _watch(arguments: argparse.Namespace, console: Console, told: Callable[[str], None]) -> int:
    from grader.cli import rechecking
    from grader.commands import check, saves
    from grader.commands.rechecking import Rechecking

    if not arguments.notebook.is_file():
        check.one(arguments.notebook)
    asked = Rechecking(
        arguments.notebook, arguments.item, course=arguments.course, assignment=arguments.assignment, told=told
    )
    with asked:
        events = saves.saves(arguments.notebook, check.one)
        try:
            code = rechecking.show(events, asked.check, arguments.notebook, console, whole=bool(arguments.item))
        finally:
            # Ctrl-C again, while the worker and then we end, would cost the exit code.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    console.print()  # below the ^C of the terminal
    return code


def _verify(arguments: argparse.Namespace) -> int:
    from grader.commands import verify as command
    from grader.verifying.report import tables

    options = command.Options(
        arguments.name, arguments.course, arguments.workers, arguments.training, arguments.sandbox
    )
    with progress.steps() as shown:
        summaries = list(command.verify(options, command.Watch(shown.planned, shown.done)))
    printed = console(140)
    for summary in summaries:
        printed.print(f"{summary.assignment.name}: {summary.assignment.title}", style="bold", markup=False)
        printed.print(tables(summary))
    if arguments.report:
        command.report(summaries, arguments.report)
        printed.print(str(arguments.report), markup=False)
    return 2 if any(summary.holes for summary in summaries) else 0
