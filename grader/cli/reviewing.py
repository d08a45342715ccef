"""`grader review`, `grader history` and `grader request`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from grader.cli.options import console, course_options, out_option
from grader.escaping import visible

if TYPE_CHECKING:
    from grader.cli.options import Commands


def add(commands: Commands) -> None:
    """Tell argparse about them."""
    review = commands.add_parser("review", help="mark written answers and correct marks on a local web page")
    out_option(review)
    course_options(review)
    review.add_argument("--port", type=int, default=0, metavar="N", help="on 127.0.0.1; any free one if absent")
    review.add_argument("--who", default="", metavar="NAME", help="who decides; this account's name if absent")
    review.set_defaults(run=_review)
    history = commands.add_parser("history", help="what happened to one student's grade, when and why")
    history.add_argument("student", metavar="STUDENT")
    out_option(history)
    course_options(history)
    history.set_defaults(run=_history)
    request = commands.add_parser("request", help="record that a student asks for another look at a mark")
    request.add_argument("student", metavar="STUDENT")
    request.add_argument("item", metavar="ITEM", nargs="?", default="", help="the whole grade if absent")
    request.add_argument("--text", required=True, help="what the student says")
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
