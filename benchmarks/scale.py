"""What a submission costs among 10, 100 and 1,000: a straight line, and memory that does not grow.

    .venv/bin/python benchmarks/scale.py [--sizes 10 100 1000] [--workers 2]

The submissions are small notebooks of sections 7.2 and 7.3, each with a comment of its own. Memory is the proportional
share (PSS) of every process, looked at every second: of the command, of a worker (forked from a server that has
imported torch), of a worker's warm template while nothing is forked from it, and of a template with its forks.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import numpy as np
from peers.measuring import Cost, Sample, machine, measured

ROOT = Path(__file__).parents[1]
ITEMS = ("corr2d-values", "comp-conv2d")
CELLS = (
    "import torch\nfrom torch import nn",
    """def corr2d(X, K):  # written by {name}
    h, w = K.shape
    Y = torch.zeros((X.shape[0] - h + 1, X.shape[1] - w + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i:i + h, j:j + w] * K).sum()
    return Y""",
    "corr2d(torch.arange(9.0).reshape(3, 3), torch.arange(4.0).reshape(2, 2))",
    """def comp_conv2d(conv2d, X):
    return conv2d(X.reshape((1, 1) + X.shape))[0, 0]""",
)
ROLES = ("command", "worker", "template", "with forks")


@dataclass
class Memory:
    """The greatest memory seen in each role, in MiB."""

    peaks: dict[str, float] = field(default_factory=dict)

    def look(self, sample: Sample) -> None:
        """Take in one moment."""
        for command in sample.children.get(os.getpid(), ()):
            self._note("command", sample.shares.get(command, 0.0))
            below = sample.below(command)
            server = next((pid for pid in below if "multiprocessing.forkserver" in " ".join(_arguments(pid))), 0)
            for worker in sample.children.get(server, ()):
                self._note("worker", sample.shares.get(worker, 0.0))
            for template in filter(_is_template, below):
                forks = sample.below(template)
                with_forks = sum(sample.shares.get(pid, 0.0) for pid in (template, *forks))
                self._note("with forks" if forks else "template", with_forks)

    def _note(self, role: str, memory: float) -> None:
        self.peaks[role] = max(self.peaks.get(role, 0.0), memory)


def _is_template(pid: int) -> bool:
    arguments = _arguments(pid)
    return "python" in arguments[0] and "template" in arguments  # bubblewrap names both, but not first


def _arguments(pid: int) -> list[str]:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
    return [""]


def main() -> None:
    """Print the costs by size, the line through them and the memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    print(f"# {datetime.date.today()}, {machine()}; benchmarks/scale.py {' '.join(sys.argv[1:])}".rstrip())
    print(f"{'submissions':>11} {'wall s':>8} {'a submission':>12} {'CPU s':>8} {'a submission':>12}")
    costs, memories = [], []
    for size in options.sizes:
        memories.append(Memory())
        costs.append(graded(size, options.workers, memories[-1]))
        wall, cpu = costs[-1].wall, costs[-1].cpu
        print(f"{size:11} {wall:8.1f} {wall / size:12.3f} {cpu:8.1f} {cpu / size:12.3f}", flush=True)
    for kind in ("wall", "cpu"):
        _print_line(kind, options.sizes, [getattr(cost, kind) for cost in costs])
    print(f"\n{'peak MiB of one':>15}", *(f"{role:>10}" for role in ROLES), f"{'with forks / template':>22}")
    for size, memory in zip(options.sizes, memories, strict=True):
        peaks = [memory.peaks.get(role, float("nan")) for role in ROLES]
        print(f"{size:15}", *(f"{peak:10.0f}" for peak in peaks), f"{peaks[3] / peaks[2]:22.2f}")


def graded(size: int, workers: int, memory: Memory) -> Cost:
    """Grade so many submissions into a new gradebook."""
    with tempfile.TemporaryDirectory(prefix="grader-scale-") as folder:
        for number in range(size):
            name = f"student{number:04}"
            cells = [nbformat.v4.new_code_cell(source.replace("{name}", name)) for source in CELLS]
            nbformat.write(nbformat.v4.new_notebook(cells=cells), Path(folder, f"{name}.ipynb"))
        options = [f"--workers={workers}", "--profile=quick", "--device=cpu", "--assignment=hw2-cnn"]
        options += [f"--out={folder}/results", *(f"--item={item}" for item in ITEMS)]
        command = [sys.executable, "-m", "grader", "grade", folder, *options]
        with tempfile.TemporaryDirectory() as logs:
            return measured([command], Path(logs, "log"), cwd=ROOT, env=os.environ, sampled=memory.look)


def _print_line(kind: str, sizes: Sequence[int], seconds: Sequence[float]) -> None:
    """The least-squares line, and how far each size is from it."""
    slope, start = np.polyfit(sizes, seconds, 1)
    off = " ".join(f"{second - start - slope * size:+.1f}" for size, second in zip(sizes, seconds, strict=True))
    print(f"{kind}: {start:.1f} s + {slope:.3f} s a submission; off that line by {off} s")


if __name__ == "__main__":
    main()
