"""How far a run is: who is done, who runs since when and at which stage, and how long the rest will take."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Running:
    """One student whose submission is being graded."""

    student: str
    seconds: float
    stage: str


@dataclass(slots=True)
class Tally:
    """Counts what a run tells.

    Args:
        clock: seconds that never go back.
    """

    clock: Callable[[], float] = time.monotonic
    total: int = 0
    done: int = 0
    _took: list[float] = field(default_factory=list)
    _began: dict[str, float] = field(default_factory=dict)
    _stages: dict[str, str] = field(default_factory=dict)
    _workers: int = 1  # as many as have ever run at a time

    def began(self, student: str) -> None:
        """A worker takes it up."""
        self._began[student] = self.clock()
        self._workers = max(self._workers, len(self._began))

    def at(self, student: str, stage: str) -> None:
        """It has come so far."""
        if student in self._began:
            self._stages[student] = stage

    def finished(self, student: str) -> None:
        """It is done for good."""
        self.done += 1
        if student in self._began:
            self._took.append(self.clock() - self._began[student])
        self.put_off(student)

    def put_off(self, student: str) -> None:
        """It runs no more, and is not done."""
        self._began.pop(student, None)
        self._stages.pop(student, None)

    def alone(self) -> None:
        """From here on one runs at a time."""
        self._workers = 1

    def running(self) -> list[Running]:
        """Those who run, the longest first."""
        moment = self.clock()
        found = [Running(name, moment - start, self._stages.get(name, "")) for name, start in list(self._began.items())]
        return sorted(found, key=lambda each: -each.seconds)

    def left_s(self) -> float | None:
        """Seconds until all is done, by the median of what is done, shared among the workers.

        None where nobody knows: before the first is done, and where the last run longer than usual.
        """
        if not self._took:
            return None
        usual = statistics.median(self._took)
        running = self.running()
        waiting = max(self.total - self.done - len(running), 0)
        rest = [max(usual - each.seconds, 0.0) for each in running]
        left = max((waiting * usual + sum(rest)) / self._workers, *rest, 0.0)
        return None if running and not left else left


def span(seconds: float) -> str:
    """A duration as people say it, such as `45 s`, `3 min` or `1 h 20 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
