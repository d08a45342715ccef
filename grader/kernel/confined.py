"""Start a process that may do nothing but compute, for one session, and kill it for certain.

Its standard input and output are the grader's pipe (channel.py).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.errors import SandboxError
from grader.kernel import bounds, bubblewrap, sandbox
from grader.kernel.bounds import Bounds
from grader.kernel.channel import Channel
from grader.kernel.sandbox import Confinement, Place
from grader.kernel.system_calls import filter_file
from grader.records import Limits

_ENDING_S = 2.0  # between the last word of a process and its end


class Confined:
    """A running process and the pipe to it. Closing kills everything it started."""

    def __init__(
        self, process: subprocess.Popen[bytes], channel: Channel, place: Place, folder: Path | None, held: Bounds
    ) -> None:
        self.channel: Channel = channel
        self.place: Place = place
        self._process = process
        self._folder = folder
        self._held = held

    def alive(self) -> bool:
        """Whether its first process still runs."""
        return self._process.poll() is None

    def hold(self) -> None:
        """Keep it within its limits from here on; nothing of a student's may run before.

        Raises:
            SandboxError: it cannot be held, and is closed.
        """
        try:
            self._held.admit(self._process.pid)
        except SandboxError:
            self.close()
            raise

    def cause(self) -> str:
        """What its limits have ended."""
        return self._held.cause()

    def ended(self) -> int | None:
        """How it ended, as of waitpid; bubblewrap passes on a signal as 128 more than its number."""
        try:
            code = self._process.wait(_ENDING_S)
        except subprocess.TimeoutExpired:
            return None
        return -code if code < 0 else code - 128 if code > 128 else code << 8

    def close(self) -> None:
        """Kill the process with all its children and forget its files."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        self._held.close()
        self.channel.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def start(confinement: Confinement, limits: Limits) -> Confined:
    """Start one confined process that will serve one session within these limits.

    Raises:
        SandboxError: the sandbox cannot be started.
    """
    confined = start_ahead(confinement, limits)
    confined.hold()
    return confined


def start_ahead(confinement: Confinement, limits: Limits) -> Confined:
    """Like `start`, for a session that nobody has yet; `hold` it first. Until then it imports, and costs nothing after.

    Raises:
        SandboxError: the sandbox cannot be started.
    """
    if confinement.backend == "none":
        return _start_plain(confinement, limits)
    with filter_file() as fd:
        command = bubblewrap.session_command(confinement, fd)
        return _spawn(command, {}, bubblewrap.place(confinement), None, limits, keep=(fd,))


def _start_plain(confinement: Confinement, limits: Limits) -> Confined:
    folder = Path(tempfile.mkdtemp(prefix="grader-"))
    root = str(sandbox.PACKAGE.parent)
    place = Place(sys.executable, root, str(folder / "work"), str(confinement.data or "") or None)
    environment = {**bubblewrap.environment(confinement), "HOME": str(folder), "TMPDIR": str(folder)}
    command = bubblewrap.boot_command(place, "session")
    return _spawn(command, environment, place, folder, limits)


def _spawn(
    argv: Sequence[str],
    environment: Mapping[str, str],
    place: Place,
    folder: Path | None,
    limits: Limits,
    keep: tuple[int, ...] = (),
) -> Confined:
    held = bounds.of(limits)
    try:
        process = subprocess.Popen(
            held.starting(argv),
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("GRADER_DEBUG") else subprocess.DEVNULL,
            pass_fds=keep,
            start_new_session=True,
        )
    except OSError as error:
        held.close()
        raise SandboxError(f"cannot start {argv[0]}: {error}; `grader doctor` says what is missing") from error
    if process.stdin is None or process.stdout is None:
        raise SandboxError("the sandbox has no pipes")
    channel = Channel(os.dup(process.stdout.fileno()), os.dup(process.stdin.fileno()))
    process.stdin.close()
    process.stdout.close()
    return Confined(process, channel, place, folder, held)
