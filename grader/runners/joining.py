"""Membership in a Ray cluster for as long as a command runs; what goes wrong is one line, and Ray prints nothing."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import IO, Any, Final

import ray
from ray.exceptions import AuthenticationError, RayError

from grader.errors import MachineryError, UsageError

_REACH_S: Final = 5.0
# Before anything of Ray's starts here. A cluster that is there already has settings of its own.
_QUIET: Final = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}


@contextlib.contextmanager
def joined(address: str, *, workers: int | None) -> Iterator[None]:
    """Be part of a cluster until the end of the block.

    Args:
        address: of a cluster's head node, auto for the one that this machine is part of; "" for RAY_ADDRESS, and where
            that is not set for a cluster of this machine alone, which ends with the block.
        workers: how many processors a cluster of this machine alone has; None for all.

    Raises:
        MachineryError: no cluster answers there, or it wants a token.
        UsageError: the address is one of Ray Client.
    """
    address = address or os.environ.get("RAY_ADDRESS", "") or "local"
    if address.startswith("ray://"):
        raise UsageError(
            f"--address {address}: start the grader on a machine of the cluster and give auto, or HOST:6379"
        )
    _reach(address)
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    # Ray prints what befalls its nodes, on standard output; what matters of it is told by us.
    ray._private.worker.print_worker_logs = lambda *_: None
    before = signal.getsignal(signal.SIGTERM)
    try:
        _join(address, {"num_cpus": workers, "include_dashboard": False} if address == "local" else {})
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)  # Ray has put its own there
    try:
        yield
    finally:
        ray.shutdown()


def _reach(address: str) -> None:
    """See whether anything listens at HOST:PORT, which Ray itself would try for minutes.

    Raises:
        MachineryError: nothing does.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _REACH_S).close()
    except (OSError, OverflowError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        raise MachineryError(
            f"nothing answers at {address} ({why or error}); start the cluster's head there with"
            f" `ray start --head --port={port}`, or give another --address"
        ) from error


def _join(address: str, own: dict[str, Any]) -> None:
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        try:
            with _telling(said):
                if address != "local":
                    _greet(address)
                # Ray's workers import first of all from the folder in which a program joins: not from one that students
                # fill, nor from ours, which on another node may be of another version. In this one nobody has modules.
                with contextlib.chdir(os.sep):
                    ray.init(address, log_to_driver=False, logging_level=logging.CRITICAL, namespace="grader", **own)
        except Exception as error:  # Ray raises just that where one of its processes does not start
            said.seek(0)
            if isinstance(error, AuthenticationError) or "InvalidAuthToken" in said.read():
                wants = f"the Ray cluster at {address} wants its token"
                raise MachineryError(
                    f"{wants}: set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN_PATH to its file"
                ) from error
            what = "Ray does not start here" if address == "local" else f"no Ray cluster answers at {address}"
            raise MachineryError(f"{what}: {' '.join(str(error).split())[:200]}") from error


def _greet(address: str) -> None:
    """Show the head our token as `ray.init` will, which where it is not the right one tries for half a minute.

    Raises:
        RayError: it wants another one, or nobody there knows Ray.
    """
    with contextlib.suppress(ImportError, AttributeError, TypeError):  # a Ray that has these elsewhere is not asked
        from ray._private import services
        from ray._private.authentication import authentication_token_setup as tokens
        from ray._raylet import GcsClient  # type: ignore[attr-defined]

        head = services.canonicalize_bootstrap_address(address)
        if address == "auto":
            if "RAY_AUTH_MODE" not in os.environ:
                # Ray takes along a token that lies here, such as that of a cluster of this machine alone, and one that
                # wants none then starts nothing for us.
                with contextlib.suppress(RayError):
                    GcsClient(address=head)
                    os.environ["RAY_AUTH_MODE"] = "disabled"
            tokens.maybe_enable_token_auth_if_token_available(warn_if_disabled=False)
        # Before Ray's own code looks for the token, which ends this process where there is none.
        tokens.ensure_token_if_auth_enabled(create_token_if_missing=False)
        GcsClient(address=head)


@contextlib.contextmanager
def _telling(file: IO[str]) -> Iterator[None]:
    """In here standard error is this file: Ray's own code writes there what it tries, twenty times."""
    sys.stderr.flush()
    before = os.dup(2)
    os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
