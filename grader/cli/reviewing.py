"""`grader review`, `grader history` and `grader request`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Final

from grader.cli.options import console, course_options, out_option
from grader.cli.parsing import add_command
from grader.escaping import visible

if TYPE_CHECKING:
    from grader.cli.options import Commands

_WHO: Final = "the id, as grades.csv has it; or a name, login or address that is one student's alone"


def add(commands: Commands) -> None:
    """Tell argparse about them."""
    review = add_command(
        commands,
        "review",
        "mark written answers and correct marks on a local web page",
        does="Open a page on this machine on which people mark written answers, correct automatic marks with a reason,"
        " have broken items graded again, and answer requests. It prints the address. What is decided is kept at once;"
        " tables and pages are written when Ctrl-C ends it.",
    )
    out_option(review)
    course_options(review)
    review.add_argument("--port", type=int, default=0, metavar="N", help="on 127.0.0.1; any free one if absent")
    review.add_argument("--who", default="", metavar="NAME", help="who decides; this account's name if absent")
    review.set_defaults(run=_review)
    history = add_command(
        commands,
        "history",
        "show what happened to one student's grade, when and why",
        examples=("chen", '"Ada Invented"'),
    )
    history.add_argument("student", metavar="STUDENT", help=_WHO)
    out_option(history)
    course_options(history)
    history.set_defaults(run=_history)
    request = add_command(
        commands,
        "request",
        "record that a student asks for another look at a mark",
        does="Record that a student asks for another look at a mark. It is answered on the page of `grader review`.",
        examples=('chen corr2d-values --text "Why is this wrong?"',),
    )
    request.add_argument("student", metavar="STUDENT", help=_WHO)
    request.add_argument(
        "item", metavar="ITEM", nargs="?", default="", help="such as corr2d-values; the whole grade if absent"
    )
    request.add_argument("--text", required=True, metavar="TEXT", help="what the student says (required)")
    request.add_argument("--who", default="", metavar="NAME", help="who records it; this account's name if absent")
    out_option(request)
    course_options(request)
    request.set_defaults(run=_request)


def _review(arguments: argparse.Namespace) -> int:
    from grader.commands import review as command

    def told(address: str) -> None:
        print(f"Open {address}", flush=True)
        print("Ctrl-C ends it and writes the tables and pages that have changed.", file=sys.stderr)

    options = command.Options(arguments.out, arguments.course, arguments.assignment, arguments.port, arguments.who)
    found = command.review(options, told)
    count = len(found.changed)
    if count:
        people = "1 student" if count == 1 else f"{count} students"
        print(f"\nDecided about {people}; tables and pages in {visible(str(arguments.out))} are written.")
    return 0


def _history(arguments: argparse.Namespace) -> int:
    from grader.commands import history as command
    from grader.reports.chronicle import history_table

    options = command.Options(arguments.student, arguments.out, arguments.course, arguments.assignment)
    console(140).print(history_table(command.history(options)))
    return 0


def _request(arguments: argparse.Namespace) -> int:
    from grader.commands import history as command

    options = command.Options(arguments.student, arguments.out, arguments.course, arguments.assignment)
    number = command.request(options, arguments.item, arguments.text, arguments.who)
    print(f"Request {number} is recorded; it is answered on the page of `grader review`.")
    return 0
