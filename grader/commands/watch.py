"""Who is told what happens while submissions are graded: the command line shows it, tests look at it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.commands.intake import Intake
from grader.records import Grade, Submission


@dataclass(frozen=True, slots=True)
class Idle:
    """How many submissions are not run."""

    rescored: int  # what was found out stands, what it is worth may not
    unchanged: int


@dataclass(frozen=True, slots=True)
class Watch:
    """What is called, with what; who does not care about the later ones leaves them out."""

    planned: Callable[[Sequence[Submission], Idle], None]  # what will be run, and how much will not
    began: Callable[[Submission], None]
    finished: Callable[[Grade], None]
    postponed: Callable[[Grade], None] = lambda grade: None  # ran out of time beside others; not the last word
    retrying: Callable[[Sequence[Submission]], None] = lambda todo: None  # those are now graded again, alone
    told: Callable[[str], None] = lambda sentence: None  # something to know before it starts
    took_in: Callable[[Intake], None] = lambda taken: None  # what was handed in and by whom, before it starts
    rescored: Callable[[Grade], None] = lambda grade: None  # without running anything
    stale: Callable[[Sequence[Submission]], None] = lambda todo: None  # could not be rescored, so they are run as well
    wrote: Callable[[Path], None] = lambda path: None  # a table
