"""A real Ray cluster of several nodes on this machine, in a process of its own, so that Ray's threads are in no test.

As a program it is that process: it takes commands as lines of JSON and answers each with one.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from tests.runners.networks import Network

ROOT = Path(__file__).parents[2]
# A dead node is noticed within seconds instead of half a minute.
_IMPATIENT = {"health_check_period_ms": 1000, "health_check_timeout_ms": 1000, "health_check_failure_threshold": 3}
_TRIES = 3  # Ray gives a node 30 seconds to start, which a busy machine may take
_MEMORY = 6 << 30  # bytes that a node says it has, enough for one worker
_STORE = 80 << 20  # bytes of its object store


class Cluster:
    """A head node that grades nothing, and nodes of one processor each."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__],
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            self.address: str = self._told()
        except AssertionError:
            self._process.communicate()
            raise

    def add(self, environment: Mapping[str, str] | None = None, **resources: float) -> int:
        """Add a node; its number."""
        node: int = self._ask({"add": dict(environment or {}), "resources": resources})
        return node

    def kill(self, node: int) -> None:
        """Kill a node with everything that runs on it, as a power cut would."""
        raylet: int = self._ask({"raylet": node})
        for pid in (raylet, *below(raylet)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def raylet(self, node: int) -> int:
        """The process number of a node's raylet."""
        pid: int = self._ask({"raylet": node})
        return pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        started = below(self._process.pid)
        self._process.communicate(timeout=60)
        for pid in started:  # what did not go by itself
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _ask(self, command: Mapping[str, Any]) -> Any:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._told()

    def _told(self) -> Any:
        assert self._process.stdout
        while line := self._process.stdout.readline():
            if line.startswith("> "):  # Ray prints as well
                return json.loads(line[2:])
        raise AssertionError("the cluster has died")


class NetworkedCluster:
    """A head node that grades nothing, and nodes of one processor each, on hosts of their own, which can be cut off.

    Args:
        network: they are hosts of it, the head the first one.
        folder: for the token that they all have to show.
    """

    def __init__(self, network: Network, folder: Path) -> None:
        self._network = network
        token = folder / "token"
        token.write_text(secrets.token_hex(32))
        impatient = {f"RAY_{name}": str(value) for name, value in _IMPATIENT.items()}
        self.environment = _environment() | impatient
        self.environment |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}
        self._start("--head", "--port=6379", "--num-cpus=0", "--include-dashboard=false")
        self.address = f"{network.address(1)}:6379"

    def add(self) -> int:
        """Add a node; the number of its host."""
        return self._start(f"--address={self.address}", "--num-cpus=1", f"--memory={_MEMORY}")

    def _start(self, *options: str) -> int:
        host = self._network.host()
        given = [f"--node-ip-address={self._network.address(host)}", f"--object-store-memory={_STORE}", *options]
        command = self._network.command(host, [str(Path(sys.executable).with_name("ray")), "start", *given])
        for _ in range(_TRIES):
            started = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
            if started.returncode == 0:
                return host
        raise AssertionError(started.stdout + started.stderr)


def _environment() -> dict[str, str]:
    there = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    return there | {"PYTHONPATH": str(ROOT), "RAY_worker_niceness": "0", "RAY_USAGE_STATS_ENABLED": "0"}


def below(pid: int) -> list[int]:
    """The descendants of a process."""
    children: dict[int, list[int]] = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            parent = int(Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(entry))
    found, todo = [], [pid]
    while todo:
        todo += (nearest := children.get(todo.pop(), []))
        found += nearest
    return found


def until(happened: Any, seconds: float = 120.0) -> None:
    """Wait for something; a test that waits for ever fails."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.05)


def _serve() -> None:
    from ray import cluster_utils

    cluster: Any = cluster_utils.Cluster()
    _added(cluster, num_cpus=0, memory=1 << 30, include_dashboard=False, _system_config=_IMPATIENT)
    nodes: list[Any] = []
    print(">", json.dumps(cluster.address), flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        if "add" in command:
            given = {"num_cpus": 1, "memory": _MEMORY, **command["resources"]}
            nodes.append(_added(cluster, **given, env_vars=command["add"]))
            answer = len(nodes) - 1
        else:
            answer = nodes[command["raylet"]].all_processes["raylet"][0].process.pid
        print(">", json.dumps(answer), flush=True)
    cluster.shutdown()


def _added(cluster: Any, **given: Any) -> Any:
    for _ in range(_TRIES - 1):
        with contextlib.suppress(Exception):
            return cluster.add_node(**given, object_store_memory=_STORE)
    return cluster.add_node(**given, object_store_memory=_STORE)


if __name__ == "__main__":
    _serve()
