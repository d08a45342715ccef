"""Training a student's class by the rubric's recipe. The budget is a number of steps, never seconds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.kernel.inside import precision
from grader.kernel.inside.pixels import Pictures, resident
from grader.kernel.inside.progress import SETTLED, Progress
from grader.kernel.inside.scores import answers, moved
from grader.kernel.inside.steadiness import Steadiness
from grader.probes import Probe, Value

trained: dict[str, nn.Module] = {}  # the state of this one session: networks by target, until they are measured


def train(target: Any, probe: Probe, namespace: dict[str, Any]) -> Value:
    """Construct the network, initialise it as the notebook does and take up to `steps` steps of Adam.

    Options: data (name of a data set), steps, batch, lr, size (pixels of the square images), train (how many images),
    device, and enough: the held-out accuracy that, passed for certain, ends the training; untrained: images of uint8
    to be answered before the first step.

    Returns:
        `losses` (ten of them), `curve` (rows of step, mean loss, held-out accuracy), `steps` taken, why it `stopped`
        (budget or enough), the number of `parameters`, the `untrained` answers, and what changed the parameters
        (steadiness.py). Nothing but `no_card` where the card that was asked for is not there.
    """
    options = probe.options
    if lacks(probe):
        return {"no_card": True}
    device = torch.device(str(options["device"]))
    size = int(options["size"])
    pictures = resident(str(options["data"]), "train", size, device).first(int(options["train"]))
    model, used = _made(target, probe, pictures)
    optimizer = torch.optim.Adam(used, lr=options["lr"], fused=True)
    untrained = answers(model, options["untrained"], size) if "untrained" in options else None
    steadiness = Steadiness(used, probe.seed)
    model.train()
    steps, batch = int(options["steps"]), int(options["batch"])
    held_out = resident(str(options["data"]), "val", size, device)

    def settle(count: int) -> None:
        order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(probe.seed))
        _settle(model, [pictures.batch(rows)[0] for rows in order[:count].split(64)])

    progress = Progress(model, held_out, steps, batch, enough=options.get("enough"), settle=settle)
    losses: list[Tensor] = []
    with precision.chosen(device):
        for number, rows in enumerate(_shuffled(len(pictures), batch, probe.seed, device)):
            X, y = pictures.batch(rows)
            with precision.forward(device):
                loss = F.cross_entropy(model(X), y)
            optimizer.zero_grad()
            loss.backward()
            steadiness.stepping()
            optimizer.step()
            steadiness.stepped()
            if number % max(1, steps // 10) == 0:
                losses.append(loss.detach())
            if progress.step(loss):
                break
    if progress.stopped == "enough":  # the last look of a whole budget has settled it
        settle(SETTLED)
    trained[probe.target] = model.eval()
    return {
        "losses": [loss.item() for loss in losses],
        "curve": progress.curve,
        "steps": progress.taken,
        "stopped": progress.stopped,
        "parameters": sum(parameter.numel() for parameter in used),
        "untrained": untrained,
        **steadiness.told(),
    }


def lacks(probe: Probe) -> bool:
    """Whether training is wanted on a graphics card and there is none that works: never on the processor instead."""
    return torch.device(str(probe.options["device"])).type == "cuda" and not torch.cuda.is_available()


def _made(target: Any, probe: Probe, pictures: Pictures) -> tuple[nn.Module, list[nn.Parameter]]:
    """The network on its device, initialised, and what of it is trained."""
    model = moved(target(*_tuples(probe.args), **probe.kwargs), pictures.data.device)
    model.eval()
    with torch.no_grad():
        model(pictures.batch(torch.arange(2))[0])  # lazy layers take their shapes here
    model.apply(_xavier)
    return model, [parameter for parameter in model.parameters() if not nn.parameter.is_lazy(parameter)]


def _shuffled(count: int, batch: int, seed: int, device: torch.device) -> Iterator[Tensor]:
    """Rows of whole batches, without end: a new order of all images whenever one is used up."""
    generator = torch.Generator().manual_seed(seed)  # on the CPU, so that every device trains on the same order
    while True:
        order = torch.randperm(count, generator=generator).to(device)
        for first in range(0, max(1, count - batch + 1), batch):
            yield order[first : first + batch]


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
