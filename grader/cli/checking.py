"""`grader check` and `grader verify`."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli import progress
from grader.cli.options import FITTING, console, course_option, course_options, positive, sandbox_option
from grader.cli.parsing import add_command
from grader.escaping import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console

    from grader.cli.options import Commands


def add(commands: Commands) -> None:
    """Tell argparse about them."""
    check = add_command(
        commands,
        "check",
        "check your own notebook with public cases (unofficial)",
        does="Run your notebook and say what is not right yet, by public cases. Accuracies are left out unless they are"
        " asked for, and hidden cases run after you hand in. Sections that you have not begun do not count unless they"
        " are asked for. What is asked is found in the notebook's folder or above.",
        examples=("hw2.ipynb", "hw2.ipynb corr2d 7.5", "7.2.ipynb 7.3.ipynb", "my-folder/", "my-folder/ --watch"),
        ends="0 all that is begun and judged here is right, 1 something is not right yet, 2 the command is wrong",
    )
    check.add_argument(
        "words",
        nargs="+",
        metavar="NOTEBOOK [ITEM]",
        help="notebooks (.ipynb) or a folder of them; then items, sections such as 7.2 or names such as corr2d, where"
        " not everything but accuracies is meant",
    )
    check.add_argument("--watch", action="store_true", help="check again whenever one is saved; Ctrl-C ends it")
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

    paths, items = told_apart(arguments.words)
    if arguments.watch:
        return _watch(arguments, paths, items, console, told)
    with _stages():
        grade = check(paths, items, course=arguments.course, assignment=arguments.assignment, told=told)
    checked.show(grade, console, named=bool(items))
    return checked.exit_code(grade, named=bool(items))


def told_apart(words: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Which words are notebooks or folders and which are items, in whatever order; at least one is a path."""
    paths = [word for place, word in enumerate(words) if _is_path(word) or (place == 0 and Path(word).exists())]
    paths = paths or list(words[:1])
    return [Path(word) for word in paths], [word for word in words if word not in paths]


def _is_path(word: str) -> bool:
    return word.lower().endswith(".ipynb") or "/" in word or os.sep in word


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


def _watch(
    arguments: argparse.Namespace,
    paths: Sequence[Path],
    items: Sequence[str],
    console: Console,
    told: Callable[[str], None],
) -> int:
    from grader.cli import rechecking
    from grader.commands import check, saves
    from grader.commands.rechecking import Rechecking

    if not all(path.is_file() for path in paths):
        check.together(paths)
    asked = Rechecking(paths[0], items, course=arguments.course, assignment=arguments.assignment, told=told)
    with asked:
        name = ", ".join(path.name or str(path.resolve()) for path in paths)
        events = saves.saves(paths, check.whole)
        try:
            code = rechecking.show(events, asked.check, name, console, whole=bool(items))
        finally:
            # Ctrl-C again, while the worker and then we end, would cost the exit code.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    console.print()  # below the ^C of the terminal
    return code


def _verify(arguments: argparse.Namespace) -> int:
    from grader.commands import verify as command

    options = command.Options(
        arguments.name, arguments.course, arguments.workers, arguments.training, arguments.sandbox
    )
    with progress.steps() as shown:
        summaries = list(command.verify(options, command.Watch(shown.planned, shown.done)))
    from grader.verifying.report import tables  # not before: PyTorch comes with it

    printed = console(140)
    for summary in summaries:
        printed.print(f"{summary.assignment.name}: {summary.assignment.title}", style="bold", markup=False)
        printed.print(tables(summary))
    if arguments.report:
        command.report(summaries, arguments.report)
        printed.print(str(arguments.report), markup=False)
    return 2 if any(summary.holes for summary in summaries) else 0
