"""The processes of this machine as /proc shows them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Seen:
    """One process; its start makes it another than a later one of the same number."""

    pid: int
    parent: int
    start: int
    command: str


def living() -> dict[int, Seen]:
    """Every process that is no zombie."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended meanwhile
            continue
        if fields[0] != "Z":
            pid = int(folder.name)
            found[pid] = Seen(pid, int(fields[1]), int(fields[19]), command)
    return found


def below(pid: int) -> list[Seen]:
    """What this process started, and what that started, from the top down."""
    everyone = living().values()
    found = [each for each in everyone if each.parent == pid]
    for parent in found:
        found += [each for each in everyone if each.parent == parent.pid]
    return found


def left_of(seen: list[Seen], *, within_s: float = 20.0) -> list[Seen]:
    """Those that still live after some time to end."""

    def left() -> list[Seen]:
        now = living()
        return [each for each in seen if each.pid in now and now[each.pid].start == each.start]

    until(lambda: not left(), within_s)
    return left()


def until(true: Callable[[], object], within_s: float = 60.0) -> None:
    """Wait until something is true, or the time is over."""
    deadline = time.monotonic() + within_s
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
