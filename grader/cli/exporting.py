"""`grader export` and `grader forget`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from grader.cli.options import console, course_option, course_options, out_option
from grader.cli.parsing import add_command

if TYPE_CHECKING:
    from grader.cli.options import Commands

FORMATS: Final = (
    "csv",
    "canvas",
    "moodle",
    "blackboard",
    "brightspace",
    "gradescope",
    "nbgrader",
    "canvas-feedback",
    "moodle-feedback",
    "research",
)
AUTOGRADER: Final = "gradescope-autograder"


def add(commands: Commands) -> None:
    """Tell argparse about them."""
    export = add_command(
        commands,
        "export",
        "write the file that your LMS takes; runs nothing",
        does="Write marks or feedback in the form that an LMS takes. With --template the LMS's own file is filled in:"
        " one column changes, and every other byte stays. Whoever cannot be found in it for certain is listed.",
        examples=(
            "csv",
            "canvas --template gradebook.csv --column HW2 --dry-run",
            "moodle-feedback",
            "gradescope-autograder --assignment hw2-cnn",
        ),
        ends="0 done, 1 somebody has to look at what is listed before the upload, 2 the command or a file is wrong",
    )
    formats = (*FORMATS, AUTOGRADER)
    export.add_argument("format", choices=formats, metavar="FORMAT", help=f"one of {', '.join(formats)}")
    out_option(export)
    course_options(export)
    export.add_argument("--template", type=Path, metavar="FILE", help="the file that the LMS gave you, to be filled in")
    export.add_argument("--column", default="", metavar="NAME", help="which column of it, by header, title or id")
    export.add_argument("-o", "--output", type=Path, metavar="FILE", help="where it goes (exports/ in --out)")
    export.add_argument("--dry-run", action="store_true", help="show what would change; write nothing")
    export.add_argument("--provisional", action="store_true", help="also marks of which something is not decided")
    export.add_argument(
        "--section", action="append", default=[], metavar="NAME", help="only this section; may be repeated"
    )
    export.add_argument("--assistant", default="", metavar="NAME", help="only the sections of this assistant")
    export.set_defaults(run=_export)
    forget = add_command(
        commands,
        "forget",
        "delete one student's data from a results folder",
        does="Say what of one student would be deleted, from the gradebook and from all that was made of it, and what"
        " lies elsewhere; with --yes delete it.",
        examples=("chen", "chen --yes"),
    )
    forget.add_argument("student", metavar="STUDENT", help="the id, as grades.csv has it")
    out_option(forget)
    course_option(forget)
    forget.add_argument("--yes", action="store_true", help="delete it; without this it is only said")
    forget.set_defaults(run=_forget)


def _export(arguments: argparse.Namespace) -> int:
    if arguments.format == AUTOGRADER:
        return _autograder(arguments)
    from rich.text import Text

    from grader.commands import export as command
    from grader.escaping import visible
    from grader.reports.exporting import changes_table, troubles_list

    options = command.Options(
        format=arguments.format,
        out=arguments.out,
        course=arguments.course,
        assignment=arguments.assignment,
        template=arguments.template,
        column=arguments.column,
        output=arguments.output,
        dry_run=arguments.dry_run,
        provisional=arguments.provisional,
        sections=tuple(arguments.section),
        assistant=arguments.assistant,
    )
    exported = command.export(options)
    result = exported.result
    printed = console(120)
    if result.changes and arguments.dry_run:
        printed.print(changes_table([(each.student, each.name, each.old, each.new) for each in result.changes]))
    elif command.fills(options):
        marks = "1 mark" if len(result.changes) == 1 else f"{len(result.changes)} marks"
        printed.print(f"{marks} written, {result.unchanged} stood there already.")
    if result.troubles:
        told = [(each.kind.value, each.student, each.sentence) for each in result.troubles]
        printed.print(troubles_list(told), soft_wrap=True)
    for name in exported.unknown:
        printed.print(Text(f"extensions.yaml: {visible(name)} is nobody's or several people's"), soft_wrap=True)
    for path in exported.paths[:8]:
        printed.print(str(path), markup=False, soft_wrap=True)
    if len(exported.paths) > 8:
        printed.print(f"... and {len(exported.paths) - 8} more beside them")
    return exported.exit_code


def _autograder(arguments: argparse.Namespace) -> int:
    from grader.commands.autograder import build

    path = arguments.output or arguments.out / "exports" / f"{AUTOGRADER}.zip"
    build(arguments.course, arguments.assignment, path)
    print(f"{path} holds the right answers: give it to Gradescope and to nobody else.")
    return 0


def _forget(arguments: argparse.Namespace) -> int:
    from grader.commands import forget as command
    from grader.escaping import visible

    found = command.forget(command.Options(arguments.student, arguments.out, arguments.course, arguments.yes))
    grades = "1 grade" if found.grades == 1 else f"{found.grades} grades"
    verb = "Deleted" if arguments.yes else "Would be deleted"
    print(f"{verb}: {grades} with all that was recorded, from every assignment in {arguments.out}")
    for path in found.files:
        print(f"{verb}: {visible(str(path))}")
    for place in found.elsewhere:
        print(f"Lies elsewhere: {visible(place)}")
    if arguments.yes and found.files:
        print(
            "What of these told of others as well is made anew by `grader grade`, `grader report` and `grader export`."
        )
    if not arguments.yes:
        print("Nothing has been deleted yet; give the same command with --yes.")
    return 0
