"""Hosts of their own on this machine: network namespaces on one bridge, whose cables can be pulled out.

hosts 10.77.0.1, 10.77.0.2 ...  each with a link to  ->  a switch
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from types import TracebackType
from typing import Self

_numbers = itertools.count(1)


def missing() -> str:
    """Why no hosts can be made here; "" where they can."""
    if shutil.which("ip") is None:
        return "iproute2 is not installed"
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    name = f"grader-{os.getpid()}-probe"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"no network namespace can be made here ({made.stderr.strip()})"
    subprocess.run(["ip", "netns", "delete", name], check=False)
    return ""


class Network:
    """A switch and the hosts that hang on it; all of it goes at the end."""

    def __init__(self) -> None:
        self._name = f"grader-{os.getpid()}-{next(_numbers)}"
        self._hosts: list[str] = []
        self._made: list[str] = []

    def __enter__(self) -> Self:
        self._make(self._switch)
        self._in(self._switch, "ip", "link", "add", "switch", "type", "bridge")
        self._in(self._switch, "ip", "link", "set", "switch", "up")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in self._made:
            for pid in _pids(name):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            subprocess.run(["ip", "netns", "delete", name], check=False)

    def host(self) -> int:
        """A new host; its number, from 1 on."""
        number = len(self._hosts) + 1
        name = f"{self._name}-{number}"
        self._make(name)
        self._hosts.append(name)
        _run("ip", "link", "add", "net0", "netns", name, "type", "veth", "peer", f"host{number}", "netns", self._switch)
        self._in(self._switch, "ip", "link", "set", f"host{number}", "master", "switch", "up")
        self._in(name, "ip", "address", "add", f"{self.address(number)}/24", "dev", "net0")
        self._in(name, "ip", "link", "set", "net0", "up")
        return number

    def address(self, host: int) -> str:
        """Where a host is reached."""
        return f"10.77.0.{host}"

    def cut(self, host: int) -> None:
        """Pull out a host's cable."""
        self._in(self._switch, "ip", "link", "set", f"host{host}", "down")

    def mend(self, host: int) -> None:
        """Put it in again."""
        self._in(self._switch, "ip", "link", "set", f"host{host}", "up")

    def command(self, host: int, command: Sequence[str]) -> list[str]:
        """A command as it is run on a host."""
        return ["ip", "netns", "exec", self._hosts[host - 1], *command]

    def processes(self, host: int) -> list[int]:
        """The processes that run on a host."""
        return _pids(self._hosts[host - 1])

    @property
    def _switch(self) -> str:
        return f"{self._name}-switch"

    def _make(self, name: str) -> None:
        _run("ip", "netns", "add", name)
        self._made.append(name)
        self._in(name, "ip", "link", "set", "lo", "up")

    def _in(self, name: str, *command: str) -> None:
        _run("ip", "netns", "exec", name, *command)


def _pids(name: str) -> list[int]:
    told = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=False).stdout
    return [int(pid) for pid in told.split()]


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
