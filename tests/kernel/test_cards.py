"""What a sandbox is given of a graphics card; as far as that can be told on a machine without one."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from grader.checks.trainings import untrained
from grader.commands.isolation import bubblewrap_problem
from grader.kernel import bubblewrap, cards
from grader.kernel.cells import Script
from grader.kernel.sandbox import Confinement
from grader.kernel.session import KernelSession
from grader.kernel.template import Sandboxes
from grader.probes import Probe, Raised, Returned
from grader.records import Limits, Outcome

ROOT = Path(__file__).parents[2]
LIMITS = Limits(cell_s=30, probe_s=10)


@pytest.mark.parametrize(
    ("device", "given", "expected"),
    [
        ("cpu", None, ""),
        ("cpu", "3", ""),
        ("cuda", None, "0"),
        ("cuda:2", None, "2"),
        ("cuda", "3", "3"),
        ("cuda:1", "5, 7", "7"),
        ("cuda", "GPU-8f2c", "GPU-8f2c"),
        ("cuda:1", "MIG-1,MIG-2", "MIG-2"),
        ("cuda:1", "3", ""),
        ("cuda", "", ""),
    ],
)
def test_a_session_sees_the_card_that_the_grader_calls_by_this_number(
    device: str, given: str | None, expected: str
) -> None:
    assert cards.visible(device, {} if given is None else {"CUDA_VISIBLE_DEVICES": given}) == expected


def test_without_a_card_nothing_of_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")

    assert cards.variables("cpu") == {"CUDA_VISIBLE_DEVICES": ""}
    assert cards.variables("cuda")["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert cards.variables("cuda")["PYTORCH_NVML_BASED_CUDA_CHECK"] == "1"


def test_nodes_of_every_card_are_found_and_those_closed_to_others_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("nvidia0", "nvidia12", "nvidiactl", "nvidia-uvm", "nvidia-modeset"):
        (tmp_path / name).touch()
    (tmp_path / "nvidia12").chmod(0o660)
    (tmp_path / "nvidia-caps").mkdir()
    for name in ("nvidia0", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).chmod(0o666)
    monkeypatch.setattr(cards, "_NODES", tuple(each.replace("/dev", str(tmp_path)) for each in cards._NODES))

    names = [Path(node).name for node in cards.nodes()]

    assert names == ["nvidia-caps", "nvidia-uvm", "nvidia0", "nvidia12", "nvidiactl"]
    assert cards.closed() == [str(tmp_path / "nvidia12")]


def test_the_drivers_folder_is_found_where_the_loader_finds_it(tmp_path: Path) -> None:
    """A copy of a small library stands for the driver's, at a place that only LD_LIBRARY_PATH names."""
    (library,) = glob.glob("/usr/lib/*/libm.so.6")[:1] or glob.glob("/lib*/libm.so.6")[:1]
    shutil.copy(library, tmp_path / "libcuda.so.1")
    code = "from grader.kernel import cards; print(cards.mounts()); print(cards.variables('cuda')['LD_LIBRARY_PATH'])"
    environment = {**os.environ, "LD_LIBRARY_PATH": f"/nowhere:{tmp_path}", "PYTHONPATH": str(ROOT)}

    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)

    mounts, searched = told.stdout.splitlines()
    assert f"'--ro-bind', '{tmp_path}', '{tmp_path}'" in mounts
    assert searched == str(tmp_path)


LOOKS = """
import os, torch
def looks():
    return [sorted(os.listdir('/sys/fs')), os.path.isdir('/sys/bus'), os.path.exists('/dev/graphics'),
            os.environ['CUDA_VISIBLE_DEVICES'], torch.cuda.is_available()]
"""


@pytest.fixture(params=["forked", "cold"])
def looked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """What a session on a card sees; another character device stands for the card."""
    if problem := bubblewrap_problem():
        pytest.skip(f"{problem}: bubblewrap would run this")
    monkeypatch.setattr(cards, "nodes", lambda: ["/dev/full"])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    confinement = Confinement("bubblewrap", None, device="cuda:1", limits=LIMITS)
    script = Script("hw.ipynb", [(1, LOOKS)], ["looks"])
    with Sandboxes(confinement, warm=request.param == "forked") as sandboxes:
        with KernelSession(script, sandboxes.open, LIMITS) as session:
            (answer,) = session.ask([Probe("call", "looks@0")])
    assert isinstance(answer, Returned)
    assert isinstance(answer.value, list)
    yield answer.value


def test_a_session_on_a_card_sees_buses_and_no_control_groups(looked: list[object]) -> None:
    groups, buses, _, visible, _ = looked

    assert groups == []
    assert buses is True
    assert visible == "6"


FOR_A_CARD = """
import torch
from torch import nn
device = torch.device('cuda')
class Scales(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3, device='cuda'))
        self.shift = nn.Linear(3, 3, device=device).cuda()
    def forward(self, X):
        X = X.to(device, non_blocking=True).cuda()
        return (X * self.weight).to('cuda:0') + X.new_zeros(3, device=device) + torch.zeros_like(X, device='cuda')
torch.set_default_device('cuda')
scaled = Scales().to(device)
lazy = nn.Sequential(nn.LazyLinear(2), nn.LazyBatchNorm1d()).to(device).cuda()
lazy(torch.ones(4, 3))
def scale(X):
    torch.cuda.synchronize()
    Y = scaled(X)
    return [Y, str(Y.device), str(scaled.weight.device), torch.cuda.is_available(), Y.to(torch.float64, copy=True)]
"""


def test_what_is_written_for_a_card_runs_on_the_cpu_where_a_session_has_none() -> None:
    script = Script("hw.ipynb", [(1, FOR_A_CARD)], ["scale"])
    X = torch.arange(3.0)
    with Sandboxes(Confinement("none", None, limits=LIMITS), warm=False) as sandboxes:
        with KernelSession(script, sandboxes.open, LIMITS) as session:
            (answer,) = session.ask([Probe("call", "scale@0", (X,))])

    assert isinstance(answer, Returned), answer
    assert isinstance(answer.value, list)
    assert answer.value[1:4] == ["cpu", "cpu", False]
    assert torch.equal(answer.value[0], X)
    assert answer.value[4].dtype == torch.float64


def test_a_command_passes_nodes_through_only_for_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    if problem := bubblewrap_problem():
        pytest.skip(f"{problem}: bubblewrap would run this")
    monkeypatch.setattr(cards, "nodes", lambda: ["/dev/nvidia7"])

    commands = {
        each: bubblewrap.bubblewrap_command(Confinement("bubblewrap", None, device=each)) for each in ("cpu", "cuda")
    }

    assert "/dev/nvidia7" in commands["cuda"]
    assert not {"/dev/nvidia7", "/sys"} & set(commands["cpu"])


NOTHING_OF_CUDA = """
import torch
asked = []
def noted(name, function):
    def call(*args, **kwargs):
        asked.append(name)
        return function(*args, **kwargs)
    return call
for module, names in ((torch.cuda, "is_available device_count _lazy_init init current_device"),
                      (torch._C, "_cuda_getDeviceCount _cuda_init _cuda_getDriverVersion")):
    for name in names.split():
        if hasattr(module, name):
            setattr(module, name, noted(name, getattr(module, name)))
import torch._dynamo
from grader.kernel.inside import kernel
kernel.prepare()
print(asked)
torch.cuda.is_available()
print(asked)
"""


def test_what_a_template_does_before_it_is_forked_asks_nothing_of_cuda() -> None:
    path = os.pathsep.join((str(ROOT / "grader/kernel/inside/site"), str(ROOT)))
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", NOTHING_OF_CUDA],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )

    before, after = told.stdout.splitlines()
    assert before == "[]"
    assert "is_available" in after


ASSERTS = """
import os, torch
def where(fails):
    if fails:
        raise torch.AcceleratorError('CUDA error: device-side assert triggered')
    return os.stat('/proc/self').st_ctime_ns
"""


def test_after_an_assertion_on_the_card_the_session_goes_on_in_another_process() -> None:
    script = Script("hw.ipynb", [(1, ASSERTS)], ["where"])
    with Sandboxes(Confinement("none", None, limits=LIMITS), warm=False) as sandboxes:
        with KernelSession(script, sandboxes.open, LIMITS) as session:
            first, second, failed, after = session.ask([Probe("call", "where@0", (n,)) for n in (0, 0, 1, 0)])

    assert failed == Raised("AcceleratorError", failed.line, failed.message)  # type: ignore[union-attr]
    assert isinstance(first, Returned) and isinstance(after, Returned)
    assert first == second
    assert first.value != after.value


def test_a_card_without_memory_is_no_fault_of_the_students() -> None:
    train = Probe("train", "LeNet", options={"device": "cuda"})
    finding = untrained(Raised("OutOfMemoryError"), train)

    assert finding is not None
    assert finding.outcome is Outcome.BROKEN
    assert torch.OutOfMemoryError.__name__ == "OutOfMemoryError"
    other = untrained(Raised("ValueError"), train)
    assert other is not None and other.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("device", "card"), [("cuda:1", "cuda:1"), ("cuda", "cuda"), ("cuda:MIG-3f", "cuda"), ("cpu", "cuda")]
)
def test_this_process_calls_a_card_by_its_number(device: str, card: str) -> None:
    assert Sandboxes(Confinement("none", None, device=device, limits=LIMITS), warm=False).card == card
