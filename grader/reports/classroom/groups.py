"""The lists of students behind the numbers of a report, each with an anchor of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """How many students, and the anchor of their list; without any there is no list."""

    number: int
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A list of students by their positions, and what they have in common."""

    anchor: str
    title: str
    students: Sequence[int]
    unlisted: int = 0  # how many more there are, whom the table does not list


class Groups:
    """Numbers the lists of a report as they are met."""

    def __init__(self) -> None:
        self.met: list[Group] = []
        self._known: dict[tuple[str, tuple[int, ...]], Count] = {}

    def among(self, listed: Collection[int]) -> list[Group]:
        """The lists, of these students alone."""
        found = []
        for group in self.met:
            students = [position for position in group.students if position in listed]
            found.append(Group(group.anchor, group.title, students, len(group.students) - len(students)))
        return found

    def of(self, title: str, students: Iterable[int]) -> Count:
        """The number of these students, linked to their list."""
        positions = tuple(dict.fromkeys(students))
        if not positions:
            return Count(0)
        if (title, positions) not in self._known:
            group = Group(f"g{len(self.met)}", title, positions)
            self.met.append(group)
            self._known[title, positions] = Count(len(positions), group.anchor)
        return self._known[title, positions]
