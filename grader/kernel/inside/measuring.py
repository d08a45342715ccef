"""What a trained network says to images. They arrive unlabelled, when training is over; the labels stay outside."""

from __future__ import annotations

from typing import Any

import torch

from grader.kernel.inside.pixels import prepared
from grader.kernel.inside.training import trained
from grader.probes import Probe, Value


def logits(target: Any, probe: Probe, namespace: dict[str, Any]) -> Value:
    """What the network trained before says to images of uint8, (N, H, W) or (N, H, W, 3): float32 (N, classes)."""
    model = trained[probe.target]
    device = next(model.parameters()).device
    (pixels,) = probe.args
    with torch.no_grad():
        return torch.cat(
            [model(prepared(batch.to(device), probe.options["size"])).float().cpu() for batch in pixels.split(250)]
        )
