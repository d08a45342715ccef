"""`grader doctor`: what this machine offers, one line each, with the fix for what is missing."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from grader import datasets
from grader.commands import isolation
from grader.errors import DataMissing, SandboxError
from grader.kernel import cards

if TYPE_CHECKING:
    from grader.kernel.promises import Verdict


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at."""

    name: str
    good: bool
    text: str
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Backend:
    """One way to confine a notebook, and which promises it keeps on this machine."""

    name: str  # forked, bubblewrap or none, as in the gradebook
    verdicts: Sequence[Verdict]
    problem: str = ""  # why it cannot be used at all

    @property
    def good(self) -> bool:
        """Whether it keeps every promise."""
        return not self.problem and all(verdict.kept for verdict in self.verdicts)


def backends() -> Iterator[Backend]:
    """Look at the promises of each backend from inside; takes minutes in all."""
    from grader.kernel import promises
    from grader.kernel.sandbox import Confinement
    from grader.kernel.template import Sandboxes

    problem = isolation.bubblewrap_problem()
    with promises.planted() as told:
        for name in ("forked", "bubblewrap", "none"):
            if name != "none" and problem:
                yield Backend(name, (), problem)
                continue
            kind = "none" if name == "none" else "bubblewrap"
            confinement = Confinement(kind, None, limits=promises.LIMITS)
            try:
                with Sandboxes(confinement, warm=name == "forked") as sandboxes:
                    verdicts = tuple(promises.keep(sandboxes, told))
                    used = sandboxes.isolation
            except SandboxError as error:
                yield Backend(name, (), str(error))
                continue
            if used.startswith(name):
                yield Backend(used, verdicts)
            else:
                yield Backend(name, (), "this system forbids what forks need; each notebook gets a sandbox of its own")


def examine() -> Iterator[Line]:
    """Look at everything grading needs."""
    yield Line("python", True, platform.python_version())
    yield _torch()
    problem = isolation.bubblewrap_problem()
    yield Line("sandbox", not problem, problem or "bubblewrap works")
    yield _filter()
    yield _limits()
    if cards.nodes():
        yield _cards()
    if importlib.util.find_spec("ray") is not None:
        yield Line("ray", True, f"{version('ray')}: `grader grade --runner ray` grades on many machines", needed=False)
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
    from grader.kernel.system_calls import system_call_filter

    try:
        size = len(system_call_filter()) // 8
    except SandboxError as error:
        return Line("seccomp", False, str(error))
    return Line("seccomp", True, f"filter of {size} instructions")


def _cards() -> Line:
    closed = cards.closed()
    problem = (
        f"not open to everybody, so no sandbox can use them: run `chmod a+rw {' '.join(closed)}`" if closed else ""
    )
    return Line("card", not closed, problem or ", ".join(cards.nodes()), needed=False)


def _limits() -> Line:
    weakness = isolation.weakness()
    text = weakness or "a control group for each session, and rlimits inside it"
    return Line("limits", not weakness, text, needed=False)


def _memory() -> Line:
    cores = len(os.sched_getaffinity(0))
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    return Line("machine", True, f"{cores} cores, {total:.0f} GiB memory, {free:.0f} GiB disk free")
