"""How long the notebooks of one submission may run and answer, all together; session.py asks before either.

One notebook that ends its sandbox again and again, each time just before its limit, would hold a worker for an hour,
and a submission may have fifty of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from grader.records import Limits

_TIMES = 8  # what a single notebook may take; students' notebooks take seconds


@dataclass(slots=True)
class Allowance:
    """Seconds for all runs and answers of one submission's notebooks; training that ends in time is not counted."""

    seconds: float
    used: float = 0.0

    @classmethod
    def of(cls, limits: Limits) -> Allowance:
        """The allowance of a submission whose notebooks have these limits."""
        return cls(_TIMES * limits.total_s)

    @property
    def left(self) -> bool:
        """Whether another run may begin."""
        return self.used < self.seconds

    def __str__(self) -> str:
        """Why there is no further run, for the student."""
        return f"the notebooks of this submission ran for more than {self.seconds:g} s together"
