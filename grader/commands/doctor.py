"""`grader doctor`: what this machine offers, one line each, with the fix for what is missing."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader import datasets
from grader.commands import isolation
from grader.errors import DataMissing, SandboxError


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at."""

    name: str
    good: bool
    text: str
    needed: bool = True


def examine() -> Iterator[Line]:
    """Look at everything grading needs."""
    yield Line("python", True, platform.python_version())
    yield _torch()
    problem = isolation.bubblewrap_problem()
    yield Line("sandbox", not problem, problem or "bubblewrap works")
    yield _filter()
    yield _limits()
    for name, needed in (("fashion_mnist", True), ("mnist", False), ("cifar10", False)):
        try:
            yield Line(f"data {name}", True, str(datasets.folder(name)), needed)
        except DataMissing as error:
            yield Line(f"data {name}", False, str(error), needed)
    yield _memory()


def _torch() -> Line:
    if importlib.util.find_spec("torch") is None:
        return Line("torch", False, "not installed; run `make setup`")
    import torch

    if torch.cuda.is_available():
        return Line("torch", True, f"{torch.__version__}, {torch.cuda.get_device_name(0)}")
    return Line("torch", True, f"{torch.__version__}, no GPU: training uses the quick profile on the CPU")


def _filter() -> Line:
    from grader.kernel.sandbox import system_call_filter

    try:
        size = len(system_call_filter()) // 8
    except SandboxError as error:
        return Line("seccomp", False, str(error))
    return Line("seccomp", True, f"filter of {size} instructions")


def _limits() -> Line:
    for root in (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")):
        if (root / "cgroup.procs").exists() and os.access(root, os.W_OK):
            return Line("limits", True, f"rlimits inside the sandbox; cgroups writable at {root}")
    return Line("limits", True, "rlimits inside the sandbox; cgroups are not writable", needed=False)


def _memory() -> Line:
    cores = len(os.sched_getaffinity(0))
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    return Line("machine", True, f"{cores} cores, {total:.0f} GiB memory, {free:.0f} GiB disk free")
