"""Options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from rich.console import Console

    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]


def course_option(parser: argparse.ArgumentParser) -> None:
    """Which course."""
    parser.add_argument(
        "--course", type=Path, metavar="DIR", help="the folder with rubric.yaml; found upwards if absent"
    )


def course_options(parser: argparse.ArgumentParser) -> None:
    """Which course, and which of its assignments."""
    course_option(parser)
    parser.add_argument(
        "--assignment", metavar="NAME", help="if absent, the only one or the one that fits the notebooks"
    )


def out_option(parser: argparse.ArgumentParser) -> None:
    """Where the gradebook lies."""
    parser.add_argument("--out", type=Path, default=Path("results"), help="where the gradebook lies (results)")


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
