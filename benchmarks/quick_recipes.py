"""What the reference reaches with the rubric's training recipes: accuracy over seeds, and seconds, on this machine.

    .venv/bin/python benchmarks/quick_recipes.py [--assignment hw2-cnn] [--seeds 10] [--profile quick] [--device cpu]

The floors in rubric.yaml have to lie below the worst of these by a margin, or a right network fails by chance.
"""

from __future__ import annotations

import argparse
import platform
import time
from pathlib import Path

import torch

from grader import checks, datasets, rubric
from grader.answer_key import AnswerKey
from grader.checks.learns import learns
from grader.kernel.inside import images
from grader.measuring.session import Measuring
from grader.records import Item

ROOT = Path(__file__).parents[1]


class Seeded(AnswerKey):
    """The reference with another public seed."""

    shift = 0

    def seed(self, item: str, number: int) -> int:
        """The public seed, moved."""
        return super().seed(item, number) + self.shift


def main() -> None:
    """Print one line per accuracy item."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--assignment", default="hw2-cnn")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--item", default="", help="only items whose id contains this")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    folder = datasets.training_folder()
    images.configure(str(folder) if folder else None)
    assignment = rubric.choose(rubric.load(ROOT, checks.bind), arguments.assignment)
    print(f"torch {torch.__version__}, {arguments.device}, {arguments.threads} thread(s), {platform.machine()}")
    print(f"{'item':18} {'full from':>9} {'lowest':>7} {'median':>7} {'highest':>7} {'s a run':>8}")
    for item in assignment.items:
        if item.check == "learns" and arguments.item in item.id:
            measure(item, assignment.reference, arguments)


def measure(item: Item, reference: str, arguments: argparse.Namespace) -> None:
    """Train the reference once per seed and print the spread."""
    accuracies, started = [], time.perf_counter()
    for seed in range(arguments.seeds):
        key = Seeded(ROOT, reference)
        key.shift = seed
        finding = learns(
            Measuring(key, vars(key.solutions)),
            key,
            item,
            **item.options,
            profile=arguments.profile,
            device=arguments.device,
        )
        if "accuracy" not in finding.evidence:
            print(f"{item.id:18} not measured: {finding.message}", flush=True)
            return
        accuracies.append(float(finding.evidence["accuracy"]))
    seconds = (time.perf_counter() - started) / arguments.seeds
    accuracies.sort()
    full = item.options["profiles"][arguments.profile]["full"]
    low, middle, high = accuracies[0], accuracies[len(accuracies) // 2], accuracies[-1]
    spread = f"{low:7.3f} {middle:7.3f} {high:7.3f}"
    print(f"{item.id:18} {full:9.2f} {spread} {seconds:8.1f}", flush=True)


if __name__ == "__main__":
    main()
