"""The file of a gradebook: made, opened and looked over, and what a disk does to it told in one line.

Imported by the modules that hold SQL.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from grader import schema
from grader.errors import GradebookError, UsageError

PATIENCE_S: Final = 10.0  # with others that write, such as somebody who corrects marks
_SMALLEST_PAGE: Final = 512  # bytes, of any SQLite file
DAMAGED: Final = "is damaged or no gradebook; put back a copy of it, or choose another --out (nothing was changed)"
_CLOSED: Final = "cannot be written; check that the folder and the file belong to you"
_REMEDIES: Final = {
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
    sqlite3.SQLITE_FULL: "finds the disk full; make room and run the same command again (what was recorded is kept)",
    sqlite3.SQLITE_IOERR: "meets a disk that is full or failing; make room and run the same command again",
    sqlite3.SQLITE_BUSY: "is held by another program; close it and run the same command again",
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
    sqlite3.SQLITE_PERM: _CLOSED,
    sqlite3.SQLITE_READONLY: _CLOSED,
}


def create(path: Path) -> None:
    """Make an empty gradebook under another name and move it into place, so that a short file is always a damaged one.

    Raises:
        GradebookError: the log of a lost gradebook lies here, which SQLite would replay into the new one.
    """
    if path.with_name(f"{path.name}-wal").exists():
        raise GradebookError(f"{path} is gone but its {path.name}-wal is there; put {path.name} back or remove both")
    draft = path.with_name(f"{path.name}.new")
    try:
        for leftover in (draft, draft.with_name(f"{draft.name}-journal")):
            leftover.unlink(missing_ok=True)
        with explained(path):
            connection = sqlite3.connect(draft, isolation_level=None)
            try:
                connection.executescript(schema.script())
                connection.execute("INSERT INTO secrets (secret) VALUES (?)", (secrets.token_bytes(32),))
            finally:
                connection.close()
        draft.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise GradebookError(f"{path} {_CLOSED} ({error.strerror})") from error


def connect(path: Path, *, writing: bool, deciding: bool = False) -> sqlite3.Connection:
    """Open the file at this path, and look it over.

    Args:
        path: of the gradebook.
        writing: whether a file of an earlier format may be brought up to date.
        deciding: whether rows may be added all the same, by one thread at a time.

    Raises:
        UsageError: there is none.
        GradebookError: it is damaged or foreign.
    """
    if not path.exists():
        raise UsageError(f"there is no gradebook at {path}; run `grader grade` first or name its folder with --out")
    if path.stat().st_size < _SMALLEST_PAGE:  # SQLite takes it for a new database and throws away the log beside it
        raise GradebookError(f"{path} {DAMAGED}")
    with explained(path):
        # mode=rw never makes a file, so that a gradebook that vanishes is not silently begun anew.
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            timeout=PATIENCE_S,
            check_same_thread=not deciding,  # a web server answers in a thread of its own
        )
        try:
            _verify(connection, path, writing=writing)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")  # NORMAL may lose a commit with the power
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA query_only = {int(not writing and not deciding)}")
        except BaseException:
            connection.close()
            raise
    return connection


def _verify(connection: sqlite3.Connection, path: Path, *, writing: bool) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    page_size = connection.execute("PRAGMA page_size").fetchone()[0]
    log = path.with_name(f"{path.name}-wal")
    torn = path.stat().st_size % page_size and not (log.exists() and log.stat().st_size)  # a log may mend the last page
    if version == 0 or torn:
        raise GradebookError(f"{path} {DAMAGED}")
    if not schema.EARLIEST <= version <= schema.VERSION:
        raise GradebookError(
            f"{path} has format {version}, this grader writes {schema.VERSION};"
            " use the grader that made it or choose another --out"
        )
    for table in ("grades", "items", "attempts", "secrets"):  # observations are large, and checked when read
        if connection.execute(f"PRAGMA quick_check({table})").fetchone()[0] != "ok":
            raise GradebookError(f"{path} {DAMAGED}")
    if version < schema.VERSION and not writing:
        raise GradebookError(
            f"{path} has the earlier format {version}, this grader reads {schema.VERSION};"
            f" `grader rescore --out {path.parent}` brings it up to date"
        )
    if version < schema.VERSION:
        connection.executescript(schema.script(since=version))


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what a disk or another program does to us into one clear line; our own mistakes in SQL stay as they are."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        remedy = _REMEDIES.get(getattr(error, "sqlite_errorcode", -1) & 0xFF)
        if remedy is None:
            raise
        raise GradebookError(f"{path} {remedy} ({error})") from error


def insert(connection: sqlite3.Connection, table: str, values: Mapping[str, Any]) -> int:
    """Add a row within the caller's transaction, and give its number."""
    columns = ", ".join(f'"{column}"' for column in values)
    marks = ", ".join("?" * len(values))
    parameters = [storable(value) if isinstance(value, str) else value for value in values.values()]
    command = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - table and columns are ours
    number = connection.execute(command, parameters).lastrowid
    assert number is not None
    return number


def storable(text: str) -> str:
    """The text without lone surrogates, which file names and JSON may bring along and SQLite refuses."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
