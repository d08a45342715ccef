"""What a notebook gives its network is found out, and our own images are made alike."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from grader.kernel.inside.given import Given, Scale


def bytes_in_batches(channels: int = 1, size: int = 28) -> Tensor:
    """Images in [0, 1] with black and white in every batch and channel: (64, channels, size, size)."""
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (64, channels, size, size), generator=generator).float() / 255


def seen(model: nn.Module, batches: list[Tensor], forward: nn.Module | None = None) -> Scale | None:
    given = Given()
    given.watch(model)
    for batch in batches:
        (forward or model)(batch)
    return given.scale()


def network(channels: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Sequential(nn.Conv2d(channels, 4, 3), nn.Conv2d(4, 2, 3)), nn.Flatten())


@pytest.mark.parametrize(
    ("shift", "spread"),
    [([0.0], [1.0]), ([0.5], [0.5]), ([0.1307], [0.3081]), ([0.0], [1 / 255]), ([0.4914, 0.4822, 0.4465], [0.2, 0.19, 0.3])],
    ids=["plain", "halves", "mnist", "bytes", "colours"],
)  # fmt: skip
def test_normalised_images_are_made_alike(shift: list[float], spread: list[float]) -> None:
    images = bytes_in_batches(len(shift))
    normalised = (images - torch.tensor(shift)[:, None, None]) / torch.tensor(spread)[:, None, None]

    scale = seen(network(len(shift)), [normalised] * 3)

    assert scale is not None
    assert torch.allclose(scale.made(images), normalised, atol=1e-4)


def test_images_of_another_size_are_made_alike() -> None:
    scale = seen(network(), [bytes_in_batches(size=32)] * 3)

    assert scale is not None
    assert scale.made(bytes_in_batches()).shape == (64, 1, 32, 32)


def test_grey_images_given_as_colour_are_made_alike() -> None:
    grey = bytes_in_batches()

    scale = seen(network(3), [grey.expand(-1, 3, -1, -1)] * 3)

    assert scale is not None
    assert torch.allclose(scale.made(grey), grey.expand(-1, 3, -1, -1))


def test_a_network_that_is_called_past_its_forward_is_seen_too() -> None:
    model = network()

    scale = seen(model, [bytes_in_batches()], forward=model[0])

    assert scale == Scale(1, (28, 28))


def test_layers_within_and_validation_are_not_taken_for_images() -> None:
    model = network()
    given = Given()
    given.watch(model)

    model.eval()(bytes_in_batches(size=40))
    model.train()(bytes_in_batches())
    model[0][0](bytes_in_batches(size=50))  # type: ignore[index]

    assert given.scale() == Scale(1, (28, 28))


def test_watching_ends_and_leaves_no_hook() -> None:
    model = network()

    seen(model, [bytes_in_batches()] * 10)

    assert not any(module._forward_pre_hooks for module in model.modules())


def test_a_network_that_is_given_no_images_has_no_scale() -> None:
    assert seen(nn.Sequential(nn.Linear(4, 2)), [torch.rand(3, 4)] * 3) is None
