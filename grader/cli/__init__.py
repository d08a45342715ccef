"""The command line: arguments, printing, exit codes; nothing else. Commands are imported only when they are used.

A module here is a group of commands. Its function `add` tells argparse about them; the table `GROUPS` names them all.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from grader import __version__, logs
from grader.cli import (
    authoring,
    calibrating,
    checking,
    comparing,
    exporting,
    grading,
    machine,
    releasing,
    reporting,
    reviewing,
)
from grader.cli.parsing import Parser
from grader.errors import GraderError
from grader.escaping import visible
from grader.spelling import hint

# In the order in which help lists their commands.
GROUPS: Final = (
    grading.add,
    reporting.add,
    reviewing.add,
    exporting.add,
    comparing.add,
    checking.add,
    authoring.add,
    releasing.add,
    calibrating.add,
    machine.add,
)

# Modules that Windows has not.
_OF_UNIX: Final = ("fcntl", "resource", "termios")
_RUNNING: Final = ("grade", "check", "verify")  # notebooks, in processes that Linux keeps inside their limits
_ELSEWHERE: Final = (
    "this command needs Linux: on Windows use WSL, on a Mac a virtual machine, anywhere a Linux server;"
    " `from grader import check` in a notebook needs none of them"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 done, 1 needs staff, 2 the instructor's files, 3 machinery, 130 stopped."""
    _write_anything()
    try:
        return _run(sys.argv[1:] if argv is None else list(argv))
    except KeyboardInterrupt:
        print("grader: stopped; what was finished is kept", file=sys.stderr)
        return 130


def _write_anything() -> None:
    """What a terminal's encoding lacks is written as its escape, as on standard error: names are in every script."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _run(given: Sequence[str]) -> int:
    top, commands = parser()
    if not given:
        top.print_help(sys.stderr)
        return 2
    if not given[0].startswith("-") and given[0] not in commands:
        top.error(f"no command is called {given[0]!r}{hint(given[0], commands)}")
    arguments, unknown = top.parse_known_args(given)
    if unknown:
        command = commands[given[0]]
        options = re.findall(r"--[\w-]+", command.format_usage())
        close = hint(unknown[0], options) if unknown[0].startswith("-") else ""
        command.error(f"there is no argument {unknown[0]!r}{close if 'did you mean' in close else ''}")
    if given[0] in _RUNNING and sys.platform != "linux":
        print(f"grader: {_ELSEWHERE}", file=sys.stderr)
        return 3
    try:
        with logs.written(os.environ.get("GRADER_LOG", "WARNING"), arguments.log):
            code: int = arguments.run(arguments)
    except ModuleNotFoundError as error:
        if error.name not in _OF_UNIX:
            raise
        print(f"grader: {_ELSEWHERE}", file=sys.stderr)
        return 3
    except GraderError as error:
        print(f"grader: {visible(str(error))}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read our output has gone (`grader ... | head`); there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def parser() -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """The parser, and by name those of its commands."""
    top: argparse.ArgumentParser = Parser(
        prog="grader",
        description="Grades notebooks of deep-learning courses.",
        epilog="Instructors begin with `grader grade SUBMISSIONS`, students with `grader check NOTEBOOK`;"
        " `grader COMMAND --help` tells what a command does, with examples.",
    )
    top.add_argument("--version", action="version", version=f"grader {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for add in GROUPS:
        add(commands)
    for command in commands.choices.values():
        command.add_argument(
            "--log", type=Path, metavar="FILE", help="add to this file what happens, a line of JSON for each event"
        )
    return top, commands.choices
