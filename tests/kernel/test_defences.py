"""Each defence switched off in turn: its own promise is broken then, so the promise is no empty one.

Defences of the host are switched off by changing what it would have used, those of the inside in a copy of our modules,
line by line. Where two defences stand behind one promise, both are off, and either is shown to be enough.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.commands.isolation import bubblewrap_problem
from grader.kernel import bubblewrap, cgroups, promises, sandbox, session, system_calls
from grader.kernel.bubblewrap import drops_root
from grader.kernel.cgroups import Group, Tree
from grader.kernel.sandbox import Confinement
from grader.kernel.template import Sandboxes
from grader.kernel.watching import Watch

Change = Callable[[pytest.MonkeyPatch, Path], None]
UNSHARE_ALL = ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")


# ---- ways to switch a defence off ------------------------------------------------------------------------------------


def without(*pieces: str) -> Change:
    """Start bubblewrap without these parts of its command, of which at least one has to be there."""

    def command(original: Callable[[Confinement], list[str]], confinement: Confinement) -> list[str]:
        text = "\0".join(original(confinement)).replace("--unshare-all", "\0".join(UNSHARE_ALL))
        assert any(f"\0{piece}\0" in text for piece in pieces), "the defence is not there to be switched off"
        for piece in pieces:
            text = text.replace(f"\0{piece}\0", "\0")
        return text.split("\0")

    return _commanding(command)


def beginning_with(*arguments: str) -> Change:
    """Start bubblewrap with these before all that it lets in."""

    def command(original: Callable[[Confinement], list[str]], confinement: Confinement) -> list[str]:
        before = original(confinement)
        at = before.index("--ro-bind")
        return [*before[:at], *arguments, *before[at:]]

    return _commanding(command)


def _commanding(command: Callable[[Callable[[Confinement], list[str]], Confinement], list[str]]) -> Change:
    def change(patch: pytest.MonkeyPatch, _: Path) -> None:
        patch.setattr(bubblewrap, "bubblewrap_command", functools.partial(command, bubblewrap.bubblewrap_command))

    return change


def line(text: str, instead: str = "") -> Change:
    """Run a copy of what runs inside, in which this piece of a line is another."""

    def change(_: pytest.MonkeyPatch, package: Path) -> None:
        found = [path for path in package.rglob("*.py") if text in path.read_text()]
        assert found, f"nothing inside holds {text!r}"
        for path in found:
            path.write_text(path.read_text().replace(text, instead))

    return change


def setting(module: Any, name: str, value: object) -> Change:
    """Another value of a name of the host's."""

    def change(patch: pytest.MonkeyPatch, _: Path) -> None:
        patch.setattr(module, name, value)

    return change


def starting_with(**options: object) -> Change:
    """Start processes with other options."""

    def change(patch: pytest.MonkeyPatch, _: Path) -> None:
        popen = subprocess.Popen

        def started(argv: Sequence[str], **given: Any) -> subprocess.Popen[bytes]:
            fitting = {"pass_fds": ()} if options.get("close_fds") is False else {}
            process: subprocess.Popen[bytes] = popen(argv, **{**given, **fitting, **options})
            return process

        patch.setattr(subprocess, "Popen", started)

    return change


def group_without(controller: str) -> Change:
    """Limit nothing of this kind in control groups."""
    made = cgroups._settings

    def settings(tree: Tree, *arguments: Any) -> Iterator[tuple[str, int]]:
        return (each for each in made(tree, *arguments) if not each[0].startswith(controller))

    return setting(cgroups, "_settings", settings)


def unlimited(patch: pytest.MonkeyPatch, _: Path) -> None:
    """Neither a control group nor a watch."""
    patch.setattr(cgroups, "trees", lambda: ())
    patch.setattr(Watch, "admit", lambda self, pid: None)


def root_by_number(*, known: bool) -> Change:
    """As where root cannot be given up; and the grader does not know it."""

    def change(patch: pytest.MonkeyPatch, _: Path) -> None:
        patch.setattr(bubblewrap, "drops_root", lambda: False)
        if not known:
            patch.setattr(bubblewrap, "root_by_number", lambda: False)

    return change


# ---- the defences ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Defence:
    """One defence: how it is switched off, and every promise that is broken then, its own first."""

    name: str
    isolation: str
    off: tuple[Change, ...]
    broken: tuple[str, ...]
    needs: str = ""  # what it takes to see it, of `NEEDS`
    quick: bool = False  # run by default


NEEDS: Mapping[str, Callable[[], bool]] = {
    "": lambda: True,
    "control groups": lambda: bool(cgroups.trees()),
    "a root that can be given up": drops_root,
    "root": lambda: os.geteuid() == 0,
    "data sets below /usr/share": lambda: any(Path("/usr/share/datasets").rglob("t10k-*")),
}

COLD = (
    Defence("allow-list of mounts", "bubblewrap", (beginning_with("--ro-bind", "/var", "/var"),), ("hidden_files",)),
    Defence("masked data sets", "bubblewrap", (setting(bubblewrap, "_MASKED", ()),), ("labels",), "data sets below /usr/share"),
    Defence("network namespace", "bubblewrap", (without("--unshare-net"),), ("network", "neighbours")),
    Defence("ipc namespace", "bubblewrap", (without("--unshare-ipc"),), ("neighbours",)),
    Defence("size of /tmp", "bubblewrap", (without(f"--size\0{promises.LIMITS.disk_mb << 20}"),), ("disk",)),
    Defence("closed descriptors", "bubblewrap", (starting_with(close_fds=False),), ("descriptors",)),
    Defence("empty environment", "bubblewrap", (starting_with(env=None), without("--clearenv")), ("environment",)),
    Defence("giving up root", "bubblewrap", (line("_become(int(user))", "pass"),), ("not_root", "capabilities", "settings"), "a root that can be given up"),
)  # fmt: skip
FORKED = (
    Defence("the filter", "forked", (line("_load_filter(program)", "pass"),), ("system_calls", "namespaces", "sockets", "typing"), quick=True),
    Defence("refused calls", "forked", (setting(system_calls, "_FORBIDDEN", ()),), ("system_calls", "namespaces")),
    Defence("absent calls", "forked", (setting(system_calls, "_ABSENT", ()),), ("system_calls",)),
    Defence("refused namespaces", "forked", (setting(system_calls, "_NAMESPACES", 0),), ("namespaces",)),
    Defence("refused families", "forked", (setting(system_calls, "_SOCKET_FAMILIES", range(46)),), ("sockets",)),
    Defence("refused typing", "forked", (setting(system_calls, "_TIOCSTI", system_calls._TIOCLINUX),), ("typing",)),
    Defence("own /tmp", "forked", (line('for folder in ("/tmp", "/dev/shm")', "for folder in ()"),), ("neighbours",)),
    Defence("own ipc namespace", "forked", (line("_NEWIPC |", ""),), ("neighbours",)),
    Defence("own network namespace", "forked", (line("_NEWNET |", ""),), ("neighbours",)),
    Defence("own process namespace, and group", "forked", (line("_NEWPID |", ""), unlimited), ("end", "shared_memory")),
    Defence("template not dumpable", "forked", (line("_prctl(_SET_DUMPABLE, 0)", "pass"),), ("other_processes",)),
    Defence("capabilities dropped", "forked", (line("_libc.syscall(_SYS_CAPSET[os.uname().machine], header, bytes(24))", "0"),), ("capabilities", "settings")),
    Defence("what is root's is kept from it", "forked", (root_by_number(known=False),), ("settings", "other_processes"), "root"),
)  # fmt: skip
LIMITS = (
    Defence("memory of the group", "forked", (group_without("memory"),), ("shared_memory",), "control groups", quick=True),
    Defence("processes of the group, and rlimit", "forked", (group_without("pids"), line("resource.RLIMIT_NPROC", "resource.RLIMIT_CPU")), ("processes",)),
    Defence("memory of a process", "forked", (line("resource.RLIMIT_DATA", "resource.RLIMIT_CPU"),), ("own_memory",)),
    Defence("size of files", "forked", (line("resource.RLIMIT_FSIZE", "resource.RLIMIT_CPU"),), ("file_size",)),
    Defence("number of files", "forked", (line("resource.RLIMIT_NOFILE: 1024", "resource.RLIMIT_NOFILE: 4096"),), ("open_files",)),
    Defence("core files", "forked", (line("resource.RLIMIT_CORE: 0", "resource.RLIMIT_CORE: 1 << 20"),), ("core_files",)),
    Defence("time", "forked", (setting(session, "GRACE_S", 17.0),), ("time_limit",)),
    Defence("the group is removed", "forked", (setting(Group, "close", lambda self: None),), ("end",), "control groups"),
    Defence("the watch", "forked", (unlimited,), ("shared_memory",)),
)  # fmt: skip


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of our modules that go into a sandbox; it is what sandboxes get in this test."""
    tmp_path.chmod(0o755)
    copy = tmp_path / "grader"
    for name in sandbox.INSIDE:
        source = sandbox.PACKAGE / name
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, copy / name) if source.is_dir() else shutil.copy(source, copy / name)
    monkeypatch.setattr(sandbox, "PACKAGE", copy)
    return copy


@pytest.fixture(autouse=True)
def afresh() -> Iterator[None]:
    """The filter is made anew, before and after; no control group is left."""
    system_calls.system_call_filter.cache_clear()
    yield
    system_calls.system_call_filter.cache_clear()
    for folder in cgroups.made():
        cgroups._remove(folder)


def _row(defence: Defence) -> object:
    return pytest.param(defence, id=defence.name, marks=[] if defence.quick else pytest.mark.slow)


@pytest.mark.parametrize("defence", [_row(each) for each in (*COLD, *FORKED, *LIMITS)])
def test_without_a_defence_its_promise_is_broken(
    defence: Defence, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if problem := bubblewrap_problem():
        pytest.skip(f"{problem}: bubblewrap would run this")
    if not NEEDS[defence.needs]():
        pytest.skip(f"it takes {defence.needs} to see this")
    asked = {promise.name for promise in promises.PROMISES}
    if "time_limit" not in defence.broken:
        asked -= {"time_limit"}  # it takes long
    for change in defence.off:
        change(monkeypatch, package)

    confinement = Confinement("bubblewrap", None, limits=promises.LIMITS)
    with promises.planted() as told, Sandboxes(confinement, warm=defence.isolation == "forked") as sandboxes:
        broken = {each.promise.name: each.wrong for each in promises.keep(sandboxes, told, asked) if not each.kept}
        assert sandboxes.isolation.split()[0] == defence.isolation

    assert broken.keys() == set(defence.broken), broken
