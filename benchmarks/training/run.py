"""Training, side by side in one run: ours against d2l as published, and against what the hardware allows.

    .venv/bin/python benchmarks/training/run.py [--device cpu|cuda] [--parts PART ...] [--seconds 480] [--out FILE]

Parts: limits lenet notebook variants student class. Every process computes with one thread, as a session does. On a
GPU the data set is the whole of Fashion-MNIST's training images and a class has 30 students; on a CPU both are smaller,
as the results say. Every part has processes of its own and a limit of time; one that fails or is too slow costs no
other. Prints everything and writes it as JSON, to benchmarks/results/<date>-<device>.json unless told otherwise.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from beside import ROOT, lay_out, published

from grader import datasets
from grader.commands.isolation import bubblewrap_problem

HERE = Path(__file__).parent
PARTS = ("limits", "lenet", "notebook", "variants", "student", "class")
_LIMIT_S = {
    "cuda": {"limits": 60, "lenet": 60, "notebook": 150, "variants": 100, "student": 150, "class": 150},
    "cpu": {"limits": 120, "lenet": 240, "notebook": 600, "variants": 400, "student": 300, "class": 600},
}
_TURNS = {"cuda": 1, "cpu": 4}  # of each side of LeNet: a machine without a GPU may have others on it
# On a CPU an epoch of VGG at 224 takes half an hour.
_IMAGES = {"cuda": {"lenet": 60_000, "notebook": 60_000}, "cpu": {"lenet": 24_000, "notebook": 768}}
_CLASS = {"cuda": (30, 4), "cpu": (4, 2)}  # students, workers
_VARIANTS = {"cuda": ["ResNet18:96", "VGG:224", "LeNet:28"], "cpu": ["LeNet:28"]}


class Run:
    """One run of the benchmark: what it is about and what was found."""

    def __init__(self, device: str, folder: Path, seconds: float) -> None:
        self.device = device
        self.folder = folder
        self.until = time.monotonic() + seconds
        self.results: dict[str, Any] = {}

    def process(self, limit: float, *command: str | Path) -> dict[str, Any]:
        """The JSON that a process prints last, or the reason why it does not."""
        limit = min(limit, self.until - time.monotonic())
        if limit < 5:
            return {"not measured": "no time was left"}
        try:
            ran = subprocess.run(
                [sys.executable, *map(str, command)],
                cwd=HERE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(_paths()), "PYTHONWARNINGS": "ignore"},
                capture_output=True,
                text=True,
                timeout=limit,
            )
        except subprocess.TimeoutExpired as stopped:
            told = bytes(stopped.stdout or b"").decode().strip().splitlines()
            return {**(json.loads(told[-1]) if told else {}), "not measured": f"took longer than {limit:.0f} s"}
        if ran.returncode:
            return {"not measured": (ran.stderr.strip().splitlines() or ["it died"])[-1][:300]}
        return dict(json.loads(ran.stdout.strip().splitlines()[-1]))

    # ---- parts -------------------------------------------------------------------------------------------------------

    def limits(self, limit: float) -> dict[str, Any]:
        """What the hardware allows."""
        return self.process(limit, HERE / "limits.py", self.device)

    def lenet(self, limit: float) -> dict[str, Any]:
        """One epoch of LeNet and its validation: ours, published, and published without its worker processes.

        In turns; of each side the least seconds count.
        """
        data = self._data("lenet")
        kinds = {"ours": None, "published": 4, "published, no workers": 0}
        turns: dict[str, list[dict[str, Any]]] = {side: [] for side in kinds}
        for _ in range(_TURNS[self.device]):
            for side, workers in kinds.items():
                turns[side].append(self._pipeline(limit, data, {"LeNet": 1}, workers))
        sides = {side: _least(rows) for side, rows in turns.items()}
        return {"images": _IMAGES[self.device]["lenet"], **sides, **_ratio(sides, ["LeNet"])}

    def notebook(self, limit: float) -> dict[str, Any]:
        """LeNet at 28, VGG (small) at 224, ResNet18 at 96 pixels: an epoch of each."""
        data = self._data("notebook")
        networks = {"LeNet": 1, "VGG": 1, "ResNet18": 1}
        sides = {
            "ours": self._pipeline(limit, data, networks, None),
            "published": self._pipeline(limit, data, networks, 4),
        }
        return {"images": _IMAGES[self.device]["notebook"], **sides, **_ratio(sides, list(networks))}

    def variants(self, limit: float) -> dict[str, Any]:
        """What pays without changing verdicts."""
        return self.process(limit, HERE / "variants.py", self.device, str(limit * 0.6), *_VARIANTS[self.device])

    def student(self, limit: float) -> dict[str, Any]:
        """Time to the three accuracies of one student: `full` on a GPU, `quick` on a CPU, as `grade` chooses."""
        return self._verdicts(limit, "full" if self.device == "cuda" else "quick", 1, 1)

    def class_(self, limit: float) -> dict[str, Any]:
        """A class on one device, by the recipe `quick`."""
        return self._verdicts(limit, "quick", *_CLASS[self.device])

    # ---- their means -------------------------------------------------------------------------------------------------

    def _verdicts(self, limit: float, profile: str, students: int, workers: int) -> dict[str, Any]:
        sandbox = "none" if bubblewrap_problem() else "auto"
        return self.process(limit, HERE / "verdicts.py", self.device, profile, str(students), str(workers), sandbox)

    def _pipeline(self, limit: float, data: Path, networks: dict[str, int], workers: int | None) -> dict[str, Any]:
        folder = ROOT / "grader/kernel/inside/site" if workers is None else published()
        if folder is None:
            return {"not measured": "d2l 1.0.3 is not installed: make setup"}
        job = {"networks": networks, "device": self.device}
        job |= {"workers": workers or 0, "published": workers is not None}
        return self.process(limit, HERE / "pipelines.py", folder, data, json.dumps(job))

    def _data(self, part: str) -> Path:
        """The training images as both libraries find them: five sixths to train on, the rest to validate."""
        folder = self.folder / part
        if not folder.exists():
            source = datasets.training_folder()
            assert source is not None
            count = _IMAGES[self.device][part]
            images, labels = (
                np.fromfile(source / "fashion_mnist" / f"train-{kind}-ubyte", dtype=np.uint8)[head:]
                for kind, head in (("images-idx3", 16), ("labels-idx1", 8))
            )
            lay_out(folder, images.reshape(-1, 28, 28)[:count], labels[:count])
        return folder


def _paths() -> list[str]:
    return [str(ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]


def _least(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """One of several results of the same, with the least seconds of all; the failure where one failed."""
    for row in rows:
        if "not measured" in row:
            return row
    least = {key: min(row["LeNet"][key] for row in rows) for key in ("seconds", "cpu_seconds")}
    walls = [row["LeNet"]["seconds"] for row in rows]
    return {**rows[0], "LeNet": {**rows[0]["LeNet"], **least, "all seconds": walls}}


def _ratio(sides: dict[str, Any], networks: list[str]) -> dict[str, Any]:
    """How many times as long the published library takes; nothing where a side was not measured."""
    if any("not measured" in sides[side] for side in ("ours", "published")):
        return {}
    seconds = {side: sum(sides[side][name]["seconds"] for name in networks) for side in ("ours", "published")}
    cpu = {side: sum(sides[side][name]["cpu_seconds"] for name in networks) for side in ("ours", "published")}
    each = {name: round(sides["published"][name]["seconds"] / sides["ours"][name]["seconds"], 2) for name in networks}
    total = {
        "all": round(seconds["published"] / seconds["ours"], 2),
        "CPU time": round(cpu["published"] / cpu["ours"], 2),
    }
    return {"published / ours": {**total, **each}}


def against_limits(results: dict[str, Any]) -> dict[str, Any]:
    """Seconds that a step of 128 images takes at least, by operations and by bytes, beside what ours takes."""
    limits = results.get("limits", {})
    measured = {**results.get("notebook", {}).get("ours", {}), **results.get("lenet", {}).get("ours", {})}
    rows: dict[str, Any] = {}
    for name, step in limits.get("steps", {}).items():
        rates = limits["rates"]
        rows[name] = {
            "ms by operations in float32": round(1e3 * step["operations"] / rates["float32 operations/s"], 3),
            "ms by bytes, nothing fused": round(1e3 * step["bytes"] / rates["bytes/s"], 3),
        }
        if name in measured:
            clock = "seconds" if "tf32 operations/s" in rates else "cpu_seconds"
            milliseconds = round(1e3 * measured[name][clock] / measured[name]["steps"], 3)
            rows[name]["ms of ours, validation and data included"] = milliseconds
    return rows


def device_name(device: str) -> str:
    """What the device is called in a file's name."""
    name = torch.cuda.get_device_name(0) if device == "cuda" else "cpu"
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def machine(device: str) -> dict[str, Any]:
    """What figures belong to; a load at the start means that something else was running."""
    told: dict[str, Any] = {
        "date": datetime.date.today().isoformat(),
        "device": torch.cuda.get_device_name(0) if device == "cuda" else "cpu",
        "cores": len(os.sched_getaffinity(0)),
        "load at the start": round(os.getloadavg()[0], 2),
        "torch": torch.__version__,
        "sandbox": bubblewrap_problem() or "bubblewrap",
    }
    if device == "cuda":
        told["cuda"] = torch.version.cuda
        told["memory_mib"] = torch.cuda.get_device_properties(0).total_memory >> 20
    return told


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--seconds", type=float, default=0, help="stop after so many; 0 for no limit")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print("benchmarks/training: --device cuda needs a machine with CUDA; torch finds none", file=sys.stderr)
        return 2
    told = machine(options.device)
    out = options.out or ROOT / "benchmarks/results" / f"{told['date']}-{device_name(options.device)}.json"
    with tempfile.TemporaryDirectory(prefix="grader-training-") as folder:
        run = Run(options.device, Path(folder), options.seconds or float("inf"))
        for part in options.parts:
            began = time.perf_counter()
            function = getattr(run, "class_" if part == "class" else part)
            run.results[part] = function(_LIMIT_S[options.device][part])
            print(f"{part}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    kept = json.loads(out.read_text()) if out.exists() else {}
    results = {**kept.get("results", {}), **run.results}
    results["against the limits"] = against_limits(results)
    command = " ".join(["benchmarks/training/run.py", *sys.argv[1:]])
    runs = [*kept.get("runs", []), {**told, "command": command, "parts": list(options.parts)}]
    out.write_text(json.dumps({**kept, "runs": runs, "results": results}, indent=1) + "\n")
    print(json.dumps(results, indent=1))
    print(f"written: {out}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
