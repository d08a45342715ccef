"""Weights of strangers: what is no file of theirs is refused, and what fits only by its shapes is not believed."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import nn

from grader.kernel.inside import precision, training
from grader.kernel.inside.scores import answers
from grader.kernel.inside.weights import uses, weights
from grader.measuring import loading
from grader.measuring.session import Measuring
from grader.probes import Probe, Value
from tests.fakes import FakeSession

SHAPE, MOST = (28, 28), 1 << 20
IMAGES = torch.randint(0, 256, (20, *SHAPE), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def network(activation: type[nn.Module] = nn.Sigmoid) -> nn.Sequential:
    """A network with layers of every kind that weights are told by."""
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=2), nn.BatchNorm2d(4), activation(), nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4), activation(),
        nn.Flatten(), nn.Linear(484, 8), activation(), nn.Linear(8, 10),
    )  # fmt: skip


class Shuffled(nn.Module):
    """The same network with its parts made in another order, under other names."""

    def __init__(self) -> None:
        super().__init__()
        self.z = nn.Linear(8, 10)
        self.m, self.y = nn.BatchNorm2d(4, momentum=0.4), nn.Linear(484, 8)
        self.b, self.a = nn.Conv2d(4, 4, 3), nn.Conv2d(1, 4, 3, stride=2)
        self.n = nn.BatchNorm2d(4)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        X = self.m(self.a(X)).sigmoid()
        said: torch.Tensor = self.z(self.y(self.n(self.b(X)).sigmoid().flatten(1)).sigmoid())
        return said


def sent(model: nn.Module) -> Value:
    """What the sandbox sends of a trained network."""
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape) + 0.1)
    training.trained["net"] = model.eval()
    try:
        return weights(None, Probe("weights", "net", options={"size": 28, "shape": list(SHAPE), "bytes": MOST}), {})
    finally:
        del training.trained["net"]


def loaded(model: nn.Module) -> nn.Module | None:
    theirs = loading.read(sent(model), MOST)
    into = loading.architecture(network, (), {}, shape=SHAPE, size=28, device="cpu")
    assert theirs is not None and into is not None
    return loading.reproducing(into, theirs, IMAGES, answers(model, IMAGES, 28), size=28)


def test_weights_find_their_places_whatever_they_are_called() -> None:
    model = Shuffled()

    found = loaded(model)

    assert found is not None
    assert torch.allclose(answers(found, IMAGES, 28), answers(model, IMAGES, 28), atol=1e-4)


def test_another_activation_has_the_same_shapes_and_is_not_believed() -> None:
    assert loaded(network(nn.ReLU)) is None


def test_another_architecture_is_not_believed() -> None:
    assert loaded(nn.Sequential(nn.Flatten(), nn.Linear(784, 10))) is None


def test_a_forward_that_changes_its_weights_when_looked_at_is_not_believed() -> None:
    class Changing(Shuffled):
        def forward(self, X: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                self.z.weight.mul_(-1.5)
            return super().forward(X)

    assert loaded(Changing()) is None


def test_the_order_of_use_names_each_tensor_once() -> None:
    model = network()

    found = uses(model.eval(), torch.zeros(1, 1, 28, 28))

    assert [each.kind for each in found] == ["conv", "norm", "conv", "norm", "linear", "linear"]
    assert found[1].tensors["variance"] is model[1].running_var
    assert found[1].tensors["bias"] is model[1].bias


def test_more_than_was_asked_for_is_not_sent() -> None:
    training.trained["net"] = nn.Linear(784, 10)
    probe = Probe("weights", "net", options={"size": 28, "shape": [28, 28], "bytes": 1000})

    assert weights(None, probe, {}) is None


# ---- files of strangers ----------------------------------------------------------------------------------------------


def content(packed: bytes) -> torch.Tensor:
    return torch.frombuffer(bytearray(packed), dtype=torch.uint8)


def forged(header: Any, body: bytes = b"") -> torch.Tensor:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return content(struct.pack("<Q", len(text)) + text + body)


GOOD = "00000.00000.conv.weight"
ROW = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


@pytest.mark.parametrize(
    "value",
    [
        None,
        [1, 2],
        torch.zeros(4),
        content(b"x" * 3),
        content(b"\x80\x05K\x01."),
        forged(b"{" * 100),
        forged({GOOD: {**ROW, "data_offsets": [0, 1 << 60]}}, bytes(4)),
        forged({GOOD: {**ROW, "shape": [1 << 62, 1 << 62]}}, bytes(4)),
        forged({GOOD: {**ROW, "dtype": "F1"}}, bytes(4)),
        forged({GOOD: ROW, "00001.00000.conv.bias": ROW}, bytes(4)),
        forged({"../../etc/passwd": ROW}, bytes(4)),
        forged({"00000.00000.shell.weight": ROW}, bytes(4)),
        content(safetensors.torch.save({GOOD: torch.ones(4, dtype=torch.int64)})),
        content(safetensors.torch.save({GOOD: torch.zeros(MOST)})),
        content(safetensors.torch.save({f"{n:05d}.00000.other.{n}": torch.zeros(1) for n in range(5000)})),
    ],
    ids=[
        *("none", "list", "floats", "short", "pickle", "braces", "beyond", "huge", "dtype", "overlap"),
        *("path", "kind", "integers", "too-large", "too-many"),
    ],
)  # fmt: skip
def test_what_is_no_file_of_weights_is_refused(value: Value) -> None:
    assert loading.read(value, MOST) is None


def test_numbers_that_are_none_are_not_believed() -> None:
    into = loading.architecture(network, (), {}, shape=SHAPE, size=28, device="cpu")
    theirs = loading.read(sent(network()), MOST)
    assert into is not None and theirs is not None

    assert loading.reproducing(into, theirs, IMAGES, torch.full((20, 10), torch.nan), size=28) is None


@pytest.mark.parametrize(
    ("device", "card", "where"), [("cuda", "cuda:1", "cuda:1"), ("cuda", "", "cuda"), ("cpu", "cuda:1", "cpu")]
)
def test_it_is_measured_on_the_card_that_was_lent(
    monkeypatch: pytest.MonkeyPatch, device: str, card: str, where: str
) -> None:
    """Where the reference would be put; no machine without a card can put it there."""
    asked: list[str] = []

    def architecture(make: object, *given: object, shape: Sequence[int], size: int, device: str) -> None:
        asked.append(device)

    monkeypatch.setattr(loading, "architecture", architecture)
    options = {"data": "fashion_mnist", "test": 20, "size": 28, "device": device}

    list(Measuring(FakeSession({}), {"net": network}, card=card).ask([Probe("measured", "net", options=options)]))

    assert asked == [where]


def test_it_is_measured_as_exactly_as_the_sandbox_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a card, shorter formats on one side alone would make the weights look like those of another network."""
    set_to: list[tuple[str, bool]] = []

    def architecture(*given: object, **more: object) -> None:
        set_to.append((torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32))

    monkeypatch.setattr(loading, "architecture", architecture)
    options = {"data": "fashion_mnist", "test": 20, "size": 28, "device": "cpu"}
    put_back = precision.kept()
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True

    list(Measuring(FakeSession({}), {"net": network}).ask([Probe("measured", "net", options=options)]))

    put_back()
    assert set_to == [("highest", False)]
