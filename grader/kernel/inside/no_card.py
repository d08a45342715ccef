"""In a session without a graphics card `.cuda()`, `.to("cuda")` and `device="cuda"` mean the CPU.

Notebooks written for a card work then, on machines that have none and where a machine's card is for training alone.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

_FACTORIES = """
    arange as_tensor asarray empty empty_like eye from_numpy full full_like linspace logspace normal ones ones_like rand
    rand_like randint randint_like randn randn_like randperm scalar_tensor set_default_device tensor zeros zeros_like
""".split()
_METHODS = "new_empty new_full new_ones new_tensor new_zeros to".split()


def stand_in() -> None:
    """Change torch in this process, once."""
    for owner, names in ((torch, _FACTORIES), (torch.Tensor, _METHODS), (nn.Module, ["to"])):
        for name in names:
            before = getattr(owner, name)
            setattr(owner, name, _on_the_cpu(before))
            if operator := torch.jit._builtins._find_builtin(before):  # torch.jit.script knows operators by identity
                torch.jit._builtins._register_builtin(getattr(owner, name), operator)
    # Lazy layers refuse methods that they do not know.
    nn.parameter.UninitializedTensorMixin._allowed_methods.append(torch.Tensor.to)  # type: ignore[attr-defined]
    for owner in (torch.Tensor, nn.Module):
        owner.cuda = _itself  # type: ignore[method-assign, assignment]
    torch.cuda.synchronize = _nothing  # type: ignore[assignment]


def _on_the_cpu(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with the CPU in place of a graphics card among its arguments."""

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        if any(map(_is_card, args)) or _is_card(kwargs.get("device")):
            args = tuple("cpu" if _is_card(each) else each for each in args)
            kwargs = {name: "cpu" if _is_card(each) else each for name, each in kwargs.items()}
        return function(*args, **kwargs)

    return called


def _is_card(value: object) -> bool:
    if type(value) is str:
        return value.startswith("cuda")
    return type(value) is torch.device and value.type == "cuda"


def _itself(value: Any, *args: Any, **kwargs: Any) -> Any:
    return value


def _nothing(*args: Any) -> None:
    """There is nothing to wait for."""
