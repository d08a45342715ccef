"""Training a student's class by the rubric's recipe. The budget is a number of steps, never seconds."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from grader.kernel.inside import images
from grader.kernel.inside.pixels import prepared
from grader.probes import Probe, Value

trained: dict[str, nn.Module] = {}  # the state of this one session: networks by target, until they are measured


def train(target: Any, probe: Probe, namespace: dict[str, Any]) -> Value:
    """Construct the network, initialise it as the notebook does and take `steps` steps of Adam.

    Options: data (name of a data set), steps, batch, lr, size (pixels of the square images), train (how many images),
    device. Returns `losses`, one per tenth of the steps.
    """
    options = probe.options
    device = torch.device(str(options["device"]))
    pixels, labels = images.load(str(options["data"]), "train")
    pixels, labels = pixels[: options["train"]].to(device), labels[: options["train"]].to(device)
    model = target(*_tuples(probe.args), **probe.kwargs)
    model = model.to(device)
    first = prepared(pixels[:2], options["size"])
    model.eval()
    with torch.no_grad():
        model(first)  # lazy layers take their shapes here
    model.apply(_xavier)
    used = [parameter for parameter in model.parameters() if not nn.parameter.is_lazy(parameter)]
    optimizer = torch.optim.Adam(used, lr=options["lr"], fused=True)
    generator = torch.Generator().manual_seed(probe.seed)
    model.train()
    losses: list[float] = []
    order = torch.randperm(len(labels), generator=generator)
    at = 0
    for step in range(options["steps"]):
        if at + options["batch"] > len(order):
            order, at = torch.randperm(len(labels), generator=generator), 0
        chosen = order[at : at + options["batch"]].to(device)
        at += options["batch"]
        loss = F.cross_entropy(model(prepared(pixels[chosen], options["size"])), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % max(1, options["steps"] // 10) == 0:
            losses.append(loss.item())
    _settle(model, [prepared(pixels[order[n : n + 64].to(device)], options["size"]) for n in range(0, 640, 64)])
    trained[probe.target] = model.eval()
    return {"losses": losses, "parameters": sum(p.numel() for p in used)}


@torch.no_grad()
def _settle(model: nn.Module, batches: list[torch.Tensor]) -> None:
    """Average the running statistics of batch normalisation anew.

    After few steps they still remember weights long gone, which costs accuracy by chance (Wu and Johnson, Rethinking
    "Batch" in BatchNorm, 2021).
    """
    layers = [each for each in model.modules() if isinstance(each, nn.modules.batchnorm._BatchNorm)]
    if not layers:
        return
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # a plain average over the batches
    for batch in batches:
        model(batch)


def _xavier(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Conv2d) and not nn.parameter.is_lazy(module.weight):
        nn.init.xavier_uniform_(module.weight)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(each) for each in value) if isinstance(value, list | tuple) else value
