"""`make gpu-check` on a machine that lacks what it needs: one line, and an exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CHECK = Path(__file__).parents[2] / "benchmarks/training/check.py"


def test_without_a_card_it_says_so_in_one_line() -> None:
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}

    ran = subprocess.run([sys.executable, CHECK], env=environment, capture_output=True, text=True, check=False)

    assert ran.returncode == 2
    assert ran.stdout == ""
    assert ran.stderr.splitlines() == [
        f"gpu-check: needs a machine with CUDA; the torch of {sys.executable} finds no device"
    ]
