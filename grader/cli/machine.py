"""`grader doctor`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from grader.cli.parsing import add_command

if TYPE_CHECKING:
    from grader.cli.options import Commands


def add(commands: Commands) -> None:
    """Tell argparse about them."""
    doctor = add_command(
        commands,
        "doctor",
        "say what this machine offers and what is missing",
        ends="0 all that is needed is there, 3 something is missing",
    )
    doctor.add_argument("--sandbox", action="store_true", help="try every promise of the sandbox, which takes minutes")
    doctor.set_defaults(run=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    from grader.commands.doctor import examine

    if arguments.sandbox:
        return _sandboxes()
    bad = False
    for line in examine():
        mark = "ok" if line.good else "MISSING" if line.needed else "absent"
        print(f"{mark:8}{line.name}: {line.text}", flush=True)
        bad |= line.needed and not line.good
    return 3 if bad else 0


def _sandboxes() -> int:
    """The promises of every backend as a table; 3 where the one that `grade` takes breaks any."""
    from rich.console import Console

    from grader.commands.doctor import backends
    from grader.reports.promises import promise_table

    found = []
    for backend in backends():  # one after the other: each is told when it is done
        print(f"{backend.name}: {backend.problem or 'looked at'}", file=sys.stderr, flush=True)
        found.append(backend)
    console = Console(highlight=False)
    looked = {each.name: {one.promise.sentence: one.wrong for one in each.verdicts} for each in found}
    console.print(promise_table({name: verdicts for name, verdicts in looked.items() if verdicts}))
    taken = next(each for each in found if not each.problem)
    return 0 if taken.good and not taken.name.startswith("none") else 3
