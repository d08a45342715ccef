"""Ask any version of a target what an item of HW2 asks, so that two versions can be compared.

A plain and independent stand-in for the grader's own checks: the answer is a list of tensors, or what was raised.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import torch
import yaml
from torch import nn

from reference.hw2_cnn import inputs, solutions
from reference.hw2_cnn.misconceptions import MISCONCEPTIONS

ROOT = Path(__file__).parents[2]
ITEMS: list[dict[str, Any]] = yaml.safe_load((ROOT / "rubric.yaml").read_text())["assignments"]["hw2-cnn"]["items"]
CODE_CHECKS = ("returns_close", "gradient_close", "module_close", "has_shapes", "initialises")
ASKED = [item for item in ITEMS if item["check"] in CODE_CHECKS]
EVERY = [(target, version) for target, versions in MISCONCEPTIONS.items() for version in versions]

Target: TypeAlias = Callable[..., Any]
Answer: TypeAlias = list[torch.Tensor] | str
Question: TypeAlias = Callable[[Target, Any], list[torch.Tensor]]


def solution(name: str) -> Any:
    """Give the right answer for a target."""
    return getattr(solutions, name)


def arguments(item: dict[str, Any], case: int, seed: int = 7) -> Any:
    """Draw the arguments of one case of an item."""
    generator = torch.Generator().manual_seed(seed * 1000 + case)
    return getattr(inputs, item["options"]["inputs"])(generator, case)


def resolved(value: Any) -> Any:
    """Turn the dict that stands for a library layer into the layer."""
    if not isinstance(value, dict):
        return value
    torch.manual_seed(3)
    return getattr(nn, value["layer"])(**value["kwargs"])


def answers(item: dict[str, Any], target: Target) -> list[Answer]:
    """Ask a version of an item's target all cases of the item."""
    match item["check"]:
        case "initialises":
            return [initialised(target)]
        case "has_shapes":
            return [shapes(item, target)]
        case check:
            ask = QUESTIONS[check]
            return [attempt(ask, target, arguments(item, case)) for case in range(item["options"]["cases"])]


def attempt(ask: Question, target: Target, given: Any) -> Answer:
    """Ask once; what the target raises is an answer, too."""
    torch.manual_seed(5)
    try:
        return ask(target, given)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        return f"raised {type(error).__name__}"


def returned(target: Target, given: inputs.Arguments) -> list[torch.Tensor]:
    """Call a function."""
    return [target(*map(resolved, given.args), **given.kwargs).detach()]


def gradients(target: Target, given: inputs.Arguments) -> list[torch.Tensor]:
    """Give a function's gradients with respect to its arguments."""
    leaves = [value.clone().requires_grad_() for value in given.args]
    value = target(*leaves)
    value.backward(torch.arange(1.0, value.numel() + 1, dtype=value.dtype).reshape(value.shape))
    return [leaf.grad for leaf in leaves]


def behaviour(target: Target, given: inputs.ModuleArguments) -> list[torch.Tensor]:
    """Give a module's outputs, gradients and buffers in both modes, and its inputs as they are afterwards."""
    module = target(*given.args, **given.kwargs)
    parameters = parameters_by_first_use(module, given.inputs)
    generator = torch.Generator().manual_seed(11)
    for parameter in parameters:
        parameter.data = 0.5 * torch.randn(parameter.shape, generator=generator)
    values = [value.clone() for value in given.inputs]
    trained = module.train()(*values)
    trained.square().mean().backward()
    grads = [torch.zeros(()) if parameter.grad is None else parameter.grad for parameter in parameters]
    evaluated = module.eval()(*[value.clone() for value in given.inputs])
    buffers = sorted(module.buffers(), key=lambda buffer: (buffer.shape, float(buffer.float().sum())))
    return [trained.detach(), evaluated.detach(), *grads, *buffers, *values]


def parameters_by_first_use(module: nn.Module, values: tuple[torch.Tensor, ...]) -> list[nn.Parameter]:
    """List a module's parameters in the order in which its layers run; lazy layers get their shapes on the way."""
    seen: list[nn.Parameter] = []

    def note(layer: nn.Module, _: Any, __: Any) -> None:
        seen.extend(layer.parameters(recurse=False))

    hooks = [layer.register_forward_hook(note) for layer in module.modules()]
    module.eval()(*[value.clone() for value in values])  # in eval mode running statistics stay as they are
    for hook in hooks:
        hook.remove()
    return list(dict.fromkeys(seen))


QUESTIONS: dict[str, Question] = {
    "returns_close": returned,
    "gradient_close": gradients,
    "module_close": behaviour,
}


def shapes(item: dict[str, Any], target: Target) -> list[torch.Tensor]:
    """Give the output shapes of a network's operators, in the order of execution, on the meta device."""
    kinds = (nn.Conv2d, nn.Linear, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.BatchNorm2d)
    seen: list[torch.Tensor] = []

    def note(layer: nn.Module, _: Any, output: torch.Tensor) -> None:
        if isinstance(layer, kinds):
            seen.append(torch.tensor(output.shape))

    with torch.device("meta"):
        module = target(*item["options"].get("args", ()))
        for layer in module.modules():
            layer.register_forward_hook(note)
        module.eval()
        value = torch.zeros(item["options"]["input"])
    module(value)
    return seen


def initialised(target: Target) -> list[torch.Tensor]:
    """Give the parameters of a few layers after an initialisation."""
    layers = nn.ModuleList((nn.Linear(30, 20), nn.Conv2d(3, 8, 5), nn.BatchNorm2d(4), nn.ConvTranspose2d(4, 2, 3)))
    for parameter in layers.parameters():
        nn.init.constant_(parameter, 0.5)
    torch.manual_seed(5)
    layers.apply(target)
    return [parameter.detach() for parameter in layers.parameters()]


def same(first: Answer, second: Answer) -> bool:
    """Tell whether two answers agree; the dtype does not matter."""
    if isinstance(first, str) or isinstance(second, str):
        return first == second
    return len(first) == len(second) and all(
        a.shape == b.shape and torch.allclose(a.double(), b.double(), rtol=1e-4, atol=1e-4)
        for a, b in zip(first, second, strict=True)
    )


def sentence(version: Target) -> str:
    """Give the docstring of a version."""
    return inspect.getdoc(version) or ""
