"""Keep every grade on disk, safe from a killed grader and a full disk; the only SQL of the project.

    gradebook.db    grades 1--n items         what was found; rows are added, never changed
                    grades 1--1 observations  compressed, for rescoring; left out above a cap
                    attempts                  what is being graded, and what was when a grader or its worker died
                    secrets                   the newest one seeds the hidden cases
                    roster, arrivals          who is known, and when each one's submission came; these rows do change
    gradebook.lock  held by the one grader that writes; names its pid

The newest grade of a student is the current one. Tables and pages are derived from it and can be lost.

A submission without a grade of its present content is pending; with an attempt it is running, or has crashed a grader.
Whoever opens the gradebook to write finds the attempts of the last grader: if that one was killed they count as
crashes, if it ended in order (Ctrl-C, a full disk) they are forgotten.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from grader import forgetting, mounts, rows, schema
from grader.errors import GradebookError, GraderError
from grader.lateness import Arrival
from grader.lock import Lock
from grader.records import Grade
from grader.roster import Enrolled
from grader.rows import GradeRow

OBSERVATIONS_CAP: Final = 8 * 2**20  # bytes of one submission's observations, compressed

_PATIENCE_S: Final = 10.0  # with others that write, such as somebody who corrects marks
_SMALLEST_PAGE: Final = 512  # bytes, of any SQLite file
_DAMAGED: Final = "is damaged or no gradebook; put back a copy of it, or choose another --out (nothing was changed)"
_CLOSED: Final = "cannot be written; check that the folder and the file belong to you"
_REMEDIES: Final = {
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_FULL: "finds the disk full; make room and run the same command again (what was recorded is kept)",
    sqlite3.SQLITE_IOERR: "meets a disk that is full or failing; make room and run the same command again",
    sqlite3.SQLITE_BUSY: "is held by another program; close it and run the same command again",
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
    sqlite3.SQLITE_PERM: _CLOSED,
    sqlite3.SQLITE_READONLY: _CLOSED,
}


class Gradebook:
    """The grades of one results folder. Open it with `Gradebook.open` and close it with `with`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: Lock | None) -> None:
        self._path = path
        self._connection = connection
        self._lock = lock

    @classmethod
    def open(cls, path: Path, *, writing: bool = True) -> Self:
        """Open the gradebook at this path; a writer makes it when there is none, and keeps other writers out.

        Raises:
            GradebookError: another grader writes here, the file is missing (for a reader), damaged or foreign, or it
                lies on a network file system, where SQLite's log is not safe.
        """
        if kind := mounts.network(path.parent):
            raise GradebookError(
                f"{path.parent} lies on a network file system ({kind}); choose a local folder by --out"
            )
        lock = Lock(path.with_suffix(".lock")) if writing else None
        try:
            if writing and not path.exists():
                _create(path)
            book = cls(path, _connect(path, writing=writing), lock)
        except BaseException:
            if lock:
                lock.release(in_order=not lock.abandoned)
            raise
        if lock:
            book._settle(crashed=lock.abandoned)
        return book

    def close(self, *, in_order: bool = True) -> None:
        """Close the file and let the next grader in; what is running counts as crashed unless we end in order."""
        self._connection.close()
        if self._lock:
            self._lock.release(in_order=in_order)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(in_order=kind is None or issubclass(kind, (GraderError, KeyboardInterrupt)))

    @property
    def secret(self) -> bytes:
        """The 32 bytes from which the hidden cases are seeded; the same until `reseed`."""
        with _explained(self._path):
            newest = self._connection.execute("SELECT secret FROM secrets ORDER BY id DESC LIMIT 1").fetchone()
        return bytes(newest["secret"])

    @property
    def pseudonym_key(self) -> bytes:
        """The key under which students are anonymous; unlike the secret it outlives `reseed`."""
        with _explained(self._path):
            first = self._connection.execute("SELECT secret FROM secrets ORDER BY id LIMIT 1").fetchone()
        return hashlib.sha256(b"pseudonyms" + bytes(first["secret"])).digest()

    def forget(self, student_id: str) -> dict[str, int]:
        """Delete everything about one student, from every assignment, so that nothing of it stays in the file.

        Returns:
            how many rows were deleted of which table; tables without any are left out.
        """
        with _explained(self._path):
            self._connection.execute("PRAGMA secure_delete = ON")
        with self._transaction() as connection:
            gone = forgetting.delete(connection, _storable(student_id))
        with _explained(self._path):
            forgetting.write_anew(self._connection)
        return gone

    def reseed(self) -> None:
        """Draw a new secret, and with it new hidden cases."""
        with self._transaction() as connection:
            connection.execute("INSERT INTO secrets (secret) VALUES (?)", (secrets.token_bytes(32),))

    def record(self, assignment: str, grade: Grade, *, key: str, observations: bytes | None = None) -> None:
        """Add a grade, which becomes the student's current one, and end its attempts; on disk on return.

        Args:
            assignment: name of the assignment.
            grade: what was found out about one submission.
            key: content hash of everything the grade depends on.
            observations: what the session answered, for rescoring; left out where too large, and the row says so.
        """
        compressed = None if observations is None else zlib.compress(observations, level=1)
        with self._transaction() as connection:
            row = rows.of_grade(assignment, grade, key=key, observations=_told(compressed))
            number = _insert(connection, "grades", row)
            for position, score in enumerate(grade.scores):
                _insert(connection, "items", {"grade": number, "position": position} | rows.of_score(score))
            if compressed is not None and len(compressed) <= OBSERVATIONS_CAP:
                _insert(connection, "observations", {"grade": number, "compressed": compressed})
            # Without a key the grade is not the last word: what crashed before still counts.
            connection.execute(
                'DELETE FROM attempts WHERE assignment = ? AND student_id = ? AND (NOT crashed OR "key" = ?)',
                (_storable(assignment), _storable(grade.submission.student.id), _storable(key)),
            )

    def graded(self, assignment: str) -> set[str]:
        """The ids of the students who have a grade."""
        query = "SELECT DISTINCT student_id FROM grades WHERE assignment = ?"
        with _explained(self._path):
            return {row["student_id"] for row in self._connection.execute(query, (_storable(assignment),))}

    def current(self, assignment: str) -> list[GradeRow]:
        """The newest grade of each student, by student id."""
        with _explained(self._path):
            return self._rows("SELECT * FROM current WHERE assignment = ? ORDER BY student_id", assignment)

    def history(self, assignment: str, student_id: str) -> list[GradeRow]:
        """All grades of one student, newest first."""
        with _explained(self._path):
            query = "SELECT * FROM grades WHERE assignment = ? AND student_id = ? ORDER BY id DESC"
            return self._rows(query, assignment, student_id)

    def recorded(self, assignment: str, student_id: str) -> Iterator[tuple[Mapping[str, str], bytes]]:
        """What the sessions of a student's grades answered, newest first, each with the grade's keys by item.

        It ends at a grade whose observations were too large to keep: what is older may have been superseded by it.
        """
        query = """SELECT id, grades.observations AS told, compressed FROM grades
                   LEFT JOIN observations ON observations.grade = grades.id
                   WHERE assignment = ? AND student_id = ? AND told <> 'none' ORDER BY id DESC"""
        with _explained(self._path):
            rows = self._connection.execute(query, (_storable(assignment), _storable(student_id))).fetchall()
            for row in rows:
                if row["compressed"] is None:
                    return
                items = self._connection.execute('SELECT item, "key" FROM items WHERE grade = ?', (row["id"],))
                try:
                    yield dict(items.fetchall()), zlib.decompress(row["compressed"])
                except zlib.error as error:
                    raise GradebookError(f"{self._path} {_DAMAGED}") from error

    def enrol(self, assignment: str, people: Iterable[Enrolled]) -> None:
        """Replace what is known of an assignment's students by these; on disk on return."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM roster WHERE assignment = ?", (_storable(assignment),))
            for each in people:
                _insert(connection, "roster", rows.of_enrolled(assignment, each))

    def roster(self, assignment: str) -> list[Enrolled]:
        """Everybody who is on the roster or handed something in, by student id; empty where nothing was taken in."""
        query = "SELECT * FROM roster WHERE assignment = ? ORDER BY student_id"
        with _explained(self._path):
            return [rows.enrolled(row) for row in self._connection.execute(query, (_storable(assignment),))]

    def arrived(self, assignment: str, arrivals: Mapping[str, Arrival]) -> None:
        """Note when these students' submissions came, in place of what was noted of them before; on disk on return."""
        with self._transaction() as connection:
            for student_id, each in arrivals.items():
                whose = (_storable(assignment), _storable(student_id))
                connection.execute("DELETE FROM arrivals WHERE assignment = ? AND student_id = ?", whose)
                _insert(connection, "arrivals", rows.of_arrival(assignment, student_id, each))

    def arrivals(self, assignment: str) -> dict[str, Arrival]:
        """When each student's submission came, by student id; `lateness.of_arrival` says what that costs."""
        query = "SELECT * FROM arrivals WHERE assignment = ?"
        with _explained(self._path):
            found = self._connection.execute(query, (_storable(assignment),)).fetchall()
        return {row["student_id"]: rows.arrival(row) for row in found}

    def started(self, assignment: str, student_id: str, key: str) -> None:
        """Note that a submission is running."""
        with self._transaction() as connection:
            _insert(connection, "attempts", {"assignment": assignment, "student_id": student_id, "key": key})

    def crashed(self, assignment: str, student_id: str) -> None:
        """Note that what runs for this student has crashed its worker."""
        with self._transaction() as connection:
            command = "UPDATE attempts SET crashed = 1 WHERE assignment = ? AND student_id = ?"
            connection.execute(command, (_storable(assignment), _storable(student_id)))

    def crashes(self, assignment: str, student_id: str, key: str) -> int:
        """How often this submission was running when the grader or its worker died."""
        query = """SELECT count(*) FROM attempts
                   WHERE assignment = ? AND student_id = ? AND "key" = ? AND crashed"""
        return int(self._value(query, assignment, student_id, key))

    def _settle(self, *, crashed: bool) -> None:
        """What the last grader left running is pending again."""
        try:
            with self._transaction() as connection:
                change = "UPDATE attempts SET crashed = 1" if crashed else "DELETE FROM attempts"
                connection.execute(f"{change} WHERE NOT crashed")
        except BaseException:
            self.close(in_order=not crashed)
            raise

    def _rows(self, query: str, *parameters: str) -> list[GradeRow]:
        grades = self._connection.execute(query, [_storable(parameter) for parameter in parameters]).fetchall()
        items = "SELECT * FROM items WHERE grade = ? ORDER BY position"
        return [
            rows.grade_row(
                grade, tuple(rows.item_row(item) for item in self._connection.execute(items, (grade["id"],)))
            )
            for grade in grades
        ]

    def _value(self, query: str, *parameters: str) -> Any:
        with _explained(self._path):
            row = self._connection.execute(query, [_storable(parameter) for parameter in parameters]).fetchone()
        return row[0]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with _explained(self._path), self._connection:  # the connection commits at the end, or rolls back
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection


def _create(path: Path) -> None:
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
        with _explained(path):
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


def _connect(path: Path, *, writing: bool) -> sqlite3.Connection:
    if not path.exists():
        raise GradebookError(f"there is no gradebook at {path}; run `grader grade` first or name its folder with --out")
    if path.stat().st_size < _SMALLEST_PAGE:  # SQLite takes it for a new database and throws away the log beside it
        raise GradebookError(f"{path} {_DAMAGED}")
    with _explained(path):
        # mode=rw never makes a file, so that a gradebook that vanishes is not silently begun anew.
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=_PATIENCE_S
        )
        try:
            _verify(connection, path, writing=writing)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")  # NORMAL may lose a commit with the power
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA query_only = {int(not writing)}")
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
        raise GradebookError(f"{path} {_DAMAGED}")
    if not schema.EARLIEST <= version <= schema.VERSION:
        raise GradebookError(
            f"{path} has format {version}, this grader writes {schema.VERSION};"
            " use the grader that made it or choose another --out"
        )
    for table in ("grades", "items", "attempts", "secrets"):  # observations are large, and checked when read
        if connection.execute(f"PRAGMA quick_check({table})").fetchone()[0] != "ok":
            raise GradebookError(f"{path} {_DAMAGED}")
    if version < schema.VERSION and not writing:
        raise GradebookError(
            f"{path} has the earlier format {version}, this grader reads {schema.VERSION};"
            f" `grader rescore --out {path.parent}` brings it up to date"
        )
    if version < schema.VERSION:
        connection.executescript(schema.script(since=version))


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what a disk or another program does to us into one clear line; our own mistakes in SQL stay as they are."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        remedy = _REMEDIES.get(getattr(error, "sqlite_errorcode", -1) & 0xFF)
        if remedy is None:
            raise
        raise GradebookError(f"{path} {remedy} ({error})") from error


def _insert(connection: sqlite3.Connection, table: str, values: Mapping[str, Any]) -> int:
    columns = ", ".join(f'"{column}"' for column in values)
    marks = ", ".join("?" * len(values))
    parameters = [_storable(value) if isinstance(value, str) else value for value in values.values()]
    command = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - table and columns are ours
    number = connection.execute(command, parameters).lastrowid
    assert number is not None
    return number


def _storable(text: str) -> str:
    """The text without lone surrogates, which file names and JSON may bring along and SQLite refuses."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _told(compressed: bytes | None) -> str:
    if compressed is None:
        return "none"
    size = len(compressed)
    return "kept" if size <= OBSERVATIONS_CAP else f"not kept: {size / 2**20:.1f} MiB compressed"
