"""The notebooks of the comparison: 24 invented students, each with a style of their own for every part (solutions.txt).

Every other student makes one of the mistakes. The same student always writes the same notebook.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

STUDENTS = 24
# The parts of the homework in order, and the items that look at each; the names are those of rubric.yaml.
PARTS: Mapping[str, Sequence[str]] = {
    "imports": (),
    "corr2d": ("corr2d-values", "corr2d-gradient"),
    "layer": ("conv2d-layer",),
    "edges": ("edge-detection",),
    "learned": ("learned-kernel",),
    "padding": ("comp-conv2d",),
    "multi_in": ("corr2d-multi-in",),
    "multi_in_out": ("corr2d-multi-in-out",),
    "one_by_one": ("corr2d-1x1",),
    "pooling": ("pool2d-max", "pool2d-avg"),
    "library": ("library-pooling",),
    "residual": ("residual-identity", "residual-1x1"),
}
ITEMS = tuple(item for items in PARTS.values() for item in items)


@dataclass(frozen=True, slots=True)
class Solution:
    """One way to write a part; `fails` is the item that a mistake costs."""

    source: str
    fails: str = ""
    mistake: str = ""


@dataclass(frozen=True, slots=True)
class Student:
    """A student and the parts as written."""

    id: str
    solutions: Mapping[str, Solution]

    @property
    def wrong(self) -> Solution | None:
        """The part with the mistake, if there is one."""
        return next((each for each in self.solutions.values() if each.fails), None)


def read() -> tuple[Mapping[str, list[Solution]], Mapping[str, list[str]]]:
    """The solutions by part, and the small cells of the book by the part that they follow."""
    solutions: dict[str, list[Solution]] = {part: [] for part in PARTS}
    small: dict[str, list[str]] = {part: [] for part in PARTS}
    text = (Path(__file__).parent / "solutions.txt").read_text(encoding="utf-8")
    for block in text.split("\n# %% ")[1:]:
        title, _, source = block.partition("\n")
        name, _, words = title.partition(" ")
        if name.endswith("+"):
            small[name[:-1]].append(source.strip())
        elif name.endswith("!"):
            fails, _, mistake = words.partition(": ")
            solutions[name[:-1]].append(Solution(source.strip(), fails, mistake))
        else:
            solutions[name.rstrip(":")].append(Solution(source.strip()))
    return solutions, small


def students(count: int = STUDENTS) -> list[Student]:
    """The class: student number 2k makes the k-th mistake, the others none."""
    solutions, _ = read()
    mistakes = [(part, each) for part, written in solutions.items() for each in written if each.fails]
    made = []
    for number in range(1, count + 1):
        draw = random.Random(number)
        chosen = {
            part: draw.choice([each for each in written if not each.fails]) for part, written in solutions.items()
        }
        if number % 2 == 0:
            part, wrong = mistakes[(number // 2 - 1) % len(mistakes)]
            chosen[part] = wrong
        made.append(Student(f"student{number:02}", chosen))
    return made


def plain(part: str, source: str) -> list[NotebookNode]:
    """A part as students write it: one cell."""
    return [nbformat.v4.new_code_cell(source)]


def notebook(student: Student, written: Callable[[str, str], list[NotebookNode]] = plain) -> NotebookNode:
    """The notebook that a student hands in; `written` gives the cells for a part and its source."""
    _, small = read()
    cells = [nbformat.v4.new_markdown_cell(f"# HW2: convolutions ({student.id})")]
    for part, solution in student.solutions.items():
        cells += written(part, solution.source)
        cells += map(nbformat.v4.new_code_cell, small[part])
    for number, cell in enumerate(cells):
        cell["id"] = f"cell{number}"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=kernel)
