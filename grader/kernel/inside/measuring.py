"""What a trained network says to images. They arrive unlabelled, when training is over; the labels stay outside."""

from __future__ import annotations

from typing import Any

from grader.kernel.inside.scores import answers
from grader.kernel.inside.training import trained
from grader.probes import Probe, Value


def logits(target: Any, probe: Probe, namespace: dict[str, Any]) -> Value:
    """What the network trained before says to images of uint8, (N, H, W) or (N, H, W, 3): float32 (N, classes).

    Options: size (pixels), batches (how many images at a time, in turn; 250 where nothing is said).
    """
    (pixels,) = probe.args
    return answers(trained[probe.target], pixels, probe.options["size"], probe.options.get("batches", [250]))
