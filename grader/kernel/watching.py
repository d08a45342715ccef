"""Where control groups may not be made: look at a session's processes again and again, and kill it above its limits.

That is weaker: memory may grow beyond the limit between two looks, and files in memory count only while they are open.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.records import Limits

_EVERY_S = 0.25


class Watch:
    """Looks after one session from a thread of its own. Has the methods of `cgroups.Group`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._cause = ""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)
        self._first = 0

    def starting(self, argv: Sequence[str]) -> list[str]:
        """The command as it is."""
        return list(argv)

    def admit(self, pid: int) -> None:
        """Watch this process and what it starts."""
        self._first = pid
        self._thread.start()

    def cause(self) -> str:
        """Why the session was killed, in our own words; "" when it was not."""
        return self._cause

    def close(self) -> None:
        """Look no more."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_EVERY_S):
            tree = below(self._first)
            if sum(threads for _, threads in tree) > self._limits.processes:
                self._cause = "started too many processes"
            elif memory([pid for pid, _ in tree]) > self._limits.memory_mb << 20:
                self._cause = "ran out of memory"
            else:
                continue
            for pid, _ in tree:  # the first one first: in a sandbox the others end with it
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def below(first: int) -> list[tuple[int, int]]:
    """A process and all that descend from it, each with the number of its threads; the process itself first."""
    rows = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            text = Path("/proc", entry, "stat").read_text()
            fields = text[text.rindex(")") + 2 :].split()  # from the third one of proc_pid_stat(5)
            rows[int(entry)] = int(fields[1]), int(fields[17])
    tree = [first] if first in rows else []
    for pid in tree:  # grows meanwhile
        tree += [child for child, (parent, _) in rows.items() if parent == pid]
    return [(pid, rows[pid][1]) for pid in tree]


def memory(pids: Sequence[int]) -> int:
    """The bytes of memory that these processes use: their share of what several have, and files in memory."""
    files: dict[tuple[int, int], int] = {}
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            total += sum(_kilobytes(pid)) << 10
        with contextlib.suppress(OSError):
            for status in _files_in_memory(pid):
                files[status.st_dev, status.st_ino] = status.st_blocks * 512
    return total + sum(files.values())


def _kilobytes(pid: int) -> Iterator[int]:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in ("Pss_Anon", "Pss_Shmem"):
            yield int(rest.split()[0])


def _files_in_memory(pid: int) -> Iterator[os.stat_result]:
    folder = f"/proc/{pid}/fd"
    for fd in os.listdir(folder):
        with contextlib.suppress(OSError):
            if os.readlink(f"{folder}/{fd}").startswith("/memfd:"):
                yield os.stat(f"{folder}/{fd}")
