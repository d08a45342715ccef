"""`grader similar`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from grader.cli import progress
from grader.cli.options import FITTING, course_options, out_option
from grader.cli.parsing import add_command
from grader.escaping import visible

if TYPE_CHECKING:
    from grader.cli.options import Commands

_SHOWN: Final = 10  # pairs that are printed
_UNREAD: Final = 3  # of the sentences about what could not be read


def add(commands: Commands) -> None:
    """Tell argparse about it."""
    similar = add_command(
        commands,
        "similar",
        "show who shares code that nothing explains; runs and marks nothing",
        does="Compare the functions and classes of all submissions, whatever they were renamed to, and write a page"
        " that shows who shares what, side by side. It is a matter for a person, never a mark.",
        examples=("submissions.zip", "submissions/ --expected book.ipynb"),
    )
    similar.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a folder, an LMS's zip, or notebooks")
    course_options(similar, else_=FITTING)
    out_option(similar, "where similar.html goes")
    similar.add_argument(
        "--expected",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="a notebook or .py file whose code everybody may have, such as the book's; may be repeated",
    )
    similar.set_defaults(run=_similar)


def _similar(arguments: argparse.Namespace) -> int:
    from grader.commands import similar as command

    options = command.Options(
        paths=tuple(arguments.paths),
        course=arguments.course,
        assignment=arguments.assignment,
        out=arguments.out,
        expected=tuple(arguments.expected),
    )
    with progress.steps() as shown:
        result = command.similar(options, command.Watch(shown.planned, shown.done, shown.told))
    pairs = result.compared.pairs
    for pair in pairs[:_SHOWN]:
        most = ", ".join(visible(each.left.name) for each in pair.matches[:3])
        print(
            f"{visible(pair.left.student_id)} and {visible(pair.right.student_id)}: {100 * pair.share:.0f} % in {most}"
        )
    if len(pairs) > _SHOWN:
        print(f"and {len(pairs) - _SHOWN} more pairs")
    for sentence in result.unread[:_UNREAD]:
        print(f"not compared: {visible(sentence)}")
    if len(result.unread) > _UNREAD:
        print(f"not compared: {len(result.unread) - _UNREAD} more, listed on the page")
    count = "1 pair" if len(pairs) == 1 else f"{len(pairs)} pairs"
    print(f"{result.students} submissions compared: {count} to look at. A matter for a person, never a mark.")
    print(visible(str(result.page)))
    return 0
