"""After a check everything of the student's is as it was: generators, settings, networks, tensors, figures, names."""

from __future__ import annotations

import random
import signal
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from grader.kernel.inside import precision
from tests.selfcheck.conftest import Notebook

GREEDY = """
import random, sys
import numpy as np
def corr2d(X, K):
    random.random(), np.random.rand(), torch.rand(3)
    torch.manual_seed(7)
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    torch.set_default_device("meta")
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("medium")
    net.eval()
    net(torch.ones(4, 2, device="cpu", dtype=torch.float32))
    net[0].weight.data.zero_()
    net[0].weight.grad.zero_()
    kept.add_(1)
    sys.setprofile(None)
    print("seen"), sys.stderr.write("seen")
    return X
"""
NETWORK = """
net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
net(torch.ones(4, 2)).sum().backward()
kept = torch.ones(3)
"""


def settings() -> dict[str, Any]:
    return {
        "dtype": torch.get_default_dtype(),
        "device": torch.zeros(0).device,
        "threads": torch.get_num_threads(),
        "grad": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "benchmark": torch.backends.cudnn.benchmark,
        "precision": torch.get_float32_matmul_precision(),
        "alarm": signal.getsignal(signal.SIGALRM),
        "interrupt": signal.getsignal(signal.SIGINT),
        "path": list(sys.path),
    }


@pytest.fixture
def after_the_test() -> Any:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.set_default_dtype(torch.float32)
    torch.set_float32_matmul_precision("highest")


@pytest.mark.usefixtures("after_the_test")
def test_settings_and_generators_are_put_back(notebook: Notebook, capfd: pytest.CaptureFixture[str]) -> None:
    notebook.run(NETWORK)
    notebook.run(GREEDY)
    notebook.check("'corr2d-values'")  # the first one imports what it needs
    torch.set_num_threads(2)
    torch.set_default_dtype(torch.float64)
    torch.set_float32_matmul_precision("high")
    before = (
        settings(),
        random.getstate(),
        np.random.get_state(legacy=False)["state"]["key"].tolist(),
        torch.get_rng_state(),
    )
    capfd.readouterr()

    report = notebook.check("'corr2d-values'")

    assert "Your output has h rows" in repr(report)
    assert settings() == before[0]
    assert random.getstate() == before[1]
    assert np.random.get_state(legacy=False)["state"]["key"].tolist() == before[2]
    assert torch.equal(torch.get_rng_state(), before[3])
    printed = capfd.readouterr()
    assert "seen" not in printed.out + printed.err


def test_networks_and_tensors_of_the_notebook_are_put_back(notebook: Notebook) -> None:
    notebook.run(NETWORK)
    notebook.run(GREEDY)
    net, kept = notebook.run("net, kept")
    state = {name: value.clone() for name, value in net.state_dict().items()}
    gradient = net[0].weight.grad.clone()

    notebook.check("corr2d")

    assert net.training and kept.tolist() == [1, 1, 1]
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())
    assert torch.equal(net[0].weight.grad, gradient)


def test_what_is_given_to_a_function_is_no_tensor_of_the_notebook(notebook: Notebook) -> None:
    notebook.run("def corr2d(X, K):\n    X.zero_()\n    K.zero_()\n    return X")
    notebook.run("X, K = torch.ones(6, 8), torch.ones(1, 2)")

    notebook.check("'edge-detection'")

    assert notebook.run("float(X.sum()), float(K.sum())") == (48, 2)


@pytest.mark.parametrize("around", ["torch.no_grad()", "torch.inference_mode()"])
def test_a_check_where_no_gradients_are_kept_asks_for_them_all_the_same(notebook: Notebook, around: str) -> None:
    notebook.run("def corr2d(X, K):\n    return F.conv2d(X[None, None].float(), K[None, None].float())[0, 0]")

    report = notebook.run(f"with {around}:\n    found = check('corr2d-gradient')\nfound")

    assert report.ok, repr(report)


def test_figures_of_the_notebook_are_not_drawn_on_and_no_new_ones_stay(notebook: Notebook) -> None:
    notebook.run("import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt")
    notebook.run("own = plt.figure()\naxes = plt.gca()\naxes.plot([1, 2])")
    notebook.run(
        "def corr2d(X, K):\n    plt.plot([3])\n    plt.figure()\n    plt.rcParams['lines.linewidth'] = 9\n    return X"
    )
    width = notebook.run("plt.rcParams['lines.linewidth']")

    notebook.check("'corr2d-values'")

    assert notebook.run("plt.get_fignums(), plt.gcf() is own, len(axes.lines)") == ([1], True, 1)
    assert notebook.run("plt.rcParams['lines.linewidth']") == width != 9
    notebook.run("plt.close('all')")


def test_torch_is_not_patched_as_in_a_sandbox(notebook: Notebook) -> None:
    before: list[Callable[..., Any]] = [torch.Tensor.to, torch.Tensor.cuda, torch.zeros, torch.nn.Module.to]
    notebook.run("def corr2d(X, K):\n    return X")

    notebook.check("corr2d")

    assert [torch.Tensor.to, torch.Tensor.cuda, torch.zeros, torch.nn.Module.to] == before


def test_an_alarm_of_the_notebooks_own_still_rings(notebook: Notebook) -> None:
    rang: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda *_: rang.append(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 60)
        notebook.run("def corr2d(X, K):\n    return X")
        notebook.check("corr2d")
        left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
        assert 30 < left < 60
        signal.raise_signal(signal.SIGALRM)
        assert rang == [1]
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(
    not hasattr(torch.backends.cuda.matmul, "fp32_precision"),
    reason="this torch has no fp32_precision: 2.9 and newer do",
)
def test_a_notebook_may_set_precision_in_the_newer_way(notebook: Notebook) -> None:
    """Torch then refuses to tell what the older settings are."""
    put_back = precision.kept()
    notebook.run("def corr2d(X, K):\n    return X")
    notebook.run("torch.backends.cuda.matmul.fp32_precision = 'tf32'")
    try:
        report = notebook.check("'corr2d-values'")

        assert "Your output has h rows" in repr(report)
        assert torch.backends.cuda.matmul.fp32_precision == "tf32"
    finally:
        put_back()
