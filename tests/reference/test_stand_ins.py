"""The stand-ins, run from their source text alone, answer like the right answers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from reference.hw2_cnn.stand_ins import STAND_INS, source
from tests.reference.asking import ASKED, Target, answers, same, solution


def executed(name: str) -> Target:
    """Define a stand-in the way a student's kernel does."""
    namespace: dict[str, Any] = {"torch": torch, "nn": nn, "F": F}
    exec(source(name), namespace)
    defined: Target = namespace[name]
    return defined


@pytest.mark.parametrize("item", [item for item in ASKED if item["target"] in STAND_INS], ids=lambda item: item["id"])
def test_a_stand_in_equals_the_right_answer(item: dict[str, Any]) -> None:
    stand_in = executed(item["target"])

    assert all(map(same, answers(item, stand_in), answers(item, solution(item["target"]))))


def test_the_stand_in_for_residual_keeps_the_names_of_the_book() -> None:
    names = [name for name, _ in executed("Residual")(4, use_1x1conv=True).named_children()]

    assert sorted(names) == ["bn1", "bn2", "conv1", "conv2", "conv3"]


def test_the_stand_in_for_vgg_block_is_sequential() -> None:
    assert type(executed("vgg_block")(1, 2)) is nn.Sequential


class Operators(TorchDispatchMode):
    """Notes the names of the operators that run inside it."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("name", ["corr2d", "corr2d_multi_in"])
def test_a_stand_in_uses_no_convolution_operator(name: str) -> None:
    shapes = ((3, 5), (2, 2)) if name == "corr2d" else ((2, 3, 5), (2, 2, 2))

    with Operators() as operators:
        executed(name)(*(torch.ones(shape) for shape in shapes))

    assert operators.names
    assert not [called for called in operators.names if "conv" in called]


def test_a_stand_in_takes_a_whole_kernel_with_a_floating_image() -> None:
    Y = executed("corr2d")(torch.ones(2, 3), torch.tensor([[1, -1]]))

    assert Y.tolist() == [[0, 0], [0, 0]]
