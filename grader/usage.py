"""What the grader uses of this machine at the moment: memory of its processes, graphics cards. To look at, no more."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import psutil

_ASKED: Final = "index,utilization.gpu,memory.used,memory.total"
_PATIENCE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Card:
    """One graphics card; None where it does not tell."""

    number: str
    busy_percent: float | None
    used_mb: float | None
    total_mb: float | None


@dataclass(frozen=True, slots=True)
class Usage:
    """Of this process and all that it started."""

    memory_mb: float
    processes: int
    cards: tuple[Card, ...] = ()


def now(*, with_cards: bool) -> Usage:
    """Look; takes some milliseconds a process, and what nvidia-smi takes where cards are asked for."""
    import psutil  # here, because commands that run nothing need not wait for it

    used, count = 0.0, 0
    own = psutil.Process()
    for process in (own, *own.children(recursive=True)):
        with contextlib.suppress(psutil.Error):  # it has ended meanwhile
            used += _proportional(process)
            count += 1
    return Usage(used / 2**20, count, cards() if with_cards else ())


def _proportional(process: psutil.Process) -> float:
    """Bytes, those that are shared with others in part: forks share nearly everything with their template."""
    import psutil

    try:
        return float(process.memory_full_info().pss)
    except (psutil.AccessDenied, AttributeError):  # another account's, or not Linux
        return float(process.memory_info().rss)


def cards() -> tuple[Card, ...]:
    """The graphics cards as nvidia-smi sees them; none where it is not installed or does not answer."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    command = [program, f"--query-gpu={_ASKED}", "--format=csv,noheader,nounits"]
    try:
        ran = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE_S, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    rows = [[field.strip() for field in line.split(",")] for line in ran.stdout.splitlines()]
    return tuple(Card(row[0], *map(_number, row[1:])) for row in rows if len(row) == 4)


def _number(text: str) -> float | None:
    """A number; None for such as `[N/A]`, which a card that is divided (MIG) says."""
    try:
        return float(text)
    except ValueError:
        return None
