"""The weights of a trained network, in the order in which its forward first uses them.

    00003.00001.conv.weight    the fourth tensor, a part of the second call that uses any: a convolution, its weight
    00009.00004.other.0        one that an operation of another kind uses, its first
    00017.unused.0             one that forward does not use

Names are the student's own and tell nothing; what is called with which tensors does. So the host can tell which tensor
takes which place in the reference, and a network with the same names but other operations is found out when it is run.
The values are those from before the look: a forward that changes its weights is not believed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import safetensors.torch
import torch
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from grader.kernel.inside.pixels import prepared
from grader.kernel.inside.scores import device_of
from grader.kernel.inside.training import trained
from grader.probes import Probe, Value

_BATCH_NORM = ("mean", "variance", "weight", "bias")


@dataclass(frozen=True, slots=True)
class Use:
    """One call of an operation, with the parameters and buffers that nobody used before it.

    Args:
        kind: conv, linear, norm or other.
        tensors: by what it does there; by number where the kind is `other`.
    """

    kind: str
    tensors: Mapping[str, torch.Tensor] = field(default_factory=dict)


class _Uses(TorchFunctionMode):
    """Notes which of some tensors each operation is given."""

    _KINDS: ClassVar[Mapping[Callable[..., Any], tuple[str, Mapping[int | str, str]]]] = {
        F.conv2d: ("conv", {1: "weight", 2: "bias"}),
        F.linear: ("linear", {1: "weight", 2: "bias"}),
        F.batch_norm: ("norm", dict(enumerate(_BATCH_NORM, 1))),
        torch.batch_norm: ("norm", {1: "weight", 2: "bias", 3: "mean", 4: "variance"}),
    }
    _NAMES: ClassVar[Mapping[str, str]] = {
        "weight": "weight", "bias": "bias", "running_mean": "mean", "running_var": "variance"
    }  # fmt: skip

    def __init__(self, tensors: Mapping[int, torch.Tensor]) -> None:
        super().__init__()
        self._left = dict(tensors)  # by identity, those that were not used yet
        self.uses: list[Use] = []

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run the function; note what it is given."""
        given = [*enumerate(args), *(kwargs or {}).items()]
        found = [(place, self._left.pop(id(value))) for place, value in _flat(given) if id(value) in self._left]
        if found:
            kind, roles = self._KINDS.get(func, ("other", {}))
            named = {roles.get(place, self._NAMES.get(str(place), "")): tensor for place, tensor in found}
            if kind == "other" or "" in named or len(named) < len(found):
                kind, named = "other", {str(number): tensor for number, (_, tensor) in enumerate(found)}
            self.uses.append(Use(kind, named))
        return func(*args, **(kwargs or {}))


def _flat(given: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Arguments with those that lie in a list, as torch.cat takes them."""
    return [(place, each) for place, value in given for each in (value if isinstance(value, list | tuple) else [value])]


def uses(model: nn.Module, batch: torch.Tensor) -> list[Use]:
    """What forward uses, in order; then, as one use of the kind `unused`, what it does not. Floating tensors only."""
    tensors = {id(each): each for each in (*model.parameters(), *model.buffers()) if _is_plain(each)}
    with torch.no_grad(), _Uses(tensors) as noted:
        model(batch)
    left = {str(number): tensor for number, tensor in enumerate(noted._left.values())}
    return [*noted.uses, *([Use("unused", left)] if left else [])]


def _is_plain(tensor: torch.Tensor) -> bool:
    return not nn.parameter.is_lazy(tensor) and tensor.is_floating_point()


def weights(target: Any, probe: Probe, namespace: dict[str, Any]) -> Value:
    """The parameters and buffers of the network trained before, as the bytes of a safetensors file: uint8 (bytes,).

    Options: size (pixels), shape (of one image of uint8: (H, W) or (H, W, 3)), bytes. None where they are more.
    """
    model, most = trained[probe.target], probe.options["bytes"]
    plain = [each for each in (*model.parameters(), *model.buffers()) if _is_plain(each)]
    if sum(each.numel() * each.element_size() for each in plain) > most:
        return None
    before = {id(each): each.detach().to("cpu", memory_format=torch.contiguous_format, copy=True) for each in plain}
    device = device_of(model)
    batch = prepared(torch.zeros((2, *probe.options["shape"]), dtype=torch.uint8, device=device), probe.options["size"])
    rows = [
        (f"{number:05d}.{use.kind}.{role}", before[id(tensor)])
        for number, use in enumerate(uses(model, batch))
        for role, tensor in use.tensors.items()
    ]
    packed = safetensors.torch.save({f"{number:05d}.{name}": tensor for number, (name, tensor) in enumerate(rows)})
    return torch.frombuffer(bytearray(packed), dtype=torch.uint8) if len(packed) <= most else None


@torch.no_grad()
def redraw(target: Any, probe: Probe, namespace: dict[str, Any]) -> Value:
    """Draw the parameters of the network trained before anew, each with the spread that it has; True when done.

    What it still knows afterwards it has not learned: buffers, and parameters that nothing trains, stay as they are.
    """
    generator = torch.Generator().manual_seed(probe.seed)
    known = [each for each in trained[probe.target].parameters() if _is_plain(each) and each.requires_grad]
    reached = [each for each in known if each.grad is not None]  # by the last step of the training
    for parameter in reached or known:
        if parameter.numel():
            spread = float(parameter.std()) if parameter.numel() > 1 else 0.0
            drawn = torch.randn(parameter.shape, generator=generator) * (spread or 0.1)
            parameter.copy_(drawn.to(parameter))
    return True
