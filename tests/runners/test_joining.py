"""Joining a Ray cluster: what is told where that cannot be, by a real head that wants a token, and what workers import."""

from __future__ import annotations

import colorsys
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.runners.clusters import below

pytest.importorskip("ray", reason="Ray is not installed: make setup would run this")

ROOT = Path(__file__).parents[2]
WANTED = "wants its token: set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN_PATH to its file"
# Who joins as the grader does; where Ray is asked at last, that is told instead.
JOIN = """
import os, sys, ray
ray.init = lambda address, **options: print("Ray is asked to join", address, os.environ.get("RAY_AUTH_MODE", ""))
from grader.errors import GraderError
from grader.runners import joining
try:
    with joining.joined(sys.argv[1], workers=None):
        pass
except GraderError as error:
    print(error)
"""

IMPORTED = """
import ray
from grader.runners import joining
with joining.joined("", workers=1):
    print(ray.get(ray.remote(lambda: __import__("colorsys").__file__).remote()))
"""


@dataclass(frozen=True, slots=True)
class Head:
    """A cluster's head, and what who joins has to know."""

    address: str
    token: Path

    def told(self, environment: Mapping[str, str], address: str = "") -> str:
        """What somebody who joins, by this address of it, is told, on whichever stream."""
        known = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        joined = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", JOIN, address or self.address],
            env={**known, "PYTHONPATH": str(ROOT), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        return str(joined.stdout).strip()


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Head]:
    """One that wants a token."""
    token = tmp_path_factory.mktemp("head") / "token"
    token.write_text(secrets.token_hex(32))
    with _started({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}) as address:
        yield Head(address, token)


@contextlib.contextmanager
def _started(environment: Mapping[str, str]) -> Iterator[str]:
    """The address of a head that is started with this."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with contextlib.ExitStack() as held:
        command = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", f"--port={port}"]
        # Ray's sockets lie in its folder, and a path of theirs may have 107 bytes.
        place = held.enter_context(_short_folder())
        command += ["--num-cpus=0", "--include-dashboard=false", f"--temp-dir={place}", "--node-ip-address=127.0.0.1"]
        command += [f"--object-store-memory={80 << 20}"]
        known = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        known |= {"RAY_USAGE_STATS_ENABLED": "0", **environment}
        process = subprocess.Popen(command, env=known, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        held.callback(_ended, process)
        assert process.stdout
        assert any("Ray runtime started" in line for line in process.stdout)
        yield f"127.0.0.1:{port}"


@contextlib.contextmanager
def _short_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _ended(process: subprocess.Popen[str]) -> None:
    started = below(process.pid)
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=30)
    for pid in (process.pid, *started):  # what did not go by itself
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.communicate()


def test_who_shows_the_token_may_join(head: Head) -> None:
    environment = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(head.token)}

    assert head.told(environment) == f"Ray is asked to join {head.address} token"


def test_a_token_that_lies_here_is_shown_to_a_cluster_that_wants_one_alone(head: Head) -> None:
    lies_here = {"RAY_AUTH_TOKEN_PATH": str(head.token)}
    with _started({"RAY_AUTH_MODE": "disabled"}) as address:
        other = Head(address, head.token)

        assert other.told({**lies_here, "RAY_ADDRESS": other.address}, "auto") == "Ray is asked to join auto disabled"
    assert head.told({**lies_here, "RAY_ADDRESS": head.address}, "auto") == "Ray is asked to join auto token"


@pytest.mark.parametrize("shown", ["none", "another", "no-file", "an-empty-file"])
def test_who_does_not_is_told_before_ray_tries_for_half_a_minute(head: Head, tmp_path: Path, shown: str) -> None:
    (tmp_path / "another").write_text(secrets.token_hex(32))
    (tmp_path / "an-empty-file").touch()
    environment = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(tmp_path / shown)}
    if shown == "none":
        environment = {"RAY_AUTH_MODE": "disabled"}

    assert head.told(environment) == f"the Ray cluster at {head.address} {WANTED}"


def test_where_nothing_listens_that_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"

        told = Head(address, Path()).told({})

    assert told.startswith(f"nothing answers at {address} (Connection refused); start the cluster's head there")


def test_workers_import_nothing_from_the_folder_in_which_the_command_was_given(tmp_path: Path) -> None:
    here = tmp_path / "submissions"
    here.mkdir()
    (here / "colorsys.py").touch()  # which nothing else imports
    (tmp_path / "grade.py").write_text(IMPORTED)
    known = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    command = [sys.executable, "-P", "-W", "ignore", str(tmp_path / "grade.py")]

    ran = subprocess.run(
        command,
        cwd=here,
        env={**known, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )

    assert ran.stdout.strip() == colorsys.__file__
