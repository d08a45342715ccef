"""What the benchmarks of training share with the tests: how data are laid out, and where both libraries lie."""

# ruff: noqa: E402, F401

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(1, str(ROOT))

from reference.hw2_cnn.solutions import VGG, LeNet, ResNet18
from tests.kernel.d2l_process import imported, lay_out
from tests.kernel.published_d2l import published
