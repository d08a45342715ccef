"""`grader new` and `grader stubs`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli.options import course_option
from grader.cli.parsing import add_command
from grader.escaping import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grader.cli.options import Commands


def add(commands: Commands) -> None:
    """Tell argparse about them."""
    new = add_command(
        commands,
        "new",
        "begin an assignment: notebook, rubric entry, reference; overwrites nothing",
        does="Begin an assignment around a small example that you replace, or around a master notebook. In a folder"
        " that is no course a new course begins. Nothing that exists is overwritten.",
        examples=('hw3-attention --title "HW3: Attention"', "hw4 --from master.ipynb"),
    )
    new.add_argument("name", metavar="NAME", help="such as hw3-attention")
    new.add_argument("--title", default="", metavar="TEXT", help="what students read; made of the name if absent")
    new.add_argument(
        "--from", dest="source", type=Path, metavar="NOTEBOOK", help="make it of a master notebook of nbgrader or otter"
    )
    course_option(new)
    new.set_defaults(run=_new)
    stubs = add_command(
        commands,
        "stubs",
        "write the stubs of an assignment's notebooks anew from its reference",
        does="Write the cells that hold stubs anew from the signatures and docstrings of the reference; what you wrote"
        " around them stays.",
        examples=("hw3-attention", "hw3-attention --check"),
        ends="0 done, 1 with --check where a stub is out of step",
    )
    stubs.add_argument("name", metavar="NAME", help="the assignment")
    stubs.add_argument("--check", action="store_true", help="write nothing; exit with 1 where a stub is out of step")
    course_option(stubs)
    stubs.set_defaults(run=_stubs)


def _new(arguments: argparse.Namespace) -> int:
    from grader.commands import new as command

    given = {"title": arguments.title, "course": arguments.course}
    if arguments.source is None:
        made = command.new(arguments.name, **given)
    else:
        made = command.convert(arguments.name, arguments.source, **given)
    if made.begun:
        print(f"A new course begins in {visible(str(made.course))}.")
    for path in made.files:
        print(f"  {visible(str(path))}")
    if arguments.source is not None:
        review = next(path for path in made.files if path.name == "review.md")
        print(f"Nothing of the notebook was run. What a person has to decide stands in {visible(str(review))}.")
        print(f"Then: grader stubs {made.name} && grader verify {made.name}")
        return 0
    print(
        "Replace the example `centre` by what you ask for: solutions.py, inputs.py, misconceptions.py, the items in"
        f" rubric.yaml.\nThen: grader stubs {made.name} && grader verify {made.name}"
    )
    return 0


def _stubs(arguments: argparse.Namespace) -> int:
    from grader.commands import new as command

    found = command.renew(arguments.name, course=arguments.course, only_look=arguments.check)
    done = "is out of step" if arguments.check else "written anew"
    _told(found.written, done)
    _told(found.added, "is in no notebook" if arguments.check else "added at the end")
    _told(found.gone, "is not in the reference any more; its cell is left as it is")
    if found.unmarked:
        print(
            f"No cell of {arguments.name} is made of the reference, so nothing is written. A cell is where its metadata"
            ' say so: {"grader": {"stub": ["name"]}}.'
        )
    elif not (found.changed or found.gone):
        print(f"The stubs of {arguments.name} are those of its reference.")
    return 1 if arguments.check and (found.changed or found.gone) else 0


def _told(found: Mapping[Path, tuple[str, ...]], what: str) -> None:
    for path, names in found.items():
        for name in names:
            print(f"{visible(path.name)}: {visible(name)} {what}")
