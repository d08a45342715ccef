"""What commands cost together with everything they start: wall time, CPU time, peak of memory.

CPU time is counted by a performance event that every descendant inherits. What wait() tells is not enough: a process
whose parent ignores SIGCHLD, as those of a sandbox's template, is counted nowhere.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SAMPLED_S = 1.0  # looking at large processes costs milliseconds each
_PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}
# From linux/perf_event.h: struct perf_event_attr of type PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, inherit.
_TASK_CLOCK = struct.pack("<IIQQQQQ", 1, 112, 1, 0, 0, 0, 1 << 1).ljust(112, b"\0")
_CLOSE_ON_EXEC = 8


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one measurement; memory is the greatest sum of the processes' proportional shares, in MiB."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Sample:
    """The living processes that were started, at one moment: who started whom, and the memory of each in MiB."""

    children: Mapping[int, Sequence[int]]
    shares: Mapping[int, float]

    def below(self, root: int) -> list[int]:
        """Every process below one, nearest first."""
        found = list(self.children.get(root, ()))
        for pid in found:
            found += self.children.get(pid, ())
        return found


class Failed(Exception):
    """A command did not end as it should, or cannot be measured."""


def measured(
    commands: Sequence[Sequence[str]],
    log: Path,
    *,
    cwd: Path,
    env: Mapping[str, str],
    accepted: Sequence[int] = (0,),
    sampled: Callable[[Sample], None] = lambda sample: None,
) -> Cost:
    """Run commands beside each other and wait for all.

    Args:
        commands: what to start at the same time.
        log: takes what they print.
        cwd: where they run.
        env: their environment.
        accepted: exit codes that are no failure.
        sampled: sees the processes every second.

    Raises:
        Failed: one ended with another code, or this system counts no CPU time.
    """
    with log.open("wb") as out, _Watch(sampled) as watch, _task_clock() as clock:
        before, began = _seconds(clock), time.perf_counter()
        started = [subprocess.Popen(each, cwd=cwd, env=env, stdout=out, stderr=subprocess.STDOUT) for each in commands]
        codes = [each.wait() for each in started]
        wall, cpu = time.perf_counter() - began, _seconds(clock) - before
    if any(code not in accepted for code in codes):
        raise Failed(f"{' '.join(commands[0])} ended with {codes}:\n{log.read_text(errors='replace')[-3000:]}")
    return Cost(wall, cpu, watch.peak)


@contextlib.contextmanager
def _task_clock() -> Iterator[int]:
    """A descriptor that counts the CPU time of this thread and of all that it will start."""
    libc = ctypes.CDLL(None, use_errno=True)
    number = _PERF_EVENT_OPEN[os.uname().machine]
    descriptor = libc.syscall(number, _TASK_CLOCK, 0, -1, -1, _CLOSE_ON_EXEC)
    if descriptor < 0:
        reason = os.strerror(ctypes.get_errno())
        raise Failed(f"CPU time cannot be counted ({reason}); set kernel.perf_event_paranoid to 2 or less, or be root")
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _seconds(clock: int) -> float:
    return int.from_bytes(os.read(clock, 8), "little") / 1e9


class _Watch:
    """Adds up, every second, the memory of everything that this process started."""

    def __init__(self, sampled: Callable[[Sample], None]) -> None:
        self.peak = 0.0
        self._sampled = sampled
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(_SAMPLED_S):
            sample = _sample()
            self.peak = max(self.peak, sum(sample.shares.values()))
            self._sampled(sample)


def _sample() -> Sample:
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                stat = Path(entry.path, "stat").read_text(errors="replace")
                children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    started = Sample(children, {}).below(os.getpid())
    return Sample(children, {pid: _share(pid) for pid in started})


def _share(pid: int) -> float:
    """A process's proportional share of memory (PSS) in MiB; 0 when it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def machine() -> str:
    """What a figure belongs to; a load at the start means that something else was running."""
    return (
        f"{len(os.sched_getaffinity(0))} cores {os.uname().machine}, no GPU, load {os.getloadavg()[0]:.1f} at the start"
    )
