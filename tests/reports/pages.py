"""Grades to make feedback pages of, and a reader of HTML that minds every tag."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from grader.records import Assignment, Item, Outcome, Status
from grader.rows import GradeRow, ItemRow
from tests import stored

VOID = frozenset({"meta", "br", "input", "rect", "line", "circle", "polyline"})


def item(id: str, outcome: Outcome, earned: float = 0.0, possible: float = 4.0, **changed: Any) -> ItemRow:
    possible = possible if outcome.decided else 0.0
    values: dict[str, Any] = {
        "item": id,
        "section": "7.2",
        "title": f"about {id}",
        "target": id,
        "check": "returns_close",
        "outcome": outcome,
        "credit": earned / possible if possible else 0.0,
        "earned": earned,
        "possible": possible,
        "message": "",
    }
    return ItemRow(**(values | changed))


def row(*items: ItemRow, **changed: Any) -> GradeRow:
    values: dict[str, Any] = {
        "student_id": "2024000101",
        "student_name": "김하늘",
        "submission": "2024000101.ipynb",
        "isolation": "forked",
        "started": "2026-11-22T12:00:00+00:00",
        "grader_version": "0.1.0",
    }
    return stored.row(*items, **(values | changed))


PICTURE = {
    "inputs": [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[1.0, -1.0]]],
    "got": [[1.0, 1.0], [1.0, None]],
    "expected": [[-1.0, -1.0], [-1.0, -1.0]],
    "wrong": [[False, True], [False, True]],
    "kind": "kernel",
    "window": [0, 1, 1, 2],
}
TRAINED = {
    "accuracy": 0.628,
    "accuracies": [0.628, 0.61, 0.64],
    "seeds": [11, 12, 13],
    "steps": 150,
    "device": "cpu",
    "profile": "quick",
    "data": "fashion_mnist",
    "recipe": {"steps": 150, "batch": 64, "lr": 0.003, "size": 28, "train": 9600, "none": 0.2, "full": 0.45},
    "curve": [[10, 2.3, 0.12], [80, 1.4, 0.41], [150, 0.95, 0.62]],
    "machines": [["Python", "3.10.12", "3.11.7"], ["GPU", "T4", "no"], ["same", "1", "1"]],
    "confusion": [[8 if i == j else int((i, j) == (6, 0)) * 5 for j in range(10)] for i in range(10)],
}
NETWORK: dict[str, list[Any]] = {
    "trace": [
        ["convolution", [1, 6, 28, 28], [1, 1, 28, 28]],
        ["convolution", [1, 16, 14, 14], [1, 6, 14, 14]],
    ],
    "differs": [2, ["convolution", [1, 16, 10, 10], [1, 6, 14, 14]], ["convolution", [1, 16, 14, 14], [1, 6, 14, 14]]],
}
EVERYTHING = row(
    item("right", Outcome.PASSED, 4.0, message="20 of 20 cases agree with the reference."),
    item(
        "corr2d",
        Outcome.FAILED,
        message="3 of 20 cases are wrong.",
        hint="Follows from right.",
        evidence={"cell": 6, "notebook": "hw.ipynb", "picture": PICTURE},
    ),
    item("half", Outcome.PARTIAL, 1.5, section="7.6", check="has_shapes", evidence=NETWORK),
    item("trained", Outcome.PASSED, 4.0, section="7.6", check="learns", evidence=TRAINED),
    item(
        "written",
        Outcome.WAITING,
        section="7.6",
        check="answered",
        message="4 words wait for a reader.",
        evidence={"text": "first line\nsecond line", "comments": ["Well said."]},
    ),
    item("skipped", Outcome.SKIPPED, section="8.2"),
    item("broken", Outcome.BROKEN, section="8.2"),
    status=Status.PROVISIONAL,
)


def assignment(*items: ItemRow) -> Assignment:
    """What the rubric says of these items: each is worth 4 points."""
    from pathlib import Path

    asked = [Item(each.item, each.section, each.title, 4.0, each.check, each.target) for each in items]
    return Assignment("hw2-cnn", "Homework 2", Path("nb"), "ref", tuple(asked))


@dataclass
class Element:
    """One element of a page."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    inside: tuple[str, ...] = ()  # the tags around it

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())


@dataclass
class Read(HTMLParser):
    """A page as a list of its elements in order; it fails where tags do not match."""

    elements: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, "", tuple(each.tag for each in self._open))
        assert len(element.attributes) == len(attrs), f"an attribute of {tag} comes twice"
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        assert tag in VOID

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open[-1].tag == tag, f"</{tag}> closes {self._open[-1].tag if self._open else None}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for each in self._open:
            each.text += data

    def all(self, tag: str, *classes: str) -> list[Element]:
        """The elements of a tag that are of these classes."""
        return [each for each in self.elements if each.tag == tag and set(classes) <= each.classes]

    def one(self, tag: str, *classes: str) -> Element:
        """The only such element."""
        (found,) = self.all(tag, *classes)
        return found


def read(text: str) -> Read:
    """The page, whole."""
    reader = Read()
    reader.feed(text)
    reader.close()
    assert not reader._open
    return reader
