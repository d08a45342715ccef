"""How long the notebooks of one submission may run, all together."""

from __future__ import annotations

import pytest

from grader.kernel.allowance import Allowance
from grader.records import Limits


@pytest.mark.parametrize(("used", "left"), [(0.0, True), (79.9, True), (80.0, False), (81.0, False)])
def test_a_submission_may_run_eight_times_as_long_as_a_notebook(used: float, left: bool) -> None:
    allowance = Allowance.of(Limits(total_s=10))
    assert allowance.used == 0

    allowance.used += used

    assert allowance.left is left
    assert str(allowance) == "the notebooks of this submission ran for more than 80 s together"
