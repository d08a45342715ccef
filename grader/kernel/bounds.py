"""What keeps a session within its limits of memory and processes: a control group, or a watch where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from grader.errors import SandboxError
from grader.kernel import cgroups
from grader.kernel.cgroups import Group
from grader.kernel.watching import Watch
from grader.records import Limits


class Bounds(Protocol):
    """The bounds of one session."""

    def starting(self, argv: Sequence[str]) -> list[str]:
        """The command that starts another one within the bounds."""
        ...

    def admit(self, pid: int) -> None:
        """Hold a process and what it starts."""
        ...

    def cause(self) -> str:
        """What the bounds have ended, in our own words; "" when nothing."""
        ...

    def close(self) -> None:
        """Hold nothing any more."""
        ...


def strong() -> bool:
    """Whether this process may make control groups."""
    return bool(cgroups.trees())


def of(limits: Limits) -> Bounds:
    """The bounds of a new session.

    Raises:
        SandboxError: a control group cannot be made, though it could when the grader started.
    """
    try:
        return Group(cgroups.trees(), limits) if strong() else Watch(limits)
    except OSError as error:
        raise SandboxError(f"no control group could be made: {error}") from error
