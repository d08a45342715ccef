"""`grader release`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli.options import course_option
from grader.cli.parsing import add_command

if TYPE_CHECKING:
    from grader.cli.options import Commands


def add(commands: Commands) -> None:
    """Tell argparse about it."""
    release = add_command(
        commands,
        "release",
        "make what students receive: notebooks, and public vectors in place of the reference",
        does="Make the folder and the zip that students receive: notebooks with stubs, a page that says how to check"
        " them, and public cases with their right answers. No code of the reference is in it.",
        examples=("hw2-cnn", "hw2-cnn --to released --wheel dist/convgrader-….whl"),
    )
    release.add_argument("name", nargs="?", metavar="NAME", help="the assignment; the only one if absent")
    release.add_argument(
        "--to", type=Path, default=Path("released"), metavar="DIR", help="where the folder and the zip go (released)"
    )
    release.add_argument(
        "--wheel", type=Path, metavar="FILE", help="the grader's wheel, to go along with the notebooks"
    )
    course_option(release)
    release.set_defaults(run=_release)


def _release(arguments: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.text import Text

    from grader.commands import release as command
    from grader.escaping import visible

    options = command.Options(arguments.name, arguments.course, arguments.to, arguments.wheel)
    with Console(stderr=True).status("reading the course") as status:
        released = command.release(options, lambda sentence: status.update(Text(visible(sentence))))
    console = Console(highlight=False)

    def told(line: str) -> None:
        console.print(Text(visible(line)), soft_wrap=True)

    told(f"{released.folder}/")
    for name, size in released.sizes.items():
        told(f"  {_size(size):>9}  {name}")
    told(f"{released.archive}  {_size(released.zipped)}")
    told("The reference passes by these vectors, and the notebooks as they are pass nothing.")
    if released.later:
        told(f"Judged only after handing in: {released.later}.")
    if released.install:
        told(released.install)
    return 0


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
