"""docs/calibration.md: what floors rest on. A section per item, profile and device; what is not new stays."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.calibration import Calibration

_INTRODUCTION = """\
# Calibration

What the reference reaches by the recipes of `rubric.yaml`, written by `grader calibrate ... --report
docs/calibration.md`. Each seed is one training with the whole budget of steps, measured by the path that a student's
network takes; *usual* is the time of one that may end early, as a student's does (`enough`). Seconds are the
processor's on a CPU, one thread, and the clock's on a GPU.

Proposed floors: `full` lies below the worst seed by the greatest of three standard deviations over the seeds, three
standard errors of one measurement, and 0.03; `none` lies at three tenths of the way from chance to there; both rounded
down to hundredths. A rubric may ask for less. *With a mistake*: what the named misconceptions of a network reach, one
seed each, however wrong their outputs are; none where they cannot be trained. It tells which mistakes an accuracy can
tell.

With profile `full` a student's own cells train; what a calibration trains is the recipe of the rubric, which also
trains the classes of those whose cells train nothing.
"""
_HEADS = (
    *("recipe", "lowest", "mean ± sd", "highest", "s, whole", "s, usual"),
    *("proposed none, full", "rubric none, full"),
)
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_MISSING = "Not calibrated: no machine with this device and data was at hand"
_BY_HAND, _ELSEWHERE = "the floors are set by hand", "the floors rest on what another device reached in as many steps"
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
    before: str, measured: Sequence[tuple[str, Conditions, Calibration]], items: Sequence[tuple[str, str]]
) -> str:
    """The page: what was measured now, what `before` holds beside it, and what was never measured.

    Args:
        before: the page as it was; "" for none.
        measured: per item its assignment, the conditions and what was found out.
        items: assignment and item of every accuracy that is asked for.
    """
    kept = {title: text for title, text in _sections(before).items() if not text.startswith(_MISSING)}
    for name, conditions, calibration in measured:
        title = _title(name, calibration.item, conditions.profile, conditions.device)
        kept[title] = _section(conditions, calibration)
    for name, item in items:
        for profile, device in _WANTED:
            title = _title(name, item, profile, device)
            if any(each.startswith(title) for each in kept):
                continue
            command = f"grader calibrate {name} --item {item} --profile {profile} --device {device}"
            rests = _ELSEWHERE if any(each.startswith(_title(name, item, profile, "")) for each in kept) else _BY_HAND
            kept[title] = f"{_MISSING}, and {rests}. `{command} --report docs/calibration.md` does it."
    places = {each: place for place, each in enumerate(items)}
    pieces = [
        f"## {title}\n\n{text.strip()}\n" for title, text in sorted(kept.items(), key=lambda s: _order(s[0], places))
    ]
    return "\n".join([_INTRODUCTION, *pieces])


def _title(name: str, item: str, profile: str, device: str) -> str:
    return f"{name}, {item}, {profile}, {device}"


def _order(title: str, places: Mapping[tuple[str, str], int]) -> tuple[bool, int, str]:
    """Profile quick before full, items in the order of the rubric."""
    name, item, profile, device = (title.split(", ", 3) + [""] * 3)[:4]
    return profile != "quick", places.get((name, item), len(places)), device


def _sections(page: str) -> dict[str, str]:
    found = list(_SECTION.finditer(page))
    ends = [*(each.start() for each in found[1:]), len(page)]
    return {each[1]: page[each.end() : end].strip() for each, end in zip(found, ends, strict=False)}


def _section(conditions: Conditions, calibration: Calibration) -> str:
    lines = [f"{conditions.date}, torch {conditions.torch}: `{conditions.command}`", ""]
    lines += [f"| {' | '.join(_HEADS)} |", "|---" * len(_HEADS) + "|", _row(calibration), ""]
    lines += [f"By seed: {', '.join(f'{run.accuracy:.3f}' for run in calibration.runs)}."]
    if calibration.mistakes:
        reached = sorted(calibration.mistakes.items(), key=lambda mistake: max(mistake[1], default=0.0))
        said = ", ".join(f"{name} {f'{max(seen):.3f}' if seen else 'none'}" for name, seen in reached)
        lines += ["", f"With a mistake: {said}."]
    return "\n".join(lines)


def _row(each: Calibration) -> str:
    recipe, floors = each.recipe, each.floors()
    told = f"{recipe['steps']} × {recipe['batch']}, lr {recipe['lr']:g}, {recipe['size']} px, {recipe['train']} images"
    rubric = f"{recipe['none']:.2f}, {recipe['full']:.2f}" + ("" if each.safe else " **too high**")
    cells = [
        *(told, f"{each.accuracies[0]:.3f}", f"{each.mean:.3f} ± {each.deviation:.3f}"),
        *(f"{each.accuracies[-1]:.3f}", f"{each.seconds:.1f}", f"{each.usual_s:.1f}"),
        *(f"{floors.none:.2f}, {floors.full:.2f}", rubric),
    ]
    return f"| {' | '.join(cells)} |"
