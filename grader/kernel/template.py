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
from collections.abc import Callable

from grader.errors import SandboxError
from grader.kernel.sandbox import (
    Confinement,
    Place,
    Sandbox,
    boot_command,
    bubblewrap_command,
    start,
    system_call_filter,
)
from grader.kernel.wire import Channel

_log = logging.getLogger(__name__)

_BOOT_S = 120.0
_FORK_S = 30.0
_DEATH_S = 0.5
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
        self._died = False

    def __enter__(self) -> Template:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> Forked:
        """A new session's process, as private as one of its own sandbox.

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
        return Forked(pidfd, (ours_read, ours_write), self._place, self._look)

    def died(self) -> bool:
        """Whether the template has died by itself since this was last asked, and with it every session it forked."""
        died, self._died = self._died, False
        return died

    def _look(self) -> None:
        """A session is dead before it was closed; where it was the template's death, that shows in a moment."""
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_DEATH_S)
                self._died = True

    def close(self) -> None:
        """Kill the template and with it every session it forked."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._died |= self._served > 0 and self._process.poll() is not None
            self._process.kill()
            self._process.wait()
            self._process = None
        self._served = 0

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        command = [*bubblewrap_command(self._confinement), "--", *boot_command(self._place, "template")]
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
        message, descriptors, _, _ = socket.recv_fds(self._control, 256, 1)
        if message[:1] != b"F" or len(descriptors) != 1:
            raise SandboxError(message[1:].decode(errors="replace") or "it has died")
        return descriptors[0]


class Forked:
    """One session's process, forked from a template."""

    def __init__(self, pidfd: int, pipe: tuple[int, int], place: Place, died: Callable[[], None]) -> None:
        self.channel = Channel(*pipe)
        self.place = place
        self._pidfd = pidfd
        self._died = died
        self._end = select.poll()
        self._end.register(pipe[0], 0)  # tells nothing but that the other side has gone

    def close(self) -> None:
        """Kill its process 1, which takes its process namespace with it, and wait until it is gone."""
        if self._end.poll(0):
            self._died()
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        select.select([self._pidfd], [], [], 10)
        os.close(self._pidfd)
        self.channel.close()


class Sandboxes:
    """Opens sandboxes for one worker: forked from a warm template where this system allows it, else one by one."""

    def __init__(self, confinement: Confinement, *, warm: bool) -> None:
        self._confinement = confinement
        self._template = Template(confinement) if warm and confinement.backend == "bubblewrap" else None
        self._isolation = "forked" if self._template else confinement.backend
        self._lost = False

    @property
    def isolation(self) -> str:
        """How the last session was confined: forked, bubblewrap or none."""
        return self._isolation

    def __enter__(self) -> Sandboxes:
        return self

    def __exit__(self, *_: object) -> None:
        if self._template is not None:
            self._template.close()

    def lost(self) -> bool:
        """Whether a session may have died since this was last asked because its template did."""
        lost, self._lost = self._lost, False
        return lost or (self._template is not None and self._template.died())

    def open(self) -> Sandbox:
        """A sandbox that will serve one session.

        Raises:
            SandboxError: none can be started.
        """
        if self._template is not None:
            try:
                return self._template.open()
            except SandboxError as error:
                _log.warning("%s; each notebook gets a sandbox of its own from here on, which is slower", error)
                self._template.close()
                self._lost = self._template.died()
                self._template = None
                self._isolation = self._confinement.backend
        return start(self._confinement)
