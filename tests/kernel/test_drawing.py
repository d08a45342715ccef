"""What a seed decides, and how much of it is kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from grader.kernel.inside import drawing

NUMBERS = (100, 10)
BYTES = 4 * 1000


@pytest.fixture(autouse=True)
def room() -> Iterator[None]:
    """For two tensors of these; nothing of other tests is left."""
    drawing.keep(0)
    drawing.normal((1,), 0, "the last of other tests")
    drawing.keep(2 * BYTES)
    yield
    drawing.keep(drawing.KEPT_BYTES)


def test_what_was_drawn_is_given_again_until_there_is_no_room() -> None:
    first, second = (drawing.normal(NUMBERS, seed, "parameter") for seed in (1, 2))

    again = drawing.normal(NUMBERS, 1, "parameter")
    third = drawing.normal(NUMBERS, 3, "parameter")

    assert again is first is drawing.normal(NUMBERS, 1, "parameter")  # the one that was wanted longest ago had to go
    assert third is drawing.normal(NUMBERS, 3, "parameter")
    anew = drawing.normal(NUMBERS, 2, "parameter")
    assert anew is not second and torch.equal(anew, second)


def test_what_is_larger_than_the_room_is_drawn_each_time_and_leaves_nothing_behind() -> None:
    large = drawing.normal((3000,), 1, "parameter")

    assert large is not drawing.normal((3000,), 1, "parameter")
    assert drawing._kept._bytes == 0


def test_seed_shape_role_and_law_tell_values_apart() -> None:
    drawing.keep(10 * BYTES)

    drawn = [
        drawing.normal(NUMBERS, 1, "parameter"),
        drawing.normal(NUMBERS, 2, "parameter"),
        drawing.normal(NUMBERS[::-1], 1, "parameter"),
        drawing.normal(NUMBERS, 1, "projection 0"),
        drawing.uniform(NUMBERS, 1, "parameter"),
    ]

    assert len({tuple(each.tolist()) for each in drawn}) == len(drawn)


def test_nobody_is_handed_the_values_that_are_kept_to_change_them() -> None:
    given = drawing.seeded(NUMBERS, 1, "cotangent")
    before = given.clone()

    given.zero_()

    assert torch.equal(drawing.seeded(NUMBERS, 1, "cotangent"), before)


def test_uniform_values_have_the_mean_and_the_variance_that_projections_count_on() -> None:
    drawn = drawing.uniform((100_000,), 5, "projection 0").double() - 0.5

    assert abs(float(drawn.mean())) < 0.005
    assert abs(float(drawn.var()) * 12 - 1) < 0.02
