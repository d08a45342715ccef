"""Control groups: one a session, so that all its processes together keep one limit of memory and one of processes.

    <the grader's own group>/grader-<pid of the grader>-<random>/      made and removed with the session
    <the grader's own group>/grader-itself/                            version 2 only: where systemd delegates a group

Version 1 has one tree of groups for each controller, version 2 one tree for all; a machine may have both. A group is
locked (flock) by the grader that made it, so one that can be locked is left over from a grader that was killed.

In the kernel's documentation: cgroup-v1/memory.rst, cgroup-v1/pids.rst, cgroup-v2.rst; in systemd's: CGROUP_DELEGATION.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import logging
import os
import re
import secrets
import shlex
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.errors import SandboxError
from grader.records import Limits

_log = logging.getLogger(__name__)

_CONTROLLERS = ("memory", "pids")
_NAME = re.compile(r"grader-\d+-[0-9a-f]{8}")
_ITSELF = "grader-itself"
_GONE_WITHIN_S = 5.0
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree of control groups as mounted here.

    Args:
        version: 1 or 2.
        own: the group that this process is in.
        parent: the group below which sessions get theirs.
        controllers: what it limits, of memory and pids.
    """

    version: int
    own: Path
    parent: Path
    controllers: frozenset[str]


# ---- what is there ---------------------------------------------------------------------------------------------------


@functools.cache
def trees() -> tuple[Tree, ...]:
    """The trees in which this process may limit memory and processes; none where it may not limit both.

    Removes the groups that killed graders have left there.
    """
    usable = []
    for tree in mounted(Path("/proc/self/cgroup").read_text(), Path("/proc/self/mountinfo").read_text()):
        with contextlib.suppress(OSError):
            prepared = _prepared(tree)
            _sweep(prepared.parent)
            with contextlib.closing(Group([prepared], Limits())):
                usable.append(prepared)
    limited = frozenset[str]().union(*(tree.controllers for tree in usable))
    return tuple(usable) if limited.issuperset(_CONTROLLERS) else ()


def mounted(cgroup: str, mountinfo: str) -> list[Tree]:
    """The trees that limit memory or processes, from the text of two files in /proc/self."""
    paths: dict[str, str] = {}
    for line in cgroup.splitlines():
        _, names, path = line.split(":", 2)
        paths |= dict.fromkeys(names.split(","), path)
    found = []
    for line in mountinfo.splitlines():
        mount, _, kind = line.partition(" - ")
        _, _, _, root, point, *_ = mount.split()
        name, _, options = kind.split(" ", 2)
        if name == "cgroup2":
            version, controllers = 2, _words(Path(point, "cgroup.controllers"))
        elif name == "cgroup":
            version, controllers = 1, frozenset(options.split(","))
        else:
            continue
        wanted = frozenset(_CONTROLLERS) & controllers
        group = PurePosixPath(paths.get("" if version == 2 else min(wanted, default=""), "nowhere"))
        if wanted and group.is_relative_to(root):
            own = Path(point) / group.relative_to(root)
            found.append(Tree(version, own, own.parent if own.name == _ITSELF else own, wanted))
    return found


def _prepared(tree: Tree) -> Tree:
    """The tree once groups below the parent can limit something; with version 2 that has to be allowed first.

    Raises:
        OSError: it cannot be.
    """
    if tree.version == 1:
        return tree
    allowed = tree.parent / "cgroup.subtree_control"
    if tree.controllers <= _words(allowed):
        return tree
    wanted = " ".join(f"+{name}" for name in sorted(tree.controllers))
    try:
        _write(allowed, wanted)
        return tree
    except OSError as error:
        # A group that has processes cannot limit groups below it. Where systemd has delegated the group, its
        # processes are ours to move; anywhere else, a container's first process could be among them.
        if error.errno != errno.EBUSY or not _delegated(tree.parent):
            raise
    itself = tree.parent / _ITSELF
    itself.mkdir(exist_ok=True)
    for pid in _members(tree.parent):
        with contextlib.suppress(ProcessLookupError):
            _write(itself / "cgroup.procs", str(pid))
    _write(allowed, wanted)
    return Tree(tree.version, itself, tree.parent, tree.controllers)


def _delegated(group: Path) -> bool:
    try:
        return os.getxattr(group, "user.delegate") == b"1"
    except OSError:
        return False


def _sweep(parent: Path) -> None:
    """Remove the groups of graders that were killed."""
    for folder in parent.iterdir():
        if _NAME.fullmatch(folder.name):
            with contextlib.suppress(OSError):
                os.close(_locked(folder))
                _remove(folder)


def made() -> list[Path]:
    """The groups that this process has made and not removed."""
    return [folder for tree in trees() for folder in tree.parent.glob(f"grader-{os.getpid()}-*")]


def hasten() -> None:
    """Let the next process that is put into a group be put there at once.

    The kernel waits some ten milliseconds before it moves a process, unless it has just moved another: so this process
    moves to where it is. Worth its time only where something else has to be waited for meanwhile.
    """
    for tree in trees()[:1]:
        with contextlib.suppress(OSError):
            _write(tree.own / "cgroup.procs", "0")


# ---- one group -------------------------------------------------------------------------------------------------------


class Group:
    """The control group of one session: a folder in each of the trees.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, trees: Sequence[Tree], limits: Limits) -> None:
        self._folders: list[Path] = []
        self._locks: list[int] = []
        try:
            for tree in trees:
                folder, lock = _made(tree.parent)
                self._folders.append(folder)
                self._locks.append(lock)
                for file, value in _settings(tree, folder, limits):
                    _write(folder / file, str(value))
        except OSError:
            self.close()
            raise

    def starting(self, argv: Sequence[str]) -> list[str]:
        """The command that runs another one in the group from its first instruction."""
        join = " && ".join(f"echo 0 > {shlex.quote(str(folder / 'cgroup.procs'))}" for folder in self._folders)
        return ["/bin/sh", "-c", f'{join} && exec "$@"', "sh", *argv]

    def admit(self, pid: int) -> None:
        """Put a process into the group, and what it starts from now on.

        Raises:
            SandboxError: it is not in.
        """
        try:
            for folder in self._folders:
                _write(folder / "cgroup.procs", str(pid))
            inside = all(pid in _members(folder) for folder in self._folders)
        except ProcessLookupError:
            inside = False
        except OSError as error:
            raise SandboxError(f"a session could not be put into its control group: {error}") from error
        if not inside:
            raise SandboxError("a session ended as soon as it began; `grader doctor` says what is missing")

    def cause(self) -> str:
        """What the limits have ended, in our own words; "" when nothing."""
        for folder in self._folders:
            for name in ("memory.events", "memory.oom_control"):
                if (folder / name).exists() and _numbers(folder / name).get("oom_kill", 0) > 0:
                    return "ran out of memory"
        return ""

    def close(self) -> None:
        """Kill every process in the group and remove it."""
        for folder in self._folders:
            _remove(folder)
        for lock in self._locks:
            os.close(lock)
        self._folders, self._locks = [], []


def _settings(tree: Tree, folder: Path, limits: Limits) -> Iterator[tuple[str, int]]:
    """The files of a group and what is written into them. Swap counts as memory where the kernel counts it at all."""
    memory = limits.memory_mb << 20
    if "memory" in tree.controllers:
        limit, swap = (
            (("memory.limit_in_bytes", memory), ("memory.memsw.limit_in_bytes", memory))
            if tree.version == 1
            else (("memory.max", memory), ("memory.swap.max", 0))
        )
        yield limit
        if (folder / swap[0]).exists():
            yield swap
    if "pids" in tree.controllers:
        yield "pids.max", limits.processes


def _made(parent: Path) -> tuple[Path, int]:
    for _ in range(_ATTEMPTS):
        folder = parent / f"grader-{os.getpid()}-{secrets.token_hex(4)}"
        folder.mkdir()
        # A grader that starts in this very instant takes the group for a leftover, as long as it is not locked.
        with contextlib.suppress(FileNotFoundError, BlockingIOError):
            return folder, _locked(folder)
    raise BlockingIOError(errno.EAGAIN, "another grader removes every new control group", str(parent))


def _locked(folder: Path) -> int:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise
    return fd


def _remove(folder: Path) -> None:
    """Kill what is in a group until the group can be removed, which is when the last of it is reaped."""
    deadline = time.monotonic() + _GONE_WITHIN_S
    while time.monotonic() < deadline:
        try:
            for pid in _members(folder):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.002)
        else:
            return
    _log.warning("the control group %s could not be removed; the next run tries again", folder)


def _members(folder: Path) -> list[int]:
    """The processes in a group; those of a process namespace that is not seen from here have no number."""
    pids = (int(line) for line in (folder / "cgroup.procs").read_text().split())
    return [pid for pid in pids if pid > 0]


def _numbers(path: Path) -> dict[str, int]:
    rows = (line.split() for line in path.read_text().splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}


def _words(path: Path) -> frozenset[str]:
    try:
        return frozenset(path.read_text().split())
    except OSError:
        return frozenset()


def _write(path: Path, text: str) -> None:
    """One write, because each is a command to the kernel."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)
