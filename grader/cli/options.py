"""Options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from rich.console import Console

    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]

FITTING: Final = "the one that fits the notebooks"


def course_option(parser: argparse.ArgumentParser) -> None:
    """Which course."""
    parser.add_argument(
        "--course", type=Path, metavar="DIR", help="the folder with rubric.yaml; found upwards if absent"
    )


def course_options(parser: argparse.ArgumentParser, *, else_: str = "that of which there are grades") -> None:
    """Which course, and which of its assignments; if that is absent, it is the only one, or `else_`."""
    course_option(parser)
    parser.add_argument("--assignment", metavar="NAME", help=f"if absent, the only one, or {else_}")


def out_option(parser: argparse.ArgumentParser, what: str = "the folder with the gradebook") -> None:
    """Where the gradebook lies, or what is made is written."""
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("results"), help=f"{what} (results)")


def sandbox_option(parser: argparse.ArgumentParser) -> None:
    """How student code is confined."""
    parser.add_argument(
        "--sandbox",
        choices=["auto", "bubblewrap", "none"],
        default="auto",
        help="auto: forks of one sandbox, where the system allows it; bubblewrap: a sandbox for each notebook;"
        " none: student code has your rights (auto)",
    )


def console(width: int) -> Console:
    """Where results are printed; at least so many columns where no terminal sets the width."""
    from rich.console import Console

    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=max(made.width, width))


def positive(text: str) -> int:
    """A whole number above 0.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)
