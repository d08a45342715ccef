"""`grader calibrate`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli import progress
from grader.cli.options import course_option, positive
from grader.cli.parsing import add_command

if TYPE_CHECKING:
    from grader.calibration import Calibration
    from grader.cli.options import Commands


def add(commands: Commands) -> None:
    """Tell argparse about it."""
    calibrate = add_command(
        commands,
        "calibrate",
        "train the reference with several seeds and propose floors",
        does="Train the reference with several seeds, as a student's network is trained and measured, and propose from"
        " which accuracies an item earns points. It takes minutes for each item.",
        examples=("hw2-cnn --item lenet-accuracy", "hw2-cnn --seeds 5 --report calibration.md"),
        ends="0 every floor is safe, 2 one is too high",
    )
    calibrate.add_argument("name", nargs="?", metavar="NAME", help="an assignment; every one if absent")
    course_option(calibrate)
    calibrate.add_argument("--item", action="append", default=[], metavar="ID", help="only this item; may be repeated")
    calibrate.add_argument("--profile", choices=["quick", "full"], default="quick", help="the recipe (quick)")
    calibrate.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="to train on (cpu)")
    calibrate.add_argument("--seeds", type=positive, default=5, metavar="N", help="trainings of each network (5)")
    calibrate.add_argument("--mistakes", action="store_true", help="train the named misconceptions, too")
    calibrate.add_argument("--report", type=Path, metavar="FILE", help="write a page such as docs/calibration.md")
    calibrate.set_defaults(run=_calibrate)


def _calibrate(arguments: argparse.Namespace) -> int:
    from grader.commands import calibrate as command

    options = command.Options(
        name=arguments.name,
        course=arguments.course,
        items=tuple(arguments.item),
        profile=arguments.profile,
        device=arguments.device,
        seeds=arguments.seeds,
        mistakes=arguments.mistakes,
    )
    safe = True
    with progress.steps() as shown:
        for result in command.calibrate(options, command.Watch(shown.planned, shown.done, shown.told)):
            print(f"{result.assignment.name}, {result.conditions.profile}, {result.conditions.device}")
            for each in result.calibrations:
                print(f"  {_line(each)}", flush=True)
                safe &= each.safe
            if arguments.report:  # at once, because the next assignment takes long
                command.report([result], arguments.report, arguments.course)
                print(arguments.report)
    return 0 if safe else 2


def _line(calibration: Calibration) -> str:
    """What was reached, what follows, and what the rubric asks."""
    floors, recipe = calibration.floors(), calibration.recipe
    reached = f"{calibration.mean:.3f} ± {calibration.deviation:.3f}, lowest {calibration.accuracies[0]:.3f}"
    proposed = f"proposed none {floors.none:.2f} full {floors.full:.2f}"
    asked = f"rubric none {recipe['none']:.2f} full {recipe['full']:.2f}{'' if calibration.safe else ', too high'}"
    return f"{calibration.item:20} {reached}; {calibration.seconds:.1f} s; {proposed}; {asked}"
