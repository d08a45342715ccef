"""Which operators of torch a piece of code runs, and what shapes they give.

Seen from below (TorchDispatchMode), so the names a student uses for them do not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

# What a reader calls a layer, by the aten operator that computes it. Backward operators have other names.
KINDS = {
    "convolution": "Conv2d",
    "_convolution": "Conv2d",
    "max_pool2d_with_indices": "MaxPool2d",
    "avg_pool2d": "AvgPool2d",
    "_adaptive_avg_pool2d": "AdaptiveAvgPool2d",
    "mean": "AdaptiveAvgPool2d",
    "addmm": "Linear",
    "linear": "Linear",
    "max_pool2d": "MaxPool2d",
    "mm": "Linear",
    "native_batch_norm": "BatchNorm2d",
    "_native_batch_norm_legit": "BatchNorm2d",
    "_native_batch_norm_legit_functional": "BatchNorm2d",
    "_native_batch_norm_legit_no_training": "BatchNorm2d",
    "cudnn_batch_norm": "BatchNorm2d",
    "miopen_batch_norm": "BatchNorm2d",
    "sigmoid": "Sigmoid",
    "relu": "ReLU",
    "relu_": "ReLU",
    "tanh": "Tanh",
    "clamp_min": "ReLU",
    "threshold": "ReLU",
}


class OperatorTrace(TorchDispatchMode):
    """Records every operator: `names` each once; `layers`, those that are layers in order.

    A layer is (kind, shape of its output, shape of its input, details). Details are the whole numbers that it was
    called with: of a convolution the shape of its weight, then stride, padding and so on.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.names: set[str] = set()
        self.layers: list[tuple[str, tuple[int, ...], tuple[int, ...], list[int]]] = []
        self._padded: list[tuple[torch.Tensor, tuple[int, ...]]] = []  # held, so that no identity is used again

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the operator and note it."""
        output = func(*args, **(kwargs or {}))
        name = func._schema.name.partition("::")[2]
        self.names.add(name)
        first = output[0] if isinstance(output, tuple | list) and output else output
        if isinstance(first, torch.Tensor) and name in KINDS:
            image = args[1] if name == "addmm" else args[0]  # a bias comes first there
            self.layers.append((KINDS[name], tuple(first.shape), self._unpadded(image), _numbers(args)))
        elif name == "constant_pad_nd":
            self._padded.append((output, tuple(args[0].shape)))
        return output

    def _unpadded(self, image: torch.Tensor) -> tuple[int, ...]:
        """The shape of an input, before a border of constants was put around it: padding is a matter of style."""
        return next((shape for padded, shape in self._padded if padded is image), tuple(image.shape))


def _numbers(args: Sequence[Any]) -> list[int]:
    found: list[int] = []
    for each in args[1:]:
        if isinstance(each, torch.Tensor) and each.dim() > 1:
            found += each.shape
        elif isinstance(each, list | tuple):
            found += [int(number) for number in each if isinstance(number, int)]
        elif isinstance(each, int):
            found.append(int(each))
    return found
