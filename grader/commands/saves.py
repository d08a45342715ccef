"""When a notebook is saved: files are looked at again and again, and what became of them is told.

    write, rename over it           Saved, unless it says what it said before
    half of it written              nothing; Damaged, if it stays like that
    removed                         nothing; Gone, if it stays away; Back, if the same file returns

It looks twice a second with the standard library rather than through `watchfiles`: a single `stat` costs nothing, and
unlike notifications it also sees what is saved on network drives and in the mounts of containers and WSL.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from grader.commands.check import within
from grader.errors import UsageError
from grader.records import SourceFile, Submission

LOOK_S: Final = 0.5
_PATIENCE: Final = 6  # looks at a damaged file, until it is no longer taken for one that is being written
_ABSENCE: Final = 3  # looks at nothing; some editors move a file away before they write it anew
_COARSE_NS: Final = 3 * 10**9  # file systems exist that tell the time of a change to 2 s


@dataclass(frozen=True, slots=True)
class Saved:
    """A notebook says something new."""

    submission: Submission


@dataclass(frozen=True, slots=True)
class Damaged:
    """What was saved stays no notebook, or cannot be read; why is one sentence."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A file was there and is no longer."""


@dataclass(frozen=True, slots=True)
class Back:
    """The file was gone or damaged and says again what it said before."""


Event: TypeAlias = Saved | Damaged | Gone | Back
Stamp: TypeAlias = tuple[tuple[int, int, int, int], ...]


def saves(
    paths: Sequence[Path], read: Callable[[Sequence[Path]], Submission], *, wait: Callable[[float], None] = time.sleep
) -> Iterator[Event]:
    """Tell what becomes of notebooks, first of all what they say now; never ends.

    What is saved while nobody asks for the next event is told once, however often it was.

    Args:
        paths: notebooks, or folders of them, into which new ones may come.
        read: reads them as one submission; raises UsageError where one is no notebook.
        wait: takes the seconds until the next look.
    """
    seen: Stamp | None = None  # of a file that need not be read again
    told: Sequence[SourceFile] | None = None  # what the newest notebooks and modules said
    trouble: Event | None = None  # what was said last, if that was no notebook
    doubtful: type[Event] | None = None  # what the newest looks found, where that was no notebook
    looks = 0  # so many in a row
    while True:
        stamp = _stamp(paths)
        if stamp is not None and stamp == seen:
            wait(LOOK_S)
            continue
        found = _found(paths, read)
        if isinstance(found, Saved):
            doubtful, seen = None, stamp if _settled(stamp) else None
            now = (*found.submission.notebooks, *found.submission.attachments)
            if now != told:
                told, trouble = now, None
                yield found
            elif trouble is not None:
                trouble = None
                yield Back()
        else:
            looks = looks + 1 if doubtful is type(found) else 1
            doubtful, seen = type(found), None
            if looks >= (_ABSENCE if isinstance(found, Gone) else _PATIENCE) and found != trouble:
                trouble = found
                yield found
        wait(LOOK_S)


def _found(paths: Sequence[Path], read: Callable[[Sequence[Path]], Submission]) -> Saved | Damaged | Gone:
    try:
        return Saved(read(paths))
    except UsageError as error:
        return Damaged(str(error)) if _stamp(paths) is not None else Gone()


def _stamp(paths: Sequence[Path]) -> Stamp | None:
    """What changes with a save; None where a file is not there. An editor that renames changes the inode."""
    try:
        found = [file.stat() for path in paths for file in _files(path)]
    except OSError:
        return None
    return tuple((each.st_dev, each.st_ino, each.st_mtime_ns, each.st_size) for each in found)


def _files(path: Path) -> Sequence[Path]:
    if not path.is_dir():
        return [path]
    try:
        return within(path)
    except UsageError:  # it holds none now, which is told by who reads it
        return []


def _settled(stamp: Stamp | None) -> bool:
    """Whether a later save would change the stamp for certain."""
    return stamp is not None and all(abs(time.time_ns() - each[2]) > _COARSE_NS for each in stamp)
