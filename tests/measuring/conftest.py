"""A bench for each assignment, where any network can be put before its accuracy items."""

from __future__ import annotations

import pytest

from grader.kernel.template import Sandboxes
from tests.measuring.bench import Bench, opened


@pytest.fixture(scope="session")
def homework(forked: Sandboxes) -> Bench:
    return opened("hw2-cnn", "fashion_mnist", forked)


@pytest.fixture(scope="session")
def lab(forked: Sandboxes) -> Bench:
    return opened("lab-cnn", "mnist", forked)
