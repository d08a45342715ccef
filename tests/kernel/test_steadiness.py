"""What is told of the weights of a network that is being trained, and how little looking at them costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from grader.kernel.inside.steadiness import Steadiness

STEPS = 5


class Operators(TorchDispatchMode):
    """Counts operators that compute something; views do not."""

    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += not func.is_view
        return func(*args, **(kwargs or {}))


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.PReLU(), nn.Flatten(), nn.Linear(64, 10))


def trained(between: Callable[[nn.Sequential], object], frozen: int = 0) -> dict[str, float]:
    """What is told of a training in which something else happens before every step."""
    model = network()
    parameters = list(model.parameters())
    steadiness = Steadiness(parameters, 1)
    for _ in range(STEPS):
        between(model)
        steadiness.stepping()
        with torch.no_grad():
            for parameter in parameters[frozen:]:
                parameter.sub_(0.01)
        steadiness.stepped()
    return steadiness.told()


def load(model: nn.Sequential) -> None:
    model.load_state_dict(network().state_dict())


def clip(model: nn.Sequential) -> None:
    nn.init.constant_(model[3].get_parameter("bias"), 0.5)


@pytest.mark.parametrize(
    ("between", "frozen", "told"),
    [
        (lambda model: None, 0, {"changed": 5, "replaced": 0, "touched": 0}),
        (lambda model: None, 3, {"changed": 2, "replaced": 0, "touched": 0}),
        (load, 0, {"changed": 5, "replaced": STEPS - 1, "touched": STEPS - 1}),
        (clip, 0, {"changed": 5, "replaced": 0, "touched": STEPS}),
    ],
    ids=["nothing", "nothing-some-frozen", "loads-weights", "sets-one-parameter"],
)
def test_what_else_changes_weights_is_told(
    between: Callable[[nn.Sequential], object], frozen: int, told: dict[str, float]
) -> None:
    assert trained(between, frozen) == told


def test_looking_takes_as_many_operators_for_many_parameters_as_for_few() -> None:
    counts = []
    for layers in (1, 20):
        steadiness = Steadiness(list(nn.ModuleList(nn.Conv2d(3, 5, 3) for _ in range(layers)).parameters()), 0)
        with Operators() as operators:  # type: ignore[no-untyped-call]
            steadiness.stepping()
            steadiness.stepped()
        counts.append(operators.count)

    assert counts[0] == counts[1]


def test_a_network_without_parameters_is_steady() -> None:
    steadiness = Steadiness([], 0)
    steadiness.stepping()
    steadiness.stepped()

    assert steadiness.told()["changed"] == 0
