"""Put a derived file on disk whole: whoever looks finds the old text or the new one, never half of it."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from grader.errors import MachineryError

_WRITTEN: Final = (1980, 1, 1, 0, 0, 0)  # the same files are the same zip


def write(path: Path, text: str, *, encoding: str = "utf-8-sig", durable: bool = True) -> None:
    """Replace the file at this path by this text, and have both the text and its name on disk before returning.

    Args:
        path: where the file goes; its folder is made when missing.
        text: what it will hold, line ends as they are.
        encoding: the default marks the file as UTF-8 for spreadsheet programs; give "utf-8" where machines read it.
        durable: whether to wait for the disk; without it a power cut may leave an empty file.

    Raises:
        MachineryError: the disk is full or the folder is closed to us; a file that was there before is untouched.
    """
    # backslashreplace: a lone surrogate is no reason to lose a table.
    write_bytes(path, text.encode(encoding, "backslashreplace"), durable=durable)


def write_bytes(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Replace the file at this path by this content, as `write` does.

    Raises:
        MachineryError: the disk is full or the folder is closed to us; a file that was there before is untouched.
    """
    # In the same folder, because a rename across disks is no rename; of one name, so that a killed grader leaves one.
    draft = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        if durable:
            _sync_folder(path.parent)
    except OSError as error:
        raise MachineryError(
            f"{path} cannot be written ({error.strerror}); see that there is room and that the folder belongs to you,"
            " and run it again (what was there before is kept)"
        ) from error


def zipped(files: Mapping[str, bytes], runnable: Collection[str] = ()) -> bytes:
    """These files as a zip, always the same bytes for the same files; `runnable` names scripts."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _WRITTEN)
            entry.external_attr = (0o755 if name in runnable else 0o644) << 16
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
