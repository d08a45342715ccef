"""docs/calibration.md: what floors rest on. A section per assignment, profile and device; what is not new stays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.calibration import Calibration

_INTRODUCTION = """\
# Calibration

What the reference reaches by the recipes of `rubric.yaml`, written by `grader calibrate ... --report
docs/calibration.md`. Each seed is one training with the whole budget of steps, measured by the path that a student's
network takes; *usual* is the time of one that may end early, as a student's does (`enough`). Seconds are of the machine
as it was, beside other work.

Proposed floors: `full` lies below the worst seed by the greatest of three standard deviations over the seeds, three
standard errors of one measurement, and 0.03; `none` lies at three tenths of the way from chance to there; both rounded
down to hundredths. A rubric may ask for less. *With a mistake*: what the named misconceptions of a network reach, one
seed each, however wrong their outputs are; none where they cannot be trained. It tells which mistakes an accuracy can
tell.
"""
_HEADS = (
    *("item", "recipe", "lowest", "mean ± sd", "highest", "s, whole", "s, usual"),
    *("proposed none, full", "rubric none, full"),
)
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_WANTED = (("quick", "cpu"), ("full", "cuda"))


@dataclass(frozen=True, slots=True)
class Conditions:
    """Where and how it was measured."""

    date: str
    profile: str
    device: str
    torch: str
    command: str


def markdown(
    before: str, sections: Sequence[tuple[str, Conditions, Sequence[Calibration]]], assignments: Sequence[str]
) -> str:
    """The page: sections of this run, those of `before` that they do not replace, and what has none.

    Args:
        before: the page as it was; "" for none.
        sections: per assignment the conditions and what was measured.
        assignments: those that train anything.
    """
    kept = {title: text for title, text in _sections(before).items() if "not calibrated" not in text.lower()}
    for name, conditions, calibrations in sections:
        kept[_title(name, conditions.profile, conditions.device)] = _section(conditions, calibrations)
    for name in assignments:
        for profile, device in _WANTED:
            title = _title(name, profile, device)
            if not any(each.startswith(f"{name}, {profile}, ") for each in kept):
                command = f"grader calibrate {name} --profile {profile} --device {device} --report docs/calibration.md"
                kept[title] = (
                    f"Not calibrated: no such machine was at hand. The floors are set by hand. `{command}` does it."
                )
    pieces = [f"## {title}\n\n{text.strip()}\n" for title, text in sorted(kept.items(), key=_order)]
    return "\n".join([_INTRODUCTION, *pieces])


def _title(name: str, profile: str, device: str) -> str:
    return f"{name}, {profile}, {device}"


def _order(section: tuple[str, str]) -> tuple[str, bool, str]:
    name, profile, device = section[0].split(", ", 2)
    return name, profile != "quick", device


def _sections(page: str) -> dict[str, str]:
    found = list(_SECTION.finditer(page))
    ends = [*(each.start() for each in found[1:]), len(page)]
    return {each[1]: page[each.end() : end].strip() for each, end in zip(found, ends, strict=False)}


def _section(conditions: Conditions, calibrations: Sequence[Calibration]) -> str:
    lines = [f"{conditions.date}, torch {conditions.torch}: `{conditions.command}`", ""]
    lines += [f"| {' | '.join(_HEADS)} |", "|---" * len(_HEADS) + "|"]
    lines += [_row(each) for each in calibrations]
    lines += [""]
    lines += [
        f"- {each.item}, by seed: {', '.join(f'{run.accuracy:.3f}' for run in each.runs)}" for each in calibrations
    ]
    for each in calibrations:
        if each.mistakes:
            reached = sorted(each.mistakes.items(), key=lambda mistake: max(mistake[1], default=0.0))
            said = ", ".join(f"{name} {f'{max(a):.3f}' if a else 'none'}" for name, a in reached)
            lines += [f"- {each.item}, with a mistake: {said}"]
    return "\n".join(lines)


def _row(each: Calibration) -> str:
    recipe, floors = each.recipe, each.floors()
    told = f"{recipe['steps']} × {recipe['batch']}, lr {recipe['lr']:g}, {recipe['size']} px, {recipe['train']} images"
    rubric = f"{recipe['none']:.2f}, {recipe['full']:.2f}" + ("" if each.safe else " **too high**")
    cells = [
        *(each.item, told, f"{each.accuracies[0]:.3f}", f"{each.mean:.3f} ± {each.deviation:.3f}"),
        *(f"{each.accuracies[-1]:.3f}", f"{each.seconds:.1f}", f"{each.usual_s:.1f}"),
        *(f"{floors.none:.2f}, {floors.full:.2f}", rubric),
    ]
    return f"| {' | '.join(cells)} |"
