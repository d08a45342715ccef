"""Warm sandboxes: one template process per worker, forked for each session (inside/forking.py is its other side)."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

from grader.errors import SandboxError
from grader.kernel import bounds, cgroups
from grader.kernel.bounds import Bounds
from grader.kernel.sandbox import (
    Confinement,
    Place,
    Sandbox,
    boot_command,
    bubblewrap_command,
    root_by_number,
    start,
    system_call_filter,
)
from grader.kernel.wire import Channel
from grader.records import Limits

_log = logging.getLogger(__name__)

_BOOT_S = 120.0
_FORK_S = 30.0
_HASTEN_S = 0.002
WEAK = "limits=weak"
_SERVED = 200  # sessions after which a template is replaced, whatever they may have left behind


class Template:
    """Starts its process when first needed, and again when it has died or served enough sessions."""

    def __init__(self, confinement: Confinement) -> None:
        self._confinement = confinement
        data = "/data" if confinement.data else None
        self._place = Place("/venv/bin/python", "/grader", "/tmp/work", data)  # noqa: S108
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._served = 0

    def __enter__(self) -> Template:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self, limits: Limits) -> Forked:
        """A new session's process within these limits, as private as one of its own sandbox.

        Raises:
            SandboxError: the template cannot be started, or this system forbids what forks need.
        """
        if self._process is None or self._process.poll() is not None or self._served >= _SERVED:
            self.close()
            self._start()
        self._served += 1
        theirs_read, ours_write = os.pipe2(os.O_CLOEXEC)
        ours_read, theirs_write = os.pipe2(os.O_CLOEXEC)
        try:
            pidfd = self._fork(theirs_read, theirs_write)
        except (OSError, SandboxError) as error:
            for descriptor in (ours_read, ours_write):
                os.close(descriptor)
            self.close()
            raise SandboxError(f"the template could not fork: {error}") from error
        finally:
            os.close(theirs_read)
            os.close(theirs_write)
        # It waits for its first frame, so that nothing happens before it is held.
        return Forked(pidfd, Channel(ours_read, ours_write), self._place, limits)

    def close(self) -> None:
        """Kill the template and with it every session it forked."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self._served = 0

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        hidden = ["--tmpfs", "/proc/1"] if root_by_number() else []
        command = [*bubblewrap_command(self._confinement), *hidden, "--", *boot_command(self._place, "template")]
        debug = bool(os.environ.get("GRADER_DEBUG"))
        try:
            self._process = subprocess.Popen(
                command,
                env={},
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=None if debug else subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise SandboxError(f"cannot start {command[0]}: {error}") from error
        finally:
            theirs.close()
        self._control = ours
        ours.settimeout(_BOOT_S)
        try:
            greeting = ours.recv(1)
        except TimeoutError:
            greeting = b""
        if greeting != b"R":
            self.close()
            raise SandboxError("the template did not start; `grader doctor` says what is missing")
        program = system_call_filter()
        ours.sendall(struct.pack("<I", len(program)) + program)

    def _fork(self, read_fd: int, write_fd: int) -> int:
        if self._control is None:
            raise SandboxError("no template")
        disk = self._confinement.limits.disk_mb << 20
        self._control.settimeout(_FORK_S)
        socket.send_fds(self._control, [struct.pack("<Q", disk)], [read_fd, write_fd])
        until = time.monotonic() + _FORK_S
        while not select.select([self._control], [], [], _HASTEN_S)[0] and time.monotonic() < until:
            cgroups.hasten()
        message, descriptors, _, _ = socket.recv_fds(self._control, 256, 1)
        if message[:1] != b"F" or len(descriptors) != 1:
            raise SandboxError(message[1:].decode(errors="replace") or "it has died")
        return descriptors[0]


class Forked:
    """One session's process, forked from a template."""

    def __init__(self, pidfd: int, channel: Channel, place: Place, limits: Limits) -> None:
        self.channel = channel
        self.place = place
        self._pidfd = pidfd
        self._held: Bounds | None = None
        try:
            self._held = bounds.of(limits)
            self._held.admit(_number(pidfd))
            if _number(pidfd) < 0:
                raise SandboxError("a session's process ended before its first frame")
        except SandboxError:
            self.close()
            raise

    def cause(self) -> str:
        """What its limits have ended."""
        return self._held.cause() if self._held is not None else ""

    def close(self) -> None:
        """Kill its process 1, which takes its process namespace with it, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        select.select([self._pidfd], [], [], 10)
        if self._held is not None:
            self._held.close()
        os.close(self._pidfd)
        self.channel.close()


def _number(pidfd: int) -> int:
    """The number of a process by its descriptor, see pidfd_open(2); below 0 once it is gone."""
    rows = dict(line.split(":", 1) for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines())
    return int(rows["Pid"])


class Sandboxes:
    """Opens sandboxes for one worker: forked from a warm template where this system allows it, else one by one."""

    def __init__(self, confinement: Confinement, *, warm: bool) -> None:
        self._confinement = confinement
        self._template = Template(confinement) if warm and confinement.backend == "bubblewrap" else None
        self._isolation = "forked" if self._template else confinement.backend

    @property
    def isolation(self) -> str:
        """How the last session was confined: forked, bubblewrap or none, and whether its limits are weak."""
        return self._isolation if bounds.strong() else f"{self._isolation} {WEAK}"

    def __enter__(self) -> Sandboxes:
        return self

    def __exit__(self, *_: object) -> None:
        if self._template is not None:
            self._template.close()

    def open(self, limits: Limits) -> Sandbox:
        """A sandbox that will serve one session within these limits.

        Raises:
            SandboxError: none can be started.
        """
        if self._template is not None:
            try:
                return self._template.open(limits)
            except SandboxError as error:
                _log.warning("%s; each notebook gets a sandbox of its own from here on, which is slower", error)
                self._template.close()
                self._template = None
                self._isolation = self._confinement.backend
        return start(self._confinement, limits)
