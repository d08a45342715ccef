"""A folder on a disk of its own that is small, full or read-only, seen by the graders that enter it."""

from __future__ import annotations

import ctypes
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

PAGE = 4096
_UNSHARE = ["unshare", "--mount", "--propagation", "private"] + ([] if os.geteuid() == 0 else ["--map-root-user"])


def problem() -> str:
    """Why there can be no room on this machine; "" where there can."""
    try:
        ran = subprocess.run([*_UNSHARE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    except FileNotFoundError:
        return "unshare (util-linux) is not installed"
    return "" if ran.returncode == 0 else "this system lets no ordinary user mount; root would run this"


class Room:
    """A tmpfs of some pages in a mount namespace of its own, over this folder."""

    def __init__(self, folder: Path, pages: int) -> None:
        folder.mkdir()
        self.pages = pages
        self._folder = folder
        self._shell = subprocess.Popen(
            [*_UNSHARE, "sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.run(f"mount -t tmpfs -o size={pages * PAGE} none '{folder}'")
        self.inside = Path(f"/proc/{self._shell.pid}/root{folder}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shell.communicate()

    def run(self, command: str) -> None:
        """Run a command of root's within."""
        assert self._shell.stdin and self._shell.stdout
        self._shell.stdin.write(f"{command}; echo $?\n")
        assert self._shell.stdout.readline().strip() == "0", command

    def fill(self, left: int) -> None:
        """Leave this many pages free, whatever else lies here."""
        ballast = self.inside / "ballast"
        ballast.unlink(missing_ok=True)
        status = os.statvfs(self.inside)
        ballast.write_bytes(bytes(max(0, status.f_bavail - left) * PAGE))

    def empty(self) -> None:
        """Make room."""
        (self.inside / "ballast").unlink()

    @property
    def door(self) -> Door:
        """The hook of a grader that is to see the room."""
        return Door(self._shell.pid)


@dataclass(frozen=True, slots=True)
class Door:
    """Brings the process in which it is called to where another one is."""

    pid: int

    def __call__(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        for kind in ("mnt",) if os.geteuid() == 0 else ("user", "mnt"):
            namespace = os.open(f"/proc/{self.pid}/ns/{kind}", os.O_RDONLY)
            if libc.setns(namespace, 0) != 0:
                raise OSError(ctypes.get_errno(), f"setns {kind}")
