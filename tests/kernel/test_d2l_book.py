"""The book's chapters 3 to 8 under d2l 1.0.3 and under ours, in a process each: the same values, step by step."""

from __future__ import annotations

import ast
import difflib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.kernel.book_sections import SECTIONS
from tests.kernel.d2l_process import lay_out
from tests.kernel.published_d2l import published
from tests.kernel.test_d2l import SITE, assert_same, import_ours

ROOT = Path(__file__).parents[2]
Results = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def folder() -> Path:
    place = published()
    if place is None:
        pytest.skip("d2l 1.0.3 is not installed, so there is nothing to compare with: make setup")
    return place


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> tuple[Results, Results]:
    """What every section gives under ours and under the published library."""
    data = tmp_path_factory.mktemp("data")
    drawn = np.random.default_rng(0)
    lay_out(data, drawn.integers(0, 256, (24, 28, 28), dtype=np.uint8), (np.arange(24) % 10).astype(np.uint8))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "", "MPLBACKEND": "agg"}
    running = [
        subprocess.Popen(
            [sys.executable, ROOT / "tests/kernel/d2l_process.py", place, data, data / out],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for place, out in ((SITE, "ours.pt"), (folder, "published.pt"))
    ]
    for process in running:
        _, told = process.communicate(timeout=280)
        assert process.returncode == 0, told[-2000:]
    ours, real = (torch.load(data / out, weights_only=False) for out in ("ours.pt", "published.pt"))
    return ours, real


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_gives_the_same_values_and_losses_step_by_step(both: tuple[Results, Results], section: str) -> None:
    ours, real = (results[section] for results in both)

    assert not real["raised"], real["raised"]
    assert not ours["raised"], ours["raised"]
    assert real["seen"]
    assert_same(ours["seen"], real["seen"])
    assert ours["points"] == [
        (label, x, pytest.approx(y, rel=1e-5, abs=1e-7), every) for label, x, y, every in real["points"]
    ]
    assert _untimed(ours["printed"]) == _untimed(real["printed"])


def _untimed(printed: str) -> list[str]:
    return [line for line in printed.splitlines() if "examples/sec" not in line]


def test_the_sections_train(both: tuple[Results, Results]) -> None:
    losses = {name: [y for label, _, y, _ in each["points"] if label == "train_loss"] for name, each in both[1].items()}

    assert sum(len(each) > 3 for each in losses.values()) > 15
    assert losses["7.6 LeNet"][0] != losses["7.6 LeNet"][-1]


# ---- names -----------------------------------------------------------------------------------------------------------


def public_names(folder: Path) -> set[str]:
    """Every public name at the top of the published module: what it defines, assigns and imports."""
    names: set[str] = set()
    for node in ast.parse((folder / "d2l/torch.py").read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=targets):
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names |= {alias.asname or alias.name.partition(".")[0] for alias in aliases}
    return {name for name in names if not name.startswith("_")}


def test_every_public_name_is_there_or_says_what_to_do(folder: Path) -> None:
    ours, names = import_ours(), public_names(folder)
    refused: dict[str, str] = {}
    for name in sorted(names):
        try:
            getattr(ours, name)
        except AttributeError as error:
            refused[name] = str(error)

    assert len(names) > 200
    for name, told in refused.items():
        assert told.startswith(f"d2l.{name} belongs to chapter "), told
        assert told.endswith(f"Define {name} in the notebook to use it here")
    assert {"Trainer", "LeNet", "DATA_HUB", "defaultdict", "plt", "pd", "meshgrid"} <= names - set(refused)
    assert {"Vocab", "MultiHeadAttention", "resnet18", "train_ch13", "update_G"} <= set(refused)


def test_no_name_is_refused_that_the_published_library_lacks(folder: Path) -> None:
    later = import_ours().refusal.__globals__["CHAPTER"]

    assert set(later) <= public_names(folder)


def test_a_name_that_nobody_has_is_no_later_chapter() -> None:
    with pytest.raises(AttributeError, match="d2l has no LeNett, neither as published") as caught:
        _ = import_ours().LeNett

    # Python's own suggestion needs both.
    assert difflib.get_close_matches(str(caught.value.name), dir(caught.value.obj))[0] == "LeNet"
