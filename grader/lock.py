"""The one grader that writes into a results folder.

The lock belongs to an open file, so that the kernel frees it however the grader ends. The file holds the grader's pid
while it works and is emptied when it ends in order: what is found in it later belonged to one that was killed.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

from grader.errors import GradebookError

_CLOSED: Final = "cannot be written; check that there is room and that the folder and its files belong to you"


class Lock:
    """Taken when made.

    Args:
        path: the lock's file; its folder is made when missing.

    Attributes:
        abandoned: whether the grader that had it before was killed.

    Raises:
        GradebookError: another grader has it, or the folder cannot be written.
    """

    abandoned: bool

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+b", buffering=0)
        except (FileExistsError, NotADirectoryError) as error:
            raise GradebookError(f"{path.parent} is no folder; choose another --out") from error
        except OSError as error:
            raise GradebookError(f"{path.parent} {_CLOSED} ({error.strerror})") from error
        try:
            self._take(path.parent)
        except BaseException:
            self._file.close()
            raise
        # A forked process shares the lock and would hold it after us; that it closes its copy leaves ours in force.
        os.register_at_fork(after_in_child=self._file.close)

    def release(self, *, in_order: bool) -> None:
        """Let the next grader in; it will see whether this one ended in order."""
        if in_order:
            self._file.truncate(0)  # takes no room, so that it works on a full disk
        self._file.close()

    def _take(self, folder: Path) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = self._holder() or "unknown"
            raise GradebookError(
                f"another grader is writing to {folder} (pid {pid}); wait for it or choose another --out"
            ) from error
        except OSError as error:
            raise GradebookError(f"{folder} cannot be locked ({error.strerror}); choose a local disk") from error
        try:
            self.abandoned = bool(self._holder())
            self._file.truncate(0)
            self._file.write(f"{os.getpid()}\n".encode())
        except OSError as error:
            raise GradebookError(f"{folder} {_CLOSED} ({error.strerror})") from error

    def _holder(self) -> str:
        self._file.seek(0)
        return self._file.read(20).decode("ascii", "replace").strip()
