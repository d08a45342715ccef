"""A real Ray cluster of several nodes on this machine, in a process of its own, so that Ray's threads are in no test.

As a program it is that process: it takes commands as lines of JSON and answers each with one.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]
# A dead node is noticed within seconds instead of half a minute.
_IMPATIENT = {"health_check_period_ms": 1000, "health_check_failure_threshold": 3}
_TRIES = 3  # Ray gives a node 30 seconds to start, which a busy machine may take
_MEMORY = 6 << 30  # bytes that a node says it has, enough for one worker


class Cluster:
    """A head node that grades nothing, and nodes of one processor each."""

    def __init__(self) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "RAY_worker_niceness": "0",
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        environment |= {"RAY_worker_niceness": "0", "RAY_USAGE_STATS_ENABLED": "0"}
        environment.pop("RAY_ADDRESS", None)
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__],
            env=environment,
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
            return cluster.add_node(**given, object_store_memory=80 << 20)
    return cluster.add_node(**given, object_store_memory=80 << 20)


if __name__ == "__main__":
    _serve()
