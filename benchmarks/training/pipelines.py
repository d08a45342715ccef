"""Train networks of the book by d2l's own Trainer, in a process of its own: what one side of a comparison costs.

    python pipelines.py FOLDER DATA '{"networks": {"LeNet": 1}, "device": "cpu", "workers": 4}'

FOLDER holds the package d2l, published or ours; DATA is laid out by tests/kernel/d2l_process.py, so that both sides
train and validate on the same images. `networks` maps names to epochs. Nothing is drawn on either side. Prints JSON:
seconds of each network from making its data set to the end of `fit`, the last validation accuracy, peaks of memory.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import Any

import torch
from beside import imported

SIZES = {"LeNet": 28, "VGG": 224, "ResNet18": 96}
NETWORKS = """
class VGG(d2l.Classifier):
    def __init__(self, arch, lr=0.01, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        layers = []
        for convolutions, channels in arch:
            for _ in range(convolutions):
                layers += [nn.LazyConv2d(channels, kernel_size=3, padding=1), nn.ReLU()]
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
        for _ in range(2):
            layers += [nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5)]
        layers.insert(-6, nn.Flatten())
        self.net = nn.Sequential(*layers, nn.LazyLinear(num_classes))

class ResNet18(d2l.Classifier):
    def __init__(self, lr=0.01, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        layers = [nn.LazyConv2d(64, kernel_size=7, stride=2, padding=3), nn.LazyBatchNorm2d(), nn.ReLU(),
                  nn.MaxPool2d(kernel_size=3, stride=2, padding=1), d2l.Residual(64), d2l.Residual(64)]
        for channels in (128, 256, 512):
            layers += [d2l.Residual(channels, use_1x1conv=True, strides=2), d2l.Residual(channels)]
        self.net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.LazyLinear(num_classes))

MADE = {
    'LeNet': lambda: d2l.LeNet(lr=0.1),
    'VGG': lambda: VGG(((1, 16), (1, 32), (2, 64), (2, 128), (2, 128))),
    'ResNet18': ResNet18,
}
"""


def train(d2l: Any, name: str, epochs: int, made: Any, gpus: int) -> dict[str, Any]:
    """What a notebook's cell does; batches of 128."""
    torch.manual_seed(0)
    began, used = time.perf_counter(), _used()
    model = made[name]()
    data = d2l.FashionMNIST(batch_size=128, resize=(SIZES[name], SIZES[name]))
    model.apply_init([next(iter(data.get_dataloader(True)))[0]], d2l.init_cnn)
    trainer = d2l.Trainer(max_epochs=epochs, num_gpus=gpus)
    trainer.fit(model, data)
    if gpus:
        torch.cuda.synchronize()
    seconds = time.perf_counter() - began
    return {
        "seconds": round(seconds, 3),
        "cpu_seconds": round(_used() - used, 3),
        "steps": trainer.train_batch_idx,
        "accuracy": round(float(model.board.data["val_acc"][-1].y), 4),
        "loss": round(float(model.board.data["train_loss"][-1].y), 5),
    }


def _used() -> float:
    """CPU seconds of this process and of its workers that have ended."""
    return sum(os.times()[:4])


def main() -> None:
    """Train, print."""
    folder, data, job = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    torch.set_num_threads(1)
    d2l = imported(folder, data)
    if job["published"]:
        d2l.DataModule.__init__.__defaults__ = ("../data", job["workers"])
    names = {"d2l": d2l, "nn": torch.nn}
    exec(NETWORKS, names)
    gpus = int(job["device"] != "cpu")
    done: dict[str, Any] = {}
    for name, epochs in job["networks"].items():
        done[name] = train(d2l, name, epochs, names["MADE"], gpus)
    own, workers = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    done["memory_mib"] = {"process": round(own), "largest worker": round(workers) if job["published"] else 0}
    if gpus:
        done["memory_mib"]["card"] = round(torch.cuda.max_memory_reserved() / 2**20)
    print(json.dumps(done))


if __name__ == "__main__":
    main()
