"""Tests that need a graphics card: `make gpu-check` runs them where there is one; elsewhere they are skipped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from grader import datasets
from grader.commands.isolation import bubblewrap_problem
from grader.kernel.sandbox import Confinement
from grader.kernel.template import Sandboxes
from grader.records import Limits

LIMITS = Limits(cell_s=120, probe_s=60, train_s=200, memory_mb=16384)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    without = pytest.mark.skip(reason="needs a GPU: make gpu-check")
    for item in items:
        if item.get_closest_marker("gpu") and not torch.cuda.is_available():
            item.add_marker(without)


@pytest.fixture(scope="session", params=["forked", "cold", "unconfined"])
def on_the_card(request: pytest.FixtureRequest) -> Iterator[Sandboxes]:
    """Sandboxes that are given the card, of each kind."""
    backend = "none" if request.param == "unconfined" else "bubblewrap"
    if backend == "bubblewrap" and (problem := bubblewrap_problem()):
        pytest.skip(f"{problem}: sessions on the card could only be tried without a sandbox")
    confinement = Confinement(backend, datasets.training_folder(), device="cuda", limits=LIMITS)
    with Sandboxes(confinement, warm=request.param == "forked") as sandboxes:
        yield sandboxes
        assert sandboxes.isolation.split()[0] == {"forked": "forked", "cold": "bubblewrap"}.get(request.param, "none")


@pytest.fixture(scope="session")
def beside_the_card() -> Iterator[Sandboxes]:
    """Sandboxes that are not given the card."""
    confinement = Confinement("none", datasets.training_folder(), limits=LIMITS)
    with Sandboxes(confinement, warm=False) as sandboxes:
        yield sandboxes
