"""Many looks, one error rate: what is stopped because it has learned enough has learned enough."""

from __future__ import annotations

import math

import numpy as np
import pytest

from grader.kernel.inside.certainty import certain, divergence


@pytest.mark.parametrize("images", [50, 200, 1000])
@pytest.mark.parametrize("accuracy", [0.3, 0.8, 0.95])
def test_looking_often_at_what_has_not_learned_enough_passes_it_no_oftener_than_promised(
    images: int, accuracy: float
) -> None:
    rng = np.random.default_rng(0)
    trainings, looks, rate = 2000, 40, 0.05

    passed = sum(
        any(certain(int(right), images, accuracy, look, rate) for look, right in enumerate(row, 1))
        for row in rng.binomial(images, accuracy, (trainings, looks))
    )

    assert passed / trainings <= rate


def test_without_sharing_the_rate_many_looks_would_break_it() -> None:
    rng = np.random.default_rng(0)
    rights = rng.binomial(200, 0.8, (2000, 40))

    passed = sum(any(certain(int(right), 200, 0.8, 1, 0.05) for right in row) for row in rights)

    assert passed / len(rights) > 0.05


@pytest.mark.parametrize(
    ("right", "look", "expected"), [(560, 1, True), (560, 10, True), (505, 1, False), (450, 1, False)]
)
def test_what_is_clearly_above_is_certain(right: int, look: int, expected: bool) -> None:
    assert certain(right, 1000, 0.45, look) is expected


def test_exactly_enough_and_less_are_never_certain() -> None:
    assert not certain(450, 1000, 0.45, 1)
    assert not certain(0, 1000, 0.0, 1)
    assert not certain(10**9, 10**9, 1.0, 1)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 1.0])
def test_divergence_is_that_of_two_coins(share: float) -> None:
    torch = pytest.importorskip("torch")
    coin, other = (torch.distributions.Bernoulli(torch.tensor(each, dtype=torch.float64)) for each in (share, 0.3))

    assert divergence(share, 0.3) == pytest.approx(float(torch.distributions.kl_divergence(coin, other)), abs=1e-12)
    assert divergence(share, share) == pytest.approx(0)
    assert divergence(0.5, 0.0) == math.inf
