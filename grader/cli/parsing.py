"""The argument parser as people meet it: errors are one line, and the help of each command begins with what it does."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NoReturn

from grader.escaping import visible

if TYPE_CHECKING:
    from grader.cli.options import Commands

_WIDTH: Final = 80  # columns of a description


class Parser(argparse.ArgumentParser):
    """Tells a mistake in one line instead of behind the whole usage."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2 and one line that says where the help is."""
        self.exit(2, f"{self.prog}: {visible(message)} (`{self.prog} --help` says more)\n")


def add_command(
    commands: Commands, name: str, brief: str, *, does: str = "", examples: Sequence[str] = (), ends: str = ""
) -> argparse.ArgumentParser:
    """Tell argparse about a command.

    Args:
        commands: all of them.
        name: as it is typed.
        brief: what it does, for the list of commands.
        does: what its own help begins with; `brief` where there is no more to say.
        examples: of its arguments, one a line.
        ends: what its exit codes mean, where that is more than 0 for done.
    """
    shown = "\n".join(f"  grader {name} {each}".rstrip() for each in examples)
    parts = [f"examples:\n{shown}" if shown else "", f"exit code: {ends}" if ends else ""]
    return commands.add_parser(
        name,
        help=brief,
        description=textwrap.fill(does or f"{brief[0].upper()}{brief[1:]}.", _WIDTH),
        epilog="\n\n".join(filter(None, parts)) or None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
