"""A summary as tables for the terminal, and as the page docs/validity.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from grader.verifying.summary import DefinitionRow, ItemRow, Share, Summary

_HEADS = ("item", "reference", "stub", "styles", "mistakes refused", "told by name", "made up refused")
_MUTANT_HEADS = (
    "definition",
    "judged by",
    "mutants caught",
    "no difference",
    "survivors",
    "noticed by the book's examples",
)


def tables(summary: Summary) -> Group:
    """A line per item, a line per definition, survivors and holes."""
    parts: list[RenderableType] = [_table(_HEADS, [_cells(row) for row in summary.items])]
    parts.append(_table(_MUTANT_HEADS, [_mutant_cells(row) for row in summary.definitions]))
    unexplained = [each for each in summary.survivors if not each.reason]
    parts += [Text(f"survivor: {each.subject}, line {each.line}: {each.name}", "yellow") for each in unexplained]
    parts += [Text(f"note: {note}", "dim") for note in summary.notes]
    parts += [Text(f"hole: {hole}", "bold red") for hole in summary.holes]
    parts.append(_verdict(summary))
    return Group(*parts)


def _verdict(summary: Summary) -> Text:
    mutants = f"{summary.mutants} mutants that make a difference are caught ({_percent(summary.mutants)})"
    if summary.holes:
        holes = "1 hole" if len(summary.holes) == 1 else f"{len(summary.holes)} holes"
        return Text(f"{holes}; {mutants}.", "bold red")
    return Text(f"No hole; {mutants}.", "green")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1))
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, _style(cell)) for cell in row))
    return table


def _style(cell: str) -> str:
    count, slash, total = cell.partition("/")
    return "yellow" if slash and count.isdigit() and count != total else "bold red" if cell == "no" else ""


def _cells(row: ItemRow) -> list[str]:
    shares = (row.styles, row.caught, row.named, row.made_up)
    return [row.item.id, _word(row.right), _word(row.stub, "earns nothing"), *map(str, shares)]


def _mutant_cells(row: DefinitionRow) -> list[str]:
    return [row.name, ", ".join(row.items), str(row.caught), str(row.explained), str(row.survivors), str(row.book)]


def _word(right: bool | None, yes: str = "earns all") -> str:
    return "–" if right is None else yes if right else "no"


def _percent(share: Share) -> str:
    return f"{share.count / share.total:.1%}" if share.total else "–"


# ---- docs/validity.md ------------------------------------------------------------------------------------------------


def markdown(summaries: Sequence[Summary], version: str, date: str, before: str = "") -> str:
    """The page that says how right the marks are.

    Args:
        summaries: one per assignment.
        version: of the grader.
        date: of the run, ISO 8601.
        before: the page as it is; what it says of other assignments stays.
    """
    parts = {part.split("\n", 1)[0]: f"## {part.rstrip()}" for part in f"\n{before}".split("\n## ")[1:]}
    for each in summaries:
        told = "\n".join(_assignment(each))
        mine = next((head for head in parts if head.endswith(f"(`{each.assignment.name}`)")), each.assignment.name)
        parts[mine] = told.strip("\n")
    return "\n\n".join(["\n".join(_head(version, date)), *parts.values()]) + "\n"


def _head(version: str, date: str) -> Iterator[str]:
    written = f"Written by `grader verify --report docs/validity.md` ({date}, version {version}); not edited by hand."
    yield from _PREFACE.format(written=written).splitlines()


_PREFACE = """\
# How right are the marks?

{written}

Each check is asked about answers whose worth is known beforehand:

- the **reference** and right solutions in many **styles** (`reference/<name>/styles/`), which must earn everything;
- the **stubs** that students receive, which must earn nothing;
- named **mistakes** that students make (`misconceptions`), each of which must be refused, and told by its sentence;
- **mutants**: the reference with one small mistake made by rule (an operator, a constant, an argument, a layer left
  out or swapped, another activation), which must be refused unless they make no difference;
- answers that are **made up** without computing: zeros, ones, the input, its mean, NaN, and what an earlier case of the
  same shapes gave.

The same mutants are put before the examples that the book prints, as assertions: the last column of the second table
is what a notebook with such assertions would have noticed."""


def _assignment(summary: Summary) -> Iterator[str]:
    yield ""
    yield f"## {summary.assignment.title} (`{summary.assignment.name}`)"
    yield ""
    yield from _headline(summary)
    yield ""
    yield from _markdown_table(_HEADS, [_cells(row) for row in summary.items])
    yield ""
    if summary.definitions:
        yield from _markdown_table(_MUTANT_HEADS, [_mutant_cells(row) for row in summary.definitions])
        yield ""
    if summary.survivors:
        yield "### Mutants that nothing refuses, and why"
        yield ""
        rows = [
            [each.subject, str(each.line), f"`{each.name}`", each.reason or "**not explained**"]
            for each in summary.survivors
        ]
        yield from _markdown_table(("definition", "line", "change", "why it makes no difference"), rows)
    if summary.holes:
        yield ""
        yield "### Holes"
        yield ""
        yield from (f"- {hole}" for hole in summary.holes)


def _headline(summary: Summary) -> Iterator[str]:
    rows, definitions = summary.items, summary.definitions
    named, refused = sum(row.named.count for row in rows), sum(row.named.total for row in rows)
    styles = _sum([row.styles for row in rows])
    caught, book = _sum([row.caught for row in definitions]), _sum([row.book for row in definitions])
    explained = sum(row.explained for row in definitions)
    yield f"- Right solutions accepted: {styles} (style × item)."
    yield f"- Mistakes told by their own sentence where they are refused: {named}/{refused} (mistake × item)."
    yield f"- Made-up answers refused: {_sum([row.made_up for row in rows])}."
    yield (
        f"- Mutants caught: {caught} ({_percent(caught)}); {explained} of the others make no difference, so that "
        f"{_percent(summary.mutants)} of those that do are caught."
    )
    yield f"- The book's printed examples notice {book} of them ({_percent(book)})."


def _sum(shares: Sequence[Share]) -> Share:
    return Share(sum(each.count for each in shares), sum(each.total for each in shares))


def _markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'|'.join('---' if number == 0 else '---:' for number in range(len(heads)))}|"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
