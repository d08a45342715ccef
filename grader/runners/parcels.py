"""Files that are sent to another machine once, and kept there while anybody grades with them.

    <folder of this account on a node>/        closed to others, see `home`
        <name>-<hash>/files/...                what was sent
        <name>-<hash>/made/...                 what is made of it there
        <name>-<hash>.lock                     held, shared, by everybody who uses it

Who leaves last removes it. What a killed process left behind is removed by the next that comes to this machine.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from grader.errors import MachineryError


@dataclass(frozen=True, slots=True)
class Label:
    """What a parcel is called; parcels of the same content have the same."""

    name: str
    sha256: str

    def __str__(self) -> str:
        """As its folder is called."""
        return f"{self.name}-{self.sha256[:32]}"


@dataclass(frozen=True, slots=True)
class Parcel:
    """Files by their relative POSIX paths."""

    label: Label
    files: Mapping[str, bytes]


def packed(name: str, paths: Mapping[str, Path]) -> Parcel:
    """A parcel of these files, by their paths in it."""
    files = {within: path.read_bytes() for within, path in sorted(paths.items())}
    digest = hashlib.sha256()
    for within, content in files.items():
        digest.update(hashlib.sha256(within.encode("utf-8", "surrogateescape")).digest())
        digest.update(hashlib.sha256(content).digest())
    return Parcel(Label(name, digest.hexdigest()), files)


def home() -> Path:
    """The folder for parcels on this machine.

    Raises:
        MachineryError: somebody else has made it.
    """
    folder = Path(tempfile.gettempdir(), f"grader-{os.geteuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.geteuid() or status.st_mode & 0o077 or not folder.is_dir() or folder.is_symlink():
        raise MachineryError(f"{folder} is not this account's alone; remove it")
    return folder


class Kept:
    """A parcel on this machine, from being unpacked until it is let go.

    Args:
        label: which parcel.
        fetched: brings it, where it is not here yet.
    """

    def __init__(self, label: Label, fetched: Callable[[], Parcel]) -> None:
        place = home()
        sweep(place)
        self._folder = place / str(label)
        self._lock = _shared(self._folder)
        if not (self._folder / "files").is_dir():
            with self.alone():
                if not (self._folder / "files").is_dir():
                    _unpack(fetched(), self._folder)

    @property
    def files(self) -> Path:
        """What was sent."""
        return self._folder / "files"

    @property
    def made(self) -> Path:
        """Where what is made of it lies."""
        return self._folder / "made"

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """In here no other process is."""
        with (self._folder.with_suffix(".turn")).open("ab") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield

    def let_go(self) -> None:
        """Remove it, unless somebody else uses it."""
        self._lock.close()
        _remove_unused(self._folder)


def _shared(folder: Path) -> IO[bytes]:
    """The lock of who uses a parcel; taken again where its file was removed in between."""
    path = folder.with_suffix(".lock")
    while True:
        lock = path.open("ab")
        fcntl.flock(lock, fcntl.LOCK_SH)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock.fileno()), path.stat()):
                return lock
        lock.close()


def _remove_unused(folder: Path) -> None:
    path = folder.with_suffix(".lock")
    with contextlib.suppress(FileNotFoundError), path.open("r+b") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # it is used
        if os.path.samestat(os.fstat(lock.fileno()), path.stat()):
            shutil.rmtree(folder, ignore_errors=True)
            folder.with_suffix(".turn").unlink(missing_ok=True)
            path.unlink()


def sweep(place: Path) -> None:
    """Remove what nobody uses any more."""
    for lock in place.glob("*.lock"):
        _remove_unused(lock.with_suffix(""))


def _unpack(parcel: Parcel, folder: Path) -> None:
    draft = folder / f"draft-{secrets.token_hex(4)}"
    for within, content in parcel.files.items():
        path = draft / within
        if not path.resolve().is_relative_to(draft.resolve()):
            raise MachineryError(f"{within!r} leads out of its parcel")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    draft.mkdir(parents=True, exist_ok=True)
    os.replace(draft, folder / "files")
