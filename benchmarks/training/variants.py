"""Which ways to train pay: TF32, bfloat16, channels_last, CUDA graphs, torch.compile; time of a step and accuracy.

    python variants.py DEVICE SECONDS [NETWORK:SIZE ...]

Every variant starts from the same weights and takes the same batches of 128, which lie on the device as bytes, by Adam.
The plain one is trained with three seeds: a variant keeps verdicts where its held-out accuracy is not below the lowest
of these by more than two standard errors. It pays where it is also faster by a tenth.
"""

from __future__ import annotations

import contextlib
import json
import math
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch
from limits import NETWORKS
from torch import Tensor, nn
from torch.nn import functional as F

from grader import datasets
from grader.kernel.inside import images
from grader.kernel.inside.pixels import Pictures, resident

_WARM = 5  # steps that are not timed: they choose algorithms, compile, record
_HELD_OUT = 1000
_PAYS = 1.1
VARIANTS = {
    "plain": (),
    "tf32": ("tf32",),
    "bfloat16": ("bfloat16",),
    "channels_last": ("channels_last",),
    "tf32 channels_last": ("tf32", "channels_last"),
    "bfloat16 channels_last": ("bfloat16", "channels_last"),
    "tf32 graphs": ("tf32", "graphs"),
    "bfloat16 channels_last graphs": ("bfloat16", "channels_last", "graphs"),
    "compile": ("compile",),
    "bfloat16 compile": ("bfloat16", "compile"),
}
_CARD_ONLY = {"tf32", "graphs"}


def trained(name: str, size: int, ways: tuple[str, ...], seed: int, pictures: Pictures, steps: int) -> dict[str, float]:
    """Train one network one way; seconds a step, accuracy on held-out images."""
    device = pictures.data.device
    torch.backends.cudnn.allow_tf32 = "tf32" in ways
    torch.set_float32_matmul_precision("high" if "tf32" in ways else "highest")
    torch.manual_seed(seed)
    network = NETWORKS[name][1]()
    network(torch.zeros(2, 1, size, size))
    network.apply(_xavier)
    layout = torch.channels_last if "channels_last" in ways else torch.contiguous_format
    network = network.to(device, memory_format=layout)
    called = torch.compile(network) if "compile" in ways else network
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, fused=True, capturable="graphs" in ways)
    order = torch.randperm(len(pictures) - _HELD_OUT, generator=torch.Generator().manual_seed(seed)).to(device)

    def step(X: Tensor, y: Tensor) -> None:
        optimizer.zero_grad(set_to_none="graphs" not in ways)
        with torch.autocast(device.type, torch.bfloat16, enabled="bfloat16" in ways):
            loss = F.cross_entropy(called(X.to(memory_format=layout)), y)
        loss.backward()
        optimizer.step()

    network.train()
    take = _graphed(step, pictures, order) if "graphs" in ways else step
    began = time.perf_counter()
    for number in range(steps):
        if number == _WARM:
            _wait(device)
            began = time.perf_counter()
        take(*pictures.batch(order[number * 128 % (len(order) - 128) :][:128]))
    _wait(device)
    seconds = (time.perf_counter() - began) / (steps - _WARM)
    network.eval()
    with torch.no_grad():
        right = 0
        for rows in torch.arange(len(pictures) - _HELD_OUT, len(pictures)).split(250):
            X, y = pictures.batch(rows)
            right += int((network(X).argmax(1) == y).sum())
    return {"step_ms": round(1000 * seconds, 3), "accuracy": right / _HELD_OUT}


def _graphed(step: Callable[[Tensor, Tensor], None], pictures: Pictures, order: Tensor) -> Callable[..., None]:
    """The same step, recorded once and replayed: nothing is launched one by one any more."""
    X, y = pictures.batch(order[:128])
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):  # as torch's documentation asks: a few steps before recording
        for _ in range(3):
            step(X, y)
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step(X, y)

    def replay(images: Tensor, labels: Tensor) -> None:
        X.copy_(images)
        y.copy_(labels)
        graph.replay()

    return replay


def _xavier(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Conv2d):
        nn.init.xavier_uniform_(module.weight)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def compared(name: str, size: int, device: torch.device, until: float) -> dict[str, Any]:
    """Every variant of one network, with whether it pays."""
    pictures = resident("fashion_mnist", "train", size, device)
    steps = 300 if device.type == "cuda" else 200
    rows: dict[str, Any] = {}
    plain = [trained(name, size, (), seed, pictures, steps) for seed in range(3)]
    lowest = min(each["accuracy"] for each in plain)
    allowed = lowest - 2 * math.sqrt(lowest * (1 - lowest) / _HELD_OUT)
    rows["plain"] = {**plain[0], "accuracies": [each["accuracy"] for each in plain]}
    for label, ways in VARIANTS.items():
        if not ways or (device.type == "cpu" and _CARD_ONLY & set(ways)):
            continue
        if time.monotonic() > until:
            rows[label] = "no time was left"
            continue
        try:
            row: dict[str, Any] = trained(name, size, ways, 0, pictures, steps)
        except Exception as error:  # noqa: BLE001 - what a device or compiler lacks is a result
            rows[label] = f"{type(error).__name__}: {str(error).splitlines()[0][:150]}"
            continue
        row["speed-up"] = round(plain[0]["step_ms"] / row["step_ms"], 2)
        row["keeps verdicts"] = row["accuracy"] >= allowed
        row["pays"] = row["keeps verdicts"] and row["speed-up"] >= _PAYS
        rows[label] = row
    return rows


def main() -> None:
    """Print all as JSON, each network as soon as it is known."""
    torch.set_num_threads(1)
    device, seconds = torch.device(sys.argv[1]), float(sys.argv[2])
    folder = datasets.training_folder()
    images.configure(str(folder) if folder else None)
    until = time.monotonic() + seconds
    with warnings.catch_warnings(), contextlib.redirect_stdout(sys.stderr):
        warnings.simplefilter("ignore")
        done = {}
        for each in sys.argv[3:]:
            name, _, size = each.partition(":")
            done[each] = compared(name, int(size), device, until)
            print(json.dumps(done), file=sys.__stdout__, flush=True)  # so that it is known should time run out


if __name__ == "__main__":
    main()
