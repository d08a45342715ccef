"""Warm sandboxes: one template process per worker, forked for each session (inside/forking.py is its other side)."""

from __future__ import annotations

import contextlib
import logging
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

from grader.errors import SandboxError
from grader.kernel import bounds, bubblewrap, cgroups
from grader.kernel.bounds import Bounds
from grader.kernel.channel import Channel
from grader.kernel.confined import Confined, start, start_ahead
from grader.kernel.sandbox import Confinement, Place, Sandbox
from grader.kernel.system_calls import system_call_filter
from grader.records import Limits

_log = logging.getLogger(__name__)

_BOOT_S = 120.0
_FORK_S = 30.0
_ENDING_S = 2.0  # between the last word of a process and its end
_REQUEST = struct.Struct("<cxxxxxxxq")  # to the template; forking.py says what
_NUMBER = struct.Struct("<i")
_HASTEN_S = 0.002
WEAK = "limits=weak"
_DEATH_S = 0.5
_OPEN_FILES = 4096  # four times what a session may have
_SERVED = 200  # sessions after which a template is replaced, whatever they may have left behind


class Launched:
    """A template's process that may still be importing. It lives until it is ended, or its socket is closed here.

    Raises:
        SandboxError: it cannot be started.
    """

    def __init__(self, confinement: Confinement) -> None:
        command = bubblewrap.template_command(confinement)
        _allow_open_files()
        debug = bool(os.environ.get("GRADER_DEBUG"))
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._process = subprocess.Popen(
                command,
                env={},
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=None if debug else subprocess.DEVNULL,
                start_new_session=True,
            )
        except BaseException as error:  # whatever it is, such as Ctrl-C: nobody else has the socket yet
            self.control.close()
            if isinstance(error, OSError):
                raise SandboxError(f"cannot start {command[0]}: {error}") from error
            raise
        finally:
            theirs.close()

    def end(self) -> None:
        """Kill it and with it every session it forked."""
        self.control.close()
        self._process.kill()
        self._process.wait()


def _allow_open_files() -> None:
    """Let this process, and so a template, have more files open than a session may.

    Linux counts the descriptors that all processes of an account have sent each other and not yet received, and refuses
    whoever sends one more than may be open there (unix(7), ETOOMANYREFS): a session that leaves many on their way would
    keep its neighbours' templates from handing out processes.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Template:
    """Starts its process when first needed, and again when it has died or served enough sessions.

    Args:
        confinement: how its sessions are confined.
        control: the socket of one that another process has launched for this one, where there is one.
    """

    def __init__(self, confinement: Confinement, control: socket.socket | None = None) -> None:
        self._confinement = confinement
        self._place = bubblewrap.place(confinement)
        self._launched: Launched | None = None  # where it is our own
        self._control = control
        self._greeted = False
        self._word = b""  # what the newest copy said, until it is read
        self._served = 0
        self._died = False

    def __enter__(self) -> Template:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self, limits: Limits) -> Forked:
        """A new session's process within these limits, as private as one of its own sandbox.

        Raises:
            SandboxError: the template cannot be started, or this system forbids what forks need.
        """
        if self._control is None or self._hung_up() or self._served >= _SERVED:
            self.close()
            self.launch()
        if not self._greeted:
            self._await_greeting()
        self._served += 1
        theirs_read, ours_write = os.pipe2(os.O_CLOEXEC)
        ours_read, theirs_write = os.pipe2(os.O_CLOEXEC)
        channel = Channel(ours_read, ours_write)
        try:
            number, pidfd = self._fork(theirs_read, theirs_write)
            # Held while it sets itself up: nothing of the student's happens before the first frame.
            forked = Forked(self, number, pidfd, channel, self._place, limits)
            self._await_copy(forked)
        except (OSError, SandboxError) as error:
            channel.close()
            self.close()
            raise SandboxError(f"the template could not fork: {error}") from error
        finally:
            os.close(theirs_read)
            os.close(theirs_write)
        return forked

    def died(self) -> bool:
        """Whether the template has died by itself since this was last asked, and with it every session it forked."""
        died, self._died = self._died, False
        return died

    def look(self) -> None:
        """A session is dead before it was closed; where it was the template's death, that shows in a moment."""
        if self._control is not None and self._hung_up(_DEATH_S):
            self._died = True

    def launch(self) -> None:
        """Start its process, unless there is one, and do not wait for it.

        Raises:
            SandboxError: it cannot be started.
        """
        if self._control is None:
            self._launched = Launched(self._confinement)
            self._control = self._launched.control

    def close(self) -> None:
        """Kill the template and with it every session it forked."""
        if self._control is not None:
            self._died |= self._served > 0 and self._hung_up()
            self._control.close()  # at which one that is not our own ends by itself
            self._control = None
        if self._launched is not None:
            self._launched.end()
            self._launched = None
        self._served, self._greeted = 0, False

    def _hung_up(self, within_s: float = 0.0) -> bool:
        """Whether its process has gone."""
        poller = select.poll()
        poller.register(self._control or -1, 0)  # tells nothing else
        return bool(poller.poll(within_s * 1000))

    def _await_greeting(self) -> None:
        assert self._control is not None
        self._control.settimeout(_BOOT_S)
        try:
            if self._control.recv(1) == b"R":
                self._control.sendall(system_call_filter())
                self._greeted = True
        except (TimeoutError, ConnectionError):
            pass  # it is still importing, or has died
        if not self._greeted:
            self.close()
            raise SandboxError("the template did not start; `grader doctor` says what is missing")

    def _fork(self, read_fd: int, write_fd: int) -> tuple[int, int]:
        """The process number of a new session, as the template knows it, and a pidfd of it."""
        if self._control is None:
            raise SandboxError("no template")
        disk = self._confinement.limits.disk_mb << 20
        self._control.settimeout(_FORK_S)
        socket.send_fds(self._control, [_REQUEST.pack(b"F", disk)], [read_fd, write_fd])
        until = time.monotonic() + _FORK_S
        while not select.select([self._control], [], [], _HASTEN_S)[0] and time.monotonic() < until:
            cgroups.hasten()
        while True:
            message, descriptors, _, _ = socket.recv_fds(self._control, 256, 1)
            if descriptors:
                return _NUMBER.unpack(message)[0], descriptors[0]
            if not message:
                raise SandboxError("it has died")
            self._word = message  # of the copy, which may be quicker than its maker

    def _await_copy(self, forked: Forked) -> None:
        """Wait until a copy is private.

        Raises:
            SandboxError: it could not become so; with its own words.
        """
        if not self._word and self._control is not None:
            select.select([self._control.fileno(), forked.fileno()], [], [], _FORK_S)
            with contextlib.suppress(BlockingIOError):
                self._word = self._control.recv(256, socket.MSG_DONTWAIT)
        word, self._word = self._word, b""
        if word != b"M":
            forked.close()
            raise SandboxError(word[1:].decode(errors="replace") or "its copy has died")

    def status(self, number: int) -> int | None:
        """How a session ended, as of waitpid; None where that is not known."""
        if self._control is None:
            return None
        try:
            self._control.sendall(_REQUEST.pack(b"W", number))
            (status,) = _NUMBER.unpack(self._control.recv(_NUMBER.size))
        except (OSError, struct.error):
            return None
        return None if status < 0 else int(status)


class Forked:
    """One session's process, forked from a template."""

    def __init__(
        self, template: Template, number: int, pidfd: int, channel: Channel, place: Place, limits: Limits
    ) -> None:
        self.channel = channel
        self.place = place
        self._template = template
        self._number = number
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

    def fileno(self) -> int:
        """Readable once its process 1 has ended."""
        return self._pidfd

    def cause(self) -> str:
        """What its limits have ended."""
        return self._held.cause() if self._held is not None else ""

    def ended(self) -> int | None:
        """How its process 1 ended, as of waitpid, once it has; None before, or where that is not known."""
        gone, _, _ = select.select([self._pidfd], [], [], _ENDING_S)
        return self._template.status(self._number) if gone else None

    def close(self) -> None:
        """Kill its process 1, which takes its process namespace with it, and wait until it is gone."""
        if self.channel.hung_up():
            self._template.look()
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


def forks(confinement: Confinement, *, warm: bool) -> bool:
    """Whether sessions of this kind are forked from a template."""
    return warm and confinement.backend == "bubblewrap"


class Sandboxes:
    """Opens sandboxes for one worker: forked from a warm template where this system allows it, else one by one.

    Args:
        confinement: how they are confined.
        warm: whether they may be forked.
        ahead: whether `launch` starts the next one where none is forked. It imports while it waits, nothing of any
            student's has ever run in it, and it serves one session like every other.
        control: the socket of a template that another process has launched for this one, where there is one.
    """

    def __init__(
        self, confinement: Confinement, *, warm: bool, ahead: bool = False, control: socket.socket | None = None
    ) -> None:
        self._confinement = confinement
        self._ahead = ahead
        self._next: Confined | None = None
        self._template = Template(confinement, control) if forks(confinement, warm=warm) else None
        self._isolation = "forked" if self._template else confinement.backend
        self._lost = False

    @property
    def isolation(self) -> str:
        """How the last session was confined: forked, bubblewrap or none, and whether its limits are weak."""
        return self._isolation if bounds.strong() else f"{self._isolation} {WEAK}"

    @property
    def card(self) -> str:
        """What torch calls their graphics card in this process; a part of a divided one is the only one it sees."""
        number = self._confinement.device.partition(":")[2]
        return f"cuda:{number}" if number.isdigit() else "cuda"

    def __enter__(self) -> Sandboxes:
        return self

    def __exit__(self, *_: object) -> None:
        if self._template is not None:
            self._template.close()
        if self._next is not None:
            self._next.close()
            self._next = None

    def launch(self) -> None:
        """Start what takes long to start, without waiting for it. What fails here fails again, and is told, later."""
        with contextlib.suppress(SandboxError):
            if self._template is not None:
                self._template.launch()
            elif self._ahead and self._next is None:
                self._next = start_ahead(self._confinement, self._confinement.limits)

    def lost(self) -> bool:
        """Whether a session may have died since this was last asked because its template did."""
        lost, self._lost = self._lost, False
        return lost or (self._template is not None and self._template.died())

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
                self._lost = self._template.died()
                self._template = None
                self._isolation = self._confinement.backend
        waiting, self._next = self._next, None
        if waiting is not None:
            if waiting.alive() and limits == self._confinement.limits:
                waiting.hold()
                return waiting
            waiting.close()
        return start(self._confinement, limits)
