"""How a network was trained and measured: numbers, curves and the table of what was taken for what."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from grader.reports.feedback import charts, words
from grader.reports.feedback.languages import Language
from grader.reports.feedback.languages import marked as _

# The names of the classes, as the makers of each data set give them; digits need none.
_CLASSES: Final[Mapping[str, Sequence[str]]] = {
    "fashion_mnist": (
        _("T-shirt"), _("trouser"), _("pullover"), _("dress"), _("coat"),
        _("sandal"), _("shirt"), _("sneaker"), _("bag"), _("ankle boot"),
    ),
    "cifar10": (
        _("airplane"), _("automobile"), _("bird"), _("cat"), _("deer"),
        _("dog"), _("frog"), _("horse"), _("ship"), _("truck"),
    ),
}  # fmt: skip
_RECIPE: Final = {
    "batch": _("batches of"),
    "lr": _("learning rate"),
    "size": _("image side"),
    "train": _("training images"),
}
_MOST_CLASSES: Final = 12
_MIXED_UP: Final = 3  # pairs that are told in words


@dataclass(frozen=True, slots=True)
class Count:
    """How many images of one class were taken for another (or the same one); `shade` from 0 to 4."""

    text: str
    shade: int
    right: bool


@dataclass(frozen=True, slots=True)
class Confusion:
    """Rows are what an image shows, columns what the network took it for."""

    names: Sequence[str]
    rows: Sequence[Sequence[Count]]
    mixed_up: Sequence[str]


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing and its caption."""

    caption: str
    drawn: Markup


@dataclass(frozen=True, slots=True)
class Training:
    """What there is to say and to show about one training."""

    facts: Sequence[tuple[str, str]]
    charts: Sequence[Chart]
    confusion: Confusion | None


def training(evidence: Mapping[str, Any], options: Mapping[str, Any], language: Language) -> Training | None:
    """What the evidence of an accuracy item tells; None for other items."""
    if not any(name in evidence for name in ("accuracy", "losses", "curve", "confusion")):
        return None
    data = evidence.get("data", options.get("data", ""))
    names = [language(name) for name in _CLASSES.get(data if isinstance(data, str) else "", ())]
    return Training(
        list(_facts(evidence, language)),
        list(_charts(evidence, language)),
        confusion(evidence.get("confusion"), names, language),
    )


def _facts(evidence: Mapping[str, Any], _: Language) -> Iterator[tuple[str, str]]:
    accuracy: Any = evidence.get("accuracy")
    accuracies = _numbers(evidence.get("accuracies"))
    if _is_number(accuracy):
        yield _("Accuracy on unseen images"), _share(accuracy)
    if len(accuracies) > 1:
        yield _("All trainings"), ", ".join(map(_share, accuracies))
    steps = evidence.get("steps")
    if _is_number(steps):
        yield _("Steps"), f"{steps:g}"
    recipe = evidence.get("recipe")
    if isinstance(recipe, str) and recipe:
        yield _("Recipe"), recipe
    elif isinstance(recipe, Mapping):
        told = [f"{_(words)} {recipe[name]:g}" for name, words in _RECIPE.items() if _is_number(recipe.get(name))]
        yield _("Recipe"), ", ".join(told)
    seeds = evidence.get("seeds", evidence.get("seed"))
    listed = seeds if isinstance(seeds, list) else [seeds]
    if told := [str(each) for each in listed if isinstance(each, int | str) and not isinstance(each, bool)]:
        yield (_("Seed") if len(told) == 1 else _("Seeds")), ", ".join(told)
    device = evidence.get("device")
    if isinstance(device, str) and device:
        yield _("Trained on"), words.device(device, _)


def curves(evidence: Mapping[str, Any]) -> tuple[list[charts.Point], list[charts.Point]]:
    """What the evidence tells of the way: (step, loss), and (step, accuracy on held-out images)."""
    curve = evidence.get("curve")
    rows = [row for row in (curve if isinstance(curve, list) else []) if isinstance(row, list) and len(row) >= 2]
    losses = [(float(row[0]), float(row[1])) for row in rows if _is_number(row[0]) and _is_number(row[1])]
    reached = [
        (float(row[0]), float(row[2])) for row in rows if len(row) > 2 and _is_number(row[0]) and _is_number(row[2])
    ]
    return losses or _spaced(evidence.get("losses"), evidence.get("steps")), reached


def _charts(evidence: Mapping[str, Any], _: Language) -> Iterator[Chart]:
    losses, reached = curves(evidence)
    x = _("step")
    if len(losses) > 1:
        caption = _(
            "Loss while training: from {first} to {last}", first=f"{losses[0][1]:.3g}", last=f"{losses[-1][1]:.3g}"
        )
        yield Chart(caption, charts.line_chart(losses, x=x, label=caption))
    if len(reached) > 1:
        caption = _("Accuracy on held-out images: up to {last}", last=_share(max(value for _, value in reached)))
        recipe = evidence.get("recipe")
        goal: Any = recipe.get("full") if isinstance(recipe, Mapping) else None
        if not _is_number(goal):
            goal = None
        else:
            caption += _("; dashed: full credit")
        yield Chart(caption, charts.line_chart(reached, x=x, label=caption, share=True, goal=goal))


def _spaced(losses: Any, steps: Any) -> list[charts.Point]:
    """Losses at even distances up to the last step."""
    found = losses if isinstance(losses, list) else []
    last = float(steps) if _is_number(steps) and steps > 0 else float(len(found))
    return [
        (last * number / max(1, len(found) - 1), float(loss)) for number, loss in enumerate(found) if _is_number(loss)
    ]


def confusion(found: Any, names: Sequence[str], _: Language) -> Confusion | None:
    """The table of a square matrix of counts."""
    if not isinstance(found, list) or not 2 <= len(found) <= _MOST_CLASSES:
        return None
    size = len(found)
    if not all(
        isinstance(row, list) and len(row) == size and all(type(each) is int and each >= 0 for each in row)
        for row in found
    ):
        return None
    named = list(names) if len(names) == size else [str(number) for number in range(size)]
    largest = max(max(row) for row in found) or 1
    rows = [
        [Count(str(each), min(4, math.ceil(4 * each / largest)), i == j) for j, each in enumerate(row)]
        for i, row in enumerate(found)
    ]
    wrong = sorted(
        ((each, i, j) for i, row in enumerate(found) for j, each in enumerate(row) if i != j and each), reverse=True
    )
    told = [
        _("{one} taken for {other}: {count}", one=named[i], other=named[j], count=each)
        for each, i, j in wrong[:_MIXED_UP]
    ]
    return Confusion(named, rows, told)


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _numbers(value: Any) -> list[float]:
    return [each for each in value if _is_number(each)] if isinstance(value, list) else []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
