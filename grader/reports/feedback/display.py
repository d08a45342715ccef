"""What a check in the notebook shows: as HTML for JupyterLab, VS Code and Colab, and as plain text that says the same.

A page that shows a notebook has a style of its own, light or dark, and may take style sheets away. So every style here
stands at its element, and no colour is chosen for one background: text has the colour around it, areas are tinted with
what shows through, and only signs with white letters are opaque.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from markupsafe import Markup

from grader.escaping import visible
from grader.records import Finding, Item, Outcome
from grader.reports.feedback import pictures, view, words
from grader.reports.feedback.languages import Language, language
from grader.reports.feedback.page import TEMPLATES
from grader.reports.feedback.sentences import translated
from grader.reports.web.templates import coded, template

_MOST_SAID: Final = 300  # characters of what Python says
_WIDTH: Final = 100  # of a line of text
_CODE: Final = Markup(
    '<code style="font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.92em;background:rgba(127,127,127,.17);'
    'color:inherit;border-radius:3px;padding:.05em .3em">{}</code>'
)
_coded: Final = functools.partial(coded, code=_CODE)


class State(StrEnum):
    """How far an item is."""

    JUDGED = "judged"
    TO_DO = "to do"  # not defined, or still the stub
    LATER = "later"  # nothing that can be found out here


@dataclass(frozen=True, slots=True)
class Row:
    """One item; `said` is the message of the exception that the finding names."""

    item: Item
    state: State
    finding: Finding | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything that is shown, top to bottom; `whole` where every item was asked for."""

    title: str
    rows: Sequence[Row] = ()
    problem: str = ""
    tag: str = "en"
    whole: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    """One item in the reader's language."""

    title: str
    place: str
    style: str  # passed, partial, failed, waiting, broken, skipped, or to_do
    sign: str
    verdict: str
    lines: Sequence[str]
    tensors: pictures.Tensors | None
    layers: pictures.Layers | None


def html(shown: Shown) -> str:
    """One element that holds no script and asks for nothing."""
    _ = language(shown.tag)
    return template(TEMPLATES / "display.html", translations=_.translations, coded=_coded).render(
        title=visible(shown.title),
        summary=_summary(shown, _),
        entries=list(_entries(shown, _)),
        to_do=_to_do(shown),
        problem=visible(shown.problem),
        tag=shown.tag,
        footer=_footer(shown, _),
    )


def text(shown: Shown) -> str:
    """The same as text."""
    _ = language(shown.tag)
    lines = [" – ".join(filter(None, (visible(shown.title), _summary(shown, _))))]
    for entry in _entries(shown, _):
        lines.append(f"{entry.sign} {entry.title}  ({', '.join(filter(None, (entry.verdict, entry.place)))})")
        lines += [f"    {line}" for line in entry.lines]
        if entry.tensors is not None:
            lines += _tensors(entry.tensors)
        if entry.layers is not None:
            lines += _layers(entry.layers)
    if names := _to_do(shown):
        lines.append(f"· {_('To do:')} {', '.join(names)}")
    lines += filter(None, (visible(shown.problem), _footer(shown, _)))
    return "\n".join(filter(None, lines))


def _summary(shown: Shown, _: Language) -> str:
    judged = [row for row in shown.rows if row.state is State.JUDGED and row.finding is not None]
    right = sum(row.finding is not None and row.finding.outcome is Outcome.PASSED for row in judged)
    return _("{right} of {count} right", right=right, count=len(judged)) if judged else ""


def _footer(shown: Shown, _: Language) -> str:
    if not shown.rows:
        return ""
    return _("Checked here, with public examples and without points. Hidden checks run after you hand in.")


def _to_do(shown: Shown) -> list[str]:
    """What is named together, because there is nothing to say of each."""
    if not shown.whole:
        return []
    return list(dict.fromkeys(visible(row.item.target) for row in shown.rows if row.state is State.TO_DO))


def _entries(shown: Shown, _: Language) -> Iterator[_Entry]:
    titles = {row.item.id: visible(row.item.title) for row in shown.rows}
    for row in shown.rows:
        if row.state is State.TO_DO and shown.whole:
            continue
        finding = row.finding
        sentences = [finding.message, finding.hint] if finding is not None else []
        lines = [
            " ".join(part.text for part in translated(visible(each), _, titles)) for each in filter(None, sentences)
        ]
        if row.said:
            said = visible(" ".join(row.said.split()))
            lines.append(_("Python says: {said}", said=said[:_MOST_SAID] + "…" * (len(said) > _MOST_SAID)))
        evidence = view.cleaned(finding.evidence) if finding is not None else {}
        style, sign, verdict = _verdict(row, _)
        if row.state is State.LATER and not lines:
            lines = [_("This is judged after you hand in.")]
        yield _Entry(
            title=visible(row.item.title),
            place=", ".join(filter(None, (visible(row.item.section), _cell(evidence)))),
            style=style,
            sign=sign,
            verdict=verdict,
            lines=lines,
            tensors=pictures.tensors(evidence.get("picture"), _),
            layers=pictures.layers(evidence, _),
        )


def _verdict(row: Row, _: Language) -> tuple[str, str, str]:
    match row.state:
        case State.TO_DO:
            return "to_do", "·", _("to do")
        case State.LATER:
            return "to_do", "…", _("later")
    assert row.finding is not None
    outcome = row.finding.outcome
    if outcome is Outcome.BROKEN:
        return outcome.value, "!", _("the check failed, not you")
    sign, verdict = words.verdict(outcome, row.finding.hint, _)
    return outcome.value, sign, verdict


def _cell(evidence: dict[str, object]) -> str:
    number = evidence.get("cell")
    return f"In [{number}]" if isinstance(number, int) and number > 0 else ""


# ---- as text ---------------------------------------------------------------------------------------------------------


def _tensors(picture: pictures.Tensors) -> Iterator[str]:
    """The tables beside each other as far as they fit; wrong values have a star, those in a frame stand in brackets."""
    block: list[str] = []
    for grid in picture.grids:
        drawn = _grid(grid)
        if block and len(block[0]) + 3 + len(drawn[0]) > _WIDTH:
            yield from block
            block = []
        height, width = max(len(block), len(drawn)), len(block[0]) if block else 0
        left = [*block, *[" " * width] * (height - len(block))] if block else [""] * height
        right = [*drawn, *[" " * len(drawn[0])] * (height - len(drawn))]
        block = [f"{a}{'   ' if a else '    '}{b}" for a, b in zip(left, right, strict=True)]
    yield from (line.rstrip() for line in block)


def _grid(grid: pictures.Grid) -> list[str]:
    cells = [[_marked(cell) for cell in row] for row in grid.rows]
    width = max(len(cell) for row in cells for cell in row)
    lines = [" ".join(cell.rjust(width) for cell in row) for row in cells]
    whole = max(len(grid.caption), *map(len, lines))
    return [grid.caption.ljust(whole), *(line.ljust(whole) for line in lines)]


def _marked(cell: pictures.Cell) -> str:
    marked = f"[{cell.text}]" if cell.framed else f" {cell.text} "
    return f"{marked}*" if cell.wrong else f"{marked} "


def _layers(picture: pictures.Layers) -> Iterator[str]:
    yield f"    {picture.caption}"
    for row in picture.rows:
        expected = f"  ({row.expected})" if row.expected else ""
        yield f"    {'→' if row.marked else ' '} {row.number:>2}  {row.name:<14} {row.output}{expected}"
