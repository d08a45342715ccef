"""Whether what was handed in beside the notebooks has room in a session, where inside/opening.py lays it out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from grader.kernel.channel import MAX_BODY
from grader.records import Limits, SourceFile

_PAGE: Final = 4096  # bytes in which a file in memory is counted
_MOST_ENTRIES: Final = 60_000  # files and folders; inside/forking.py allows a few more
_MB: Final = 1 << 20


def lacking(attachments: Sequence[SourceFile], limits: Limits, *, confined: bool) -> str:
    """The sentence why it has none; empty where it has.

    Args:
        attachments: as handed in.
        limits: of the session.
        confined: whether the session has a disk of its own; a plain process has that of the machine.
    """
    size = sum(-(-len(file.content) // _PAGE) * _PAGE for file in attachments)
    room = min(limits.disk_mb * _MB, MAX_BODY - _MB) if confined else MAX_BODY - _MB
    if size > room:
        largest = max(attachments, key=lambda file: len(file.content))
        return (
            f"What lies beside the notebooks takes {_megabytes(size)}, and a session has room for {room // _MB} MB"
            f" (`disk_mb` in the limits of the rubric); the largest file is {largest.name} with"
            f" {_megabytes(len(largest.content))}."
        )
    folders = {parent for file in attachments for parent in PurePosixPath(file.name).parents}
    if confined and len(attachments) + len(folders) > _MOST_ENTRIES:
        return f"What lies beside the notebooks is in {len(folders):,} folders; a session has room for fewer."
    return ""


def _megabytes(size: int) -> str:
    return f"{-(-size // _MB)} MB"
