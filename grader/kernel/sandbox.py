"""What a sandbox is: a confined process that serves one session, and how it is confined.

bubblewrap     the command that makes one, and so what it sees
system_calls   those that it may not make
confined       one that is started for one session; template: those that are forked
bounds         what keeps it within its limits
promises/      whether all that is true here

ATTACKS and promises: docs/security.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from grader.kernel.channel import Channel
from grader.records import Limits

PACKAGE = Path(__file__).resolve().parent.parent
INSIDE = ("__init__.py", "probes.py", "kernel/__init__.py", "kernel/channel.py", "kernel/wire.py", "kernel/inside")


@dataclass(frozen=True, slots=True)
class Place:
    """Where things lie as seen from inside."""

    python: str
    root: str  # the folder that holds the package grader
    work: str  # the notebook's working folder
    data: str | None  # training images


@dataclass(frozen=True, slots=True)
class Confinement:
    """How to confine: the backend and what one session is given.

    Args:
        backend: bubblewrap, or none for a plain process with limits.
        data: folder with training images, made by datasets.py.
        device: cpu, or cuda or cuda:1, which let a graphics card through (cards.py).
        threads: how many threads torch may use.
        secrets: folders that must not be visible even if they lie below something that is.
    """

    backend: str
    data: Path | None
    device: str = "cpu"
    threads: int = 1
    limits: Limits = field(default_factory=Limits)
    secrets: tuple[Path, ...] = ()


class Sandbox(Protocol):
    """A confined process that serves one session over its channel."""

    @property
    def channel(self) -> Channel:
        """The pipe to it."""
        ...

    @property
    def place(self) -> Place:
        """Where things lie inside."""
        ...

    def ended(self) -> int | None:
        """How its first process ended, as of waitpid, once it has; None before, or where that is not known."""
        ...

    def cause(self) -> str:
        """What its limits have ended, in our own words; "" when nothing."""
        ...

    def close(self) -> None:
        """Kill it and everything it started; it is gone when this returns."""
        ...
