"""What the hardware allows: the device's measured rate of matrix products and of copying, and what a network needs.

    python limits.py DEVICE

Rates are the best of some repetitions. A network's operations are those of convolutions and matrix products in a
training step of 128 images, forward and backward (torch's FlopCounterMode); its bytes are what all operators of such a
step read and write where none is fused with another. Both are counted with few images and are linear in their number.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from beside import VGG, LeNet, ResNet18
from torch import nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

ARCH = ((1, 16), (1, 32), (2, 64), (2, 128), (2, 128))
NETWORKS: dict[str, tuple[int, Callable[[], nn.Module]]] = {
    "LeNet": (28, LeNet),
    "VGG": (224, lambda: VGG(ARCH)),
    "ResNet18": (96, ResNet18),
}
BATCH = 128
_COUNTED = (2, 4)  # images with which work is counted


class _Traffic(TorchDispatchMode):
    """Adds up the bytes of the tensors that each operator is given and returns, views apart."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if not func.is_view:
            tensors = [each for each in tree_leaves((args, kwargs, result)) if isinstance(each, torch.Tensor)]
            self.bytes += sum(each.numel() * each.element_size() for each in tensors)
        return result


def best(function: Callable[[], Any], device: torch.device, repeats: int) -> float:
    """The least seconds of one call; on a CPU its own seconds, so that others on the machine change little."""
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    seconds = []
    for _ in range(repeats):
        began = clock()
        function()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(clock() - began)
    return min(seconds)


def rates(device: torch.device) -> dict[str, float]:
    """Operations a second by number format, and bytes a second of a copy (each byte is read and written)."""
    n, repeats, copied = (8192, 20, 1 << 30) if device.type == "cuda" else (2048, 5, 1 << 27)
    measured = {}
    kinds = {"float32": (torch.float32, "highest"), "bfloat16": (torch.bfloat16, "highest")}
    if device.type == "cuda":
        kinds["tf32"] = (torch.float32, "high")
    for name, (dtype, precision) in kinds.items():
        torch.set_float32_matmul_precision(precision)
        one = torch.randn(n, n, device=device).to(dtype)
        measured[f"{name} operations/s"] = 2 * n**3 / best(lambda one=one: one @ one, device, repeats)
    torch.set_float32_matmul_precision("highest")
    block = torch.ones(copied, dtype=torch.uint8, device=device)
    other = torch.empty_like(block)
    measured["bytes/s"] = 2 * copied / best(lambda: other.copy_(block), device, repeats)
    return measured


def work(name: str) -> dict[str, float]:
    """Operations and bytes of one training step of 128 images."""
    size, made = NETWORKS[name]
    network = made()
    network(torch.zeros(1, 1, size, size))
    counts = []
    for images in _COUNTED:
        X, y = torch.zeros(images, 1, size, size), torch.zeros(images, dtype=torch.int64)
        with FlopCounterMode(display=False) as flops:
            F.cross_entropy(network(X), y).backward()
        with _Traffic() as traffic:
            F.cross_entropy(network(X), y).backward()
        counts.append((flops.get_total_flops(), traffic.bytes))
    few, more = counts
    whole = [a + (b - a) * (BATCH - _COUNTED[0]) / (_COUNTED[1] - _COUNTED[0]) for a, b in zip(few, more, strict=True)]
    return {"operations": whole[0], "bytes": whole[1]}


def main() -> None:
    """Print both as JSON."""
    device = torch.device(sys.argv[1])
    torch.set_num_threads(1)
    print(json.dumps({"rates": rates(device), "steps": {name: work(name) for name in NETWORKS}}))


if __name__ == "__main__":
    main()
