"""Read the files below a folder, or inside a zip archive, as they were handed in; nothing is extracted to disk.

Everything here was chosen by students: links are refused, sizes and counts are capped, and a file that cannot be
read becomes a `FoundFile` with a problem instead of an exception, so that it costs nobody but its owner.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from io import BytesIO
from lzma import LZMAError
from pathlib import Path

MAX_FILE = 200 * 2**20  # bytes of one file; notebooks with pictures of a whole training run stay far below
MAX_FILES = 2_000  # of one student
MAX_STUDENT = 500 * 2**20  # bytes of one student's folder, or that one student's archives may unpack to
MAX_CLASS = 8 * 2**30  # bytes that the archive of a whole class may unpack to
MAX_CLASS_FILES = 100_000

CHECKPOINTS = ".ipynb_checkpoints"
_JUNK = {"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini"}
_LINK = "is a link, and links are not followed."
_TOO_LARGE = f"is larger than {MAX_FILE // 2**20} MB and was not read."
_TOO_MUCH = "was not read, because its zip file unpacks to too much."
_AMONG_LATIN = re.compile(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]")
_ENTRY = b"PK\x01\x02"  # how each entry of a table of contents begins
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, LZMAError, EOFError, OSError, RuntimeError, ValueError)


class TooManyFiles(zipfile.BadZipFile):
    """An archive lists more files than anybody hands in."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file: its path below the folder or archive, and its bytes or the reason why there are none.

    `problem` completes a sentence that starts with the file's name; `is_folder` marks a problem of a whole folder.
    What operating systems, editors and version control left there is `junk`: it is listed and not read. `origin` is
    the path in the instructor's source, once it is no longer `parts`.
    """

    parts: tuple[str, ...]
    content: bytes = b""
    problem: str = ""
    is_folder: bool = False
    junk: bool = False
    origin: tuple[str, ...] = ()

    @property
    def whole(self) -> tuple[str, ...]:
        """The path in the instructor's source."""
        return self.origin or self.parts


def in_folder(folder: Path) -> Iterator[FoundFile]:
    """List the files below a folder in a stable order; a folder directly below that holds none is listed itself."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if _is_junk(entry.name):
            yield FoundFile((entry.name,), junk=True)
        elif entry.is_dir(follow_symlinks=False):
            found = list(_below(Path(entry.path), (entry.name,)))
            yield from found
            if all(each.junk for each in found):
                yield FoundFile((entry.name,), problem="holds no files.", is_folder=True)
        else:
            yield _read(entry, (entry.name,))


def one_file(path: Path) -> FoundFile:
    """Read a file that was named on the command line; a link is followed there, because the instructor typed it."""
    return _content((path.name,), path, follow=True)


def in_zip(
    content: bytes | Path, *, of_class: bool = False, room: int = MAX_STUDENT, only: Collection[str] | None = None
) -> Iterator[FoundFile]:
    """List the files of an archive in its order.

    Args:
        content: the archive.
        of_class: whether it holds what a class handed in.
        room: bytes that it may unpack to, where it is one student's.
        only: the names of the files that are read; the others are listed without content. None for all.

    Raises:
        TooManyFiles: it lists more than may be.
        zipfile.BadZipFile: it is no zip archive, or its table of contents cannot be read.
    """
    left = MAX_CLASS if of_class else room
    # The table of contents is read whole, and may be all that there is; stored archives have entries of their own.
    if isinstance(content, bytes) and content.count(_ENTRY) > 10 * MAX_FILES:
        raise TooManyFiles(f"it lists more than {MAX_FILES} files")
    try:
        archive = zipfile.ZipFile(BytesIO(content) if isinstance(content, bytes) else content)
    except _ZIP_ERRORS as error:
        raise zipfile.BadZipFile(str(error)) from error
    with archive:
        members = archive.infolist()
        if len(members) > (MAX_CLASS_FILES if of_class else MAX_FILES):
            raise TooManyFiles(f"it lists {len(members)} files")
        folders: list[tuple[str, ...]] = []
        filled = set()
        for member in members:
            parts = _member_parts(member)
            if not parts:
                continue
            if any(_is_junk(part) for part in parts):
                if not member.is_dir():
                    yield FoundFile(parts, junk=True)
                continue
            if member.is_dir():
                folders.append(parts)
                continue
            found = FoundFile(parts)
            if only is None or parts[-1] in only:
                found = _member(archive, member, parts, left)
            left -= len(found.content)
            filled.add(found.parts[0])
            yield found
        for name in dict.fromkeys(parts[0] for parts in folders if parts[0] not in filled):
            yield FoundFile((name,), problem="holds no files.", is_folder=True)


def _is_junk(name: str) -> bool:
    """Whether operating systems and editors wrote this, not the student."""
    return name in _JUNK or name.startswith("~$") or (name.startswith(".") and name != CHECKPOINTS)


def _below(folder: Path, parts: tuple[str, ...]) -> Iterator[FoundFile]:
    waiting, count, size = [(folder, parts)], 0, 0
    while waiting:
        current, prefix = waiting.pop()
        try:
            entries = sorted(os.scandir(current), key=lambda entry: entry.name)
        except OSError as error:
            yield FoundFile(prefix, problem=f"could not be opened ({error.strerror}).", is_folder=True)
            continue
        for entry in entries:
            if _is_junk(entry.name):
                yield FoundFile((*prefix, entry.name), junk=True)
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append((Path(entry.path), (*prefix, entry.name)))
                continue
            found = _read(entry, (*prefix, entry.name))
            count, size = count + 1, size + len(found.content)
            if count > MAX_FILES or size > MAX_STUDENT:
                limits = f"{MAX_FILES} files or {MAX_STUDENT // 2**20} MB"
                yield FoundFile(parts, problem=f"holds more than {limits}; the rest was not read.", is_folder=True)
                return
            yield found


def _read(entry: os.DirEntry[str], parts: tuple[str, ...]) -> FoundFile:
    if entry.is_symlink():
        return FoundFile(parts, problem=_LINK, is_folder=not Path(entry.name).suffix)
    return _content(parts, Path(entry.path), follow=False)


def _content(parts: tuple[str, ...], path: Path, *, follow: bool) -> FoundFile:
    # Not following and not blocking are asked of the open itself: between a look and an open a file can change.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags if follow else flags | getattr(os, "O_NOFOLLOW", 0))
        with open(descriptor, "rb") as opened:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return FoundFile(parts, problem="is not a regular file.")
            # As many bytes as there are: room for the most is a mapping of its own, of which Linux allows 65,530.
            content = opened.read(min(status.st_size, MAX_FILE) + 1)
            if len(content) > status.st_size:  # it has grown meanwhile
                content += opened.read(MAX_FILE + 1 - len(content))
    except OSError as error:
        return FoundFile(parts, problem=f"could not be opened ({error.strerror}).")
    return FoundFile(parts, problem=_TOO_LARGE) if len(content) > MAX_FILE else FoundFile(parts, content)


def _member_parts(member: zipfile.ZipInfo) -> tuple[str, ...]:
    """The member's path; old Windows tools write backslashes and the Korean code page, macOS unmarked UTF-8."""
    name = member.orig_filename.partition("\0")[0]
    if not member.flag_bits & 0x800 and not name.isascii():
        name = _decoded(name)
    path = name.replace("\\", "/")
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if path.startswith("/") or ".." in parts or (parts and parts[0].endswith(":")):
        # Nothing is ever written under this name, yet it is not believed to say whose file this is.
        return tuple(part for part in parts if part != "..")[-1:]
    return parts


def _decoded(name: str) -> str:
    """A name that zipfile read in the code page of DOS because its archive does not say which it has."""
    try:
        written = name.encode("cp437")
    except UnicodeError:
        return name  # an extra field of the archive told the name
    read: dict[str, str] = {}
    for encoding in ("utf-8", "cp949"):
        with contextlib.suppress(UnicodeError):
            read[encoding] = written.decode(encoding)
    # A few syllables in the Korean code page are UTF-8 by chance; they then read as Latin letters far from any other.
    if {"utf-8", "cp949"} <= read.keys() and max(read["utf-8"]) < "\u0800" and not _AMONG_LATIN.search(read["utf-8"]):
        return read["cp949"]
    return next(iter(read.values()), name)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, parts: tuple[str, ...], left: int) -> FoundFile:
    mode = stat.S_IFMT(member.external_attr >> 16)
    if mode == stat.S_IFLNK:
        return FoundFile(parts, problem=_LINK)
    if mode not in (0, stat.S_IFREG):
        return FoundFile(parts, problem="is not a regular file.")
    if member.flag_bits & 0x1:
        return FoundFile(parts, problem="is encrypted.")
    allowed = min(MAX_FILE, left)
    try:
        with archive.open(member) as opened:
            content = opened.read(allowed + 1)  # the size that the archive claims is not believed
    except _ZIP_ERRORS:
        return FoundFile(parts, problem="is damaged inside its zip file.")
    if len(content) <= allowed:
        return FoundFile(parts, content)
    return FoundFile(parts, problem=_TOO_LARGE if allowed == MAX_FILE else _TOO_MUCH)
