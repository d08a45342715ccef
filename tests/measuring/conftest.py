"""One warm template for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.measuring.bench import Bench, opened


@pytest.fixture(scope="session")
def homework() -> Iterator[Bench]:
    with opened("hw2-cnn", "fashion_mnist") as bench:
        yield bench


@pytest.fixture(scope="session")
def lab() -> Iterator[Bench]:
    with opened("lab-cnn", "mnist") as bench:
        yield bench
