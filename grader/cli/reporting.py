"""`grader report`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from grader.cli import progress
from grader.cli.options import course_options, out_option
from grader.cli.parsing import add_command
from grader.escaping import visible
from grader.records import LANGUAGES

if TYPE_CHECKING:
    from grader.cli.options import Commands


def add(commands: Commands) -> None:
    """Tell argparse about it."""
    report = add_command(
        commands,
        "report",
        "write every feedback page and the class report anew; runs nothing",
        examples=("", "--lang ko", "--pdf"),
        ends="0 all is graded, 1 something needs staff",
    )
    out_option(report)
    course_options(report)
    named = ", ".join(f"{tag} ({name})" for tag, name in LANGUAGES.items())
    report.add_argument("--lang", choices=LANGUAGES, metavar="TAG", help=f"{named}; that of rubric.yaml if absent")
    report.add_argument("--pdf", action="store_true", help="print each page as well, with Chromium")
    report.set_defaults(run=_report)


def _report(arguments: argparse.Namespace) -> int:
    from grader.commands import report as command

    options = command.Options(
        out=arguments.out,
        course=arguments.course,
        assignment=arguments.assignment,
        language=arguments.lang,
        pdf=arguments.pdf,
    )
    with progress.steps() as shown:
        result = command.report(options, command.Watch(shown.planned, shown.done))
    written = "1 page" if len(result.pages) == 1 else f"{len(result.pages)} pages"
    print(f"{written}{' and as many PDF files' if result.printed else ''} in {visible(str(result.folder))}")
    print(f"class report: {visible(str(result.classroom))}")
    return result.exit_code
