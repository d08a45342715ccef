"""The input generators of HW2: seeded, varied, and answerable by the book's own code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from reference.hw2_cnn import inputs
from tests.reference.asking import ITEMS, arguments, same

GENERATED = [item for item in ITEMS if "inputs" in item.get("options", {})]
every_item = pytest.mark.parametrize("item", GENERATED, ids=lambda item: item["id"])


def tensors(given: Any) -> list[torch.Tensor]:
    """List the tensors among arguments."""

    def walk(value: Any) -> Iterator[torch.Tensor]:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, tuple):
            for part in value:
                yield from walk(part)

    return list(walk(tuple(given)))


def every_case(item: dict[str, Any], seed: int = 7) -> list[Any]:
    return [arguments(item, case, seed) for case in range(item["options"].get("cases", 1))]


@every_item
def test_the_same_seed_gives_the_same_arguments(item: dict[str, Any]) -> None:
    for first, second in zip(every_case(item), every_case(item), strict=True):
        assert [value.tolist() for value in tensors(first)] == [value.tolist() for value in tensors(second)]


@every_item
def test_another_seed_gives_other_values_in_the_same_shapes(item: dict[str, Any]) -> None:
    for first, second in zip(every_case(item), every_case(item, seed=8), strict=True):
        assert [value.shape for value in tensors(first)] == [value.shape for value in tensors(second)]
        assert sum(value.numel() for value in tensors(first)) < 4 or not same(tensors(first), tensors(second))


@every_item
def test_every_tensor_is_floating_and_of_one_dtype_per_case(item: dict[str, Any]) -> None:
    for given in every_case(item):
        assert len({value.dtype for value in tensors(given)}) == 1
        assert tensors(given)[0].is_floating_point()


@every_item
def test_the_global_generator_is_left_alone(item: dict[str, Any]) -> None:
    before = torch.get_rng_state()

    every_case(item)

    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("table", "generator"),
    [
        (inputs.CORR2D, "corr2d_inputs"),
        (inputs.COMP_CONV2D, "comp_conv2d_inputs"),
        (inputs.CHANNELS, "corr2d_multi_in_inputs"),
        (inputs.CHANNELS, "corr2d_multi_in_out_inputs"),
        (inputs.CHANNELS, "corr2d_1x1_inputs"),
        (inputs.POOL2D, "pool2d_max_inputs"),
        (inputs.POOL2D, "pool2d_avg_inputs"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_regime_occurs_within_the_cases_of_the_rubric(table: tuple[Any, ...], generator: str) -> None:
    cases = [item["options"]["cases"] for item in GENERATED if item["options"]["inputs"] == generator]

    assert min(cases) >= len(table)


def test_the_mode_of_pooling_is_left_out_given_by_position_and_by_keyword() -> None:
    generator = torch.Generator()

    maxima = [inputs.pool2d_max_inputs(generator, case) for case in range(15)]
    averages = [inputs.pool2d_avg_inputs(generator, case) for case in range(15)]

    assert {(given.args[2:], *given.kwargs.items()) for given in maxima} == {
        ((),),
        (("max",),),
        ((), ("mode", "max")),
    }
    assert {(given.args[2:], *given.kwargs.items()) for given in averages} == {(("avg",),), ((), ("mode", "avg"))}


def test_some_windows_of_pooling_are_negative_throughout() -> None:
    images = [inputs.pool2d_max_inputs(torch.Generator(), case).args[0] for case in range(15)]

    assert sum(bool((image < 0).all()) for image in images) >= 3
