"""What the reference reaches by a recipe, over several seeds, and the floors that follow.

The rule: `full` lies below the worst seed by the greatest of three standard deviations of the seeds, three standard
errors of one measurement, and 0.03; `none` lies at three tenths of the way from chance to there. Both are rounded down
to hundredths. A network that learns as the reference does then misses full credit about never, and the ramp below it is
for those that learn less.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_DEVIATIONS = 3.0
_LEAST_MARGIN = 0.03
_NONE = 0.3  # of the way from chance to full credit


@dataclass(frozen=True, slots=True)
class Run:
    """One training of the reference.

    Args:
        seed: what it started from.
        accuracy: on the test images.
        seconds: of training and measuring; of the processor on a CPU, of the clock on a GPU.
    """

    seed: int
    accuracy: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Floors:
    """Accuracies: no credit up to `none`, full credit from `full`."""

    none: float
    full: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was measured for one item with one profile on one device.

    Args:
        runs: by seed, with the whole budget of steps.
        usual_s: seconds of one training that may end early, as a student's does.
        mistakes: by name of a misconception the accuracies it reached; none where it cannot be trained.
    """

    item: str
    recipe: Mapping[str, Any]
    runs: Sequence[Run]
    usual_s: float
    mistakes: Mapping[str, Sequence[float]] = field(default_factory=dict)

    @property
    def accuracies(self) -> list[float]:
        """Of all seeds, the lowest first."""
        return sorted(run.accuracy for run in self.runs)

    @property
    def mean(self) -> float:
        """The mean accuracy."""
        return statistics.fmean(self.accuracies)

    @property
    def deviation(self) -> float:
        """The standard deviation of the accuracies; 0 for a single one."""
        return statistics.stdev(self.accuracies) if len(self.runs) > 1 else 0.0

    @property
    def seconds(self) -> float:
        """The mean duration of a whole budget."""
        return statistics.fmean(run.seconds for run in self.runs)

    def floors(self, classes: int = 10) -> Floors:
        """What the rule above makes of it."""
        lowest = self.accuracies[0]
        error = math.sqrt(lowest * (1 - lowest) / float(self.recipe["test"]))
        full = lowest - max(_DEVIATIONS * self.deviation, _DEVIATIONS * error, _LEAST_MARGIN)
        chance = 1 / classes
        return Floors(_down(chance + _NONE * (full - chance)), _down(full))

    @property
    def safe(self) -> bool:
        """Whether the rubric asks for no more than the rule allows."""
        return float(self.recipe["full"]) <= self.floors().full


def _down(accuracy: float) -> float:
    """Rounded down to hundredths, but for what floating numbers are short of."""
    return math.floor(accuracy * 100 + 1e-9) / 100
