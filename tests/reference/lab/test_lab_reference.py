"""The lab's reference: the shapes of its description, one network per notebook, inputs that are seeded."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from reference.lab_cnn import inputs, solutions

SHAPES = {
    (1, 28, 28): [(32, 28, 28), (32, 14, 14), (64, 14, 14), (64, 7, 7), (128,), (10,)],
    (3, 32, 32): [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120,), (84,), (10,)],
}
GENERATORS = {(1, 28, 28): inputs.mnist_inputs, (3, 32, 32): inputs.cifar10_inputs}


@pytest.mark.parametrize("size", SHAPES, ids=str)
def test_the_layers_have_the_shapes_of_the_description(size: tuple[int, int, int]) -> None:
    network = solutions.CNN()
    seen: list[tuple[int, ...]] = []

    def note(layer: nn.Module, _: Any, output: torch.Tensor) -> None:
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.Linear):
            seen.append(tuple(output.shape[1:]))

    for layer in network.modules():
        layer.register_forward_hook(note)
    network(torch.rand(2, *size))

    assert seen == SHAPES[size]


def test_each_kind_of_image_has_a_network_of_its_own() -> None:
    network = solutions.CNN()

    network(torch.rand(2, 1, 28, 28)).sum().backward()

    assert all(each.grad is not None for each in network.digits.parameters())
    assert all(each.grad is None for each in network.photographs.parameters())


@pytest.mark.parametrize("size", GENERATORS, ids=str)
def test_inputs_are_images_with_and_without_normalisation(size: tuple[int, int, int]) -> None:
    drawn = [GENERATORS[size](torch.Generator().manual_seed(3), case) for case in range(3)]

    assert [(given.args, given.kwargs) for given in drawn] == [((), {})] * 3
    assert {tuple(given.inputs[0].shape[1:]) for given in drawn} == {size}
    assert len({len(given.inputs[0]) for given in drawn}) == 3
    assert [bool((given.inputs[0] < 0).any()) for given in drawn] == [False, True, False]


@pytest.mark.parametrize("size", GENERATORS, ids=str)
def test_the_same_seed_gives_the_same_images_and_another_gives_others(size: tuple[int, int, int]) -> None:
    first, again, other = (GENERATORS[size](torch.Generator().manual_seed(seed), 0).inputs[0] for seed in (3, 3, 4))

    assert torch.equal(first, again)
    assert not torch.equal(first, other)
