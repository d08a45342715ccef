"""The book's names for tensor functions and for devices: all of them thin, so that one text fits several frameworks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

nn_Module = nn.Module

int32 = torch.int32
int64 = torch.int64
float32 = torch.float32

abs = torch.abs
arange = torch.arange
batch_matmul = torch.bmm
concat = torch.cat
cos = torch.cos
cosh = torch.cosh
exp = torch.exp
eye = torch.eye
linspace = torch.linspace
log = torch.log
matmul = torch.matmul
meshgrid = torch.meshgrid
normal = torch.normal
ones = torch.ones
ones_like = torch.ones_like
rand = torch.rand
randn = torch.randn
sigmoid = torch.sigmoid
sin = torch.sin
sinh = torch.sinh
stack = torch.stack
tanh = torch.tanh
tensor = torch.tensor
zeros = torch.zeros
zeros_like = torch.zeros_like


def _method(name: str) -> Callable[..., Any]:
    """Make a function of a tensor's method: `_method("sum")(x, 0)` is `x.sum(0)`."""

    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(x, name)(*args, **kwargs)

    call.__name__ = name
    return call


argmax = _method("argmax")
astype = _method("type")
expand_dims = _method("unsqueeze")
reduce_mean = _method("mean")
reduce_sum = _method("sum")
repeat = _method("repeat")
reshape = _method("reshape")
size = _method("numel")
swapaxes = _method("swapaxes")
to = _method("to")
transpose = _method("t")


def numpy(x: Any, *args: Any, **kwargs: Any) -> Any:
    """The array of a tensor on the CPU, without its gradient."""
    return x.detach().numpy(*args, **kwargs)


def cpu() -> torch.device:
    """The CPU."""
    return torch.device("cpu")


def gpu(i: int = 0) -> torch.device:
    """The i-th GPU, whether it exists or not."""
    return torch.device("cuda", i)


def num_gpus() -> int:
    """How many GPUs there are."""
    return torch.cuda.device_count()


def try_gpu(i: int = 0) -> torch.device:
    """The i-th GPU where it exists, else the CPU."""
    return gpu(i) if i < num_gpus() else cpu()


def try_all_gpus() -> list[torch.device]:
    """Every GPU; an empty list where there is none, as in d2l 1.0.3."""
    return [gpu(i) for i in range(num_gpus())]


def check_len(a: Any, n: int) -> None:
    """Raise AssertionError where `a` has another length than `n`."""
    if len(a) != n:
        raise AssertionError(f"length {len(a)} where {n} was expected")


def check_shape(a: Any, shape: Any) -> None:
    """Raise AssertionError where `a` has another shape than `shape`."""
    if a.shape != shape:
        raise AssertionError(f"shape {tuple(a.shape)} where {tuple(shape)} was expected")
