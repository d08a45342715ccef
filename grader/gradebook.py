"""Keep every grade on disk, safe from a killed grader and a full disk.


    gradebook.db    grades 1--n items         what was found; rows are added, never changed
                    grades 1--1 observations  compressed, for rescoring; left out above a cap
                    attempts                  what is being graded, and what was when a grader or its worker died
                    secrets                   the newest one seeds the hidden cases
                    roster, arrivals          who is known, and when each one's submission came; these rows do change
                    decisions                 what people decided about grades; rows are added, never changed
    gradebook.lock  held by the one grader that writes; names its pid

The newest grade of a student is the current one, with what people decided about it: whoever asks for it gets both, and
`GradeRow.checked` is the grade without them. Tables and pages are derived from it and can be lost. Decisions are added
beside a grader that writes; it overwrites none.

A submission without a grade of its present content is pending; with an attempt it is running, or has crashed a grader.
Whoever opens the gradebook to write finds the attempts of the last grader: if that one was killed they count as
crashes, if it ended in order (Ctrl-C, a full disk) they are forgotten.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from grader import deciding, decisions, forgetting, mounts, rows, storage
from grader.decisions import Decision
from grader.errors import GradebookError, GraderError
from grader.lateness import Arrival
from grader.lock import Lock
from grader.records import Grade
from grader.roster import Enrolled
from grader.rows import GradeRow

OBSERVATIONS_CAP: Final = 8 * 2**20  # bytes of one submission's observations, compressed


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
                storage.create(path)
            book = cls(path, storage.connect(path, writing=writing), lock)
        except BaseException:
            if lock:
                lock.release(in_order=not lock.abandoned)
            raise
        if lock:
            book._settle(crashed=lock.abandoned)
        return book

    @classmethod
    def beside(cls, path: Path) -> Self:
        """Open the gradebook to read it and to add decisions, also while a grader writes.

        Raises:
            GradebookError: as `open` does for a reader.
        """
        return cls(path, storage.connect(path, writing=False, deciding=True), None)

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
        with storage.explained(self._path):
            newest = self._connection.execute("SELECT secret FROM secrets ORDER BY id DESC LIMIT 1").fetchone()
        return bytes(newest["secret"])

    @property
    def pseudonym_key(self) -> bytes:
        """The key under which students are anonymous; unlike the secret it outlives `reseed`."""
        with storage.explained(self._path):
            first = self._connection.execute("SELECT secret FROM secrets ORDER BY id LIMIT 1").fetchone()
        return hashlib.sha256(b"pseudonyms" + bytes(first["secret"])).digest()

    def forget(self, student_id: str) -> dict[str, int]:
        """Delete everything about one student, from every assignment, so that nothing of it stays in the file.

        Returns:
            how many rows were deleted of which table; tables without any are left out.
        """
        with storage.explained(self._path):
            self._connection.execute("PRAGMA secure_delete = ON")
        with self._transaction() as connection:
            gone = forgetting.delete(connection, storage.storable(student_id))
        with storage.explained(self._path):
            forgetting.write_anew(self._connection)
        return gone

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written in this block is on disk at its end, all of it or nothing: one wait for the disk."""
        with self._transaction():
            yield

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
            number = storage.insert(connection, "grades", row)
            for position, score in enumerate(grade.scores):
                storage.insert(connection, "items", {"grade": number, "position": position} | rows.of_score(score))
            if compressed is not None and len(compressed) <= OBSERVATIONS_CAP:
                storage.insert(connection, "observations", {"grade": number, "compressed": compressed})
            # Without a key the grade is not the last word: what crashed before still counts.
            connection.execute(
                'DELETE FROM attempts WHERE assignment = ? AND student_id = ? AND (NOT crashed OR "key" = ?)',
                (storage.storable(assignment), storage.storable(grade.submission.student.id), storage.storable(key)),
            )

    def graded(self, assignment: str) -> set[str]:
        """The ids of the students who have a grade."""
        query = "SELECT DISTINCT student_id FROM grades WHERE assignment = ?"
        with storage.explained(self._path):
            return {row["student_id"] for row in self._connection.execute(query, (storage.storable(assignment),))}

    def current(self, assignment: str) -> list[GradeRow]:
        """The newest grade of each student as people decided about it, by student id."""
        by_student: dict[str, list[Decision]] = {}
        for each in self.decisions(assignment):
            by_student.setdefault(each.student_id, []).append(each)
        with storage.explained(self._path):
            found = self._rows("SELECT * FROM current WHERE assignment = ? ORDER BY student_id", assignment)
        return [decisions.decided(row, by_student.get(row.student_id, ())) for row in found]

    def newest(self) -> tuple[int, int, int]:
        """What changes with every grade and every decision: how many grades, the newest's id, the newest decision's.

        Whoever keeps grades in memory learns from it whether they are still what is on disk.
        """
        query = "SELECT count(*), max(id), (SELECT max(id) FROM decisions) FROM grades"
        with storage.explained(self._path):
            count, grade, decision = self._connection.execute(query).fetchone()
        return count, grade or 0, decision or 0

    def recorded_since(self, assignment: str, number: int) -> list[GradeRow]:
        """The current grades with a greater id than this, as they were recorded; all of them for 0."""
        query = "SELECT * FROM current WHERE assignment = ? AND id > ? ORDER BY student_id"
        with storage.explained(self._path):
            return self._rows(query, assignment, number)

    def decided(self, row: GradeRow) -> GradeRow:
        """A grade that was just recorded, as people decided about it."""
        return decisions.decided(row, self.decisions(row.assignment, storage.storable(row.student_id)))

    def decisions(self, assignment: str, student_id: str | None = None, *, since: int = 0) -> list[Decision]:
        """What people decided about an assignment, or about one of its students, oldest first.

        Args:
            assignment: name of the assignment.
            student_id: whose; None for everybody's.
            since: only those that are newer than the one with this id.
        """
        with storage.explained(self._path):
            return deciding.of(self._connection, assignment, student_id=student_id, since=since)

    def decide(self, decision: Decision, *, seen: int | None = None) -> int:
        """Add a decision and give its id; on disk on return.

        Args:
            decision: what somebody decided.
            seen: the newest decision about this item that they knew of, 0 for none; None where that is no matter.

        Raises:
            Overtaken: somebody else decided about the item meanwhile.
        """
        with self._transaction() as connection:
            return deciding.add(connection, decision, seen=seen)

    def history(self, assignment: str, student_id: str) -> list[GradeRow]:
        """All grades of one student as they were recorded, newest first."""
        with storage.explained(self._path):
            query = "SELECT * FROM grades WHERE assignment = ? AND student_id = ? ORDER BY id DESC"
            return self._rows(query, assignment, student_id)

    def recorded(self, assignment: str, student_id: str) -> Iterator[tuple[Mapping[str, str], bytes]]:
        """What the sessions of a student's grades answered, newest first, each with the grade's keys by item.

        It ends at a grade whose observations were too large to keep: what is older may have been superseded by it.
        """
        query = """SELECT id, grades.observations AS told, compressed FROM grades
                   LEFT JOIN observations ON observations.grade = grades.id
                   WHERE assignment = ? AND student_id = ? AND told <> 'none' ORDER BY id DESC"""
        with storage.explained(self._path):
            rows = self._connection.execute(
                query, (storage.storable(assignment), storage.storable(student_id))
            ).fetchall()
            for row in rows:
                if row["compressed"] is None:
                    return
                items = self._connection.execute('SELECT item, "key" FROM items WHERE grade = ?', (row["id"],))
                try:
                    yield dict(items.fetchall()), zlib.decompress(row["compressed"])
                except zlib.error as error:
                    raise GradebookError(f"{self._path} {storage.DAMAGED}") from error

    def enrol(self, assignment: str, people: Iterable[Enrolled]) -> None:
        """Replace what is known of an assignment's students by these; on disk on return."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM roster WHERE assignment = ?", (storage.storable(assignment),))
            for each in people:
                storage.insert(connection, "roster", rows.of_enrolled(assignment, each))

    def roster(self, assignment: str) -> list[Enrolled]:
        """Everybody who is on the roster or handed something in, by student id; empty where nothing was taken in."""
        query = "SELECT * FROM roster WHERE assignment = ? ORDER BY student_id"
        with storage.explained(self._path):
            return [rows.enrolled(row) for row in self._connection.execute(query, (storage.storable(assignment),))]

    def arrived(self, assignment: str, arrivals: Mapping[str, Arrival]) -> None:
        """Note when these students' submissions came, in place of what was noted of them before; on disk on return."""
        with self._transaction() as connection:
            for student_id, each in arrivals.items():
                whose = (storage.storable(assignment), storage.storable(student_id))
                connection.execute("DELETE FROM arrivals WHERE assignment = ? AND student_id = ?", whose)
                storage.insert(connection, "arrivals", rows.of_arrival(assignment, student_id, each))

    def arrivals(self, assignment: str) -> dict[str, Arrival]:
        """When each student's submission came, by student id; `lateness.of_arrival` says what that costs."""
        query = "SELECT * FROM arrivals WHERE assignment = ?"
        with storage.explained(self._path):
            found = self._connection.execute(query, (storage.storable(assignment),)).fetchall()
        return {row["student_id"]: rows.arrival(row) for row in found}

    def started(self, assignment: str, student_id: str, key: str) -> None:
        """Note that a submission is running."""
        with self._transaction() as connection:
            storage.insert(connection, "attempts", {"assignment": assignment, "student_id": student_id, "key": key})

    def crashed(self, assignment: str, student_id: str) -> None:
        """Note that what runs for this student has crashed its worker."""
        with self._transaction() as connection:
            command = "UPDATE attempts SET crashed = 1 WHERE assignment = ? AND student_id = ?"
            connection.execute(command, (storage.storable(assignment), storage.storable(student_id)))

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

    def _rows(self, query: str, *parameters: str | int) -> list[GradeRow]:
        grades = self._connection.execute(query, list(map(_parameter, parameters))).fetchall()
        items = "SELECT * FROM items WHERE grade = ? ORDER BY position"
        return [
            rows.grade_row(
                grade, tuple(rows.item_row(item) for item in self._connection.execute(items, (grade["id"],)))
            )
            for grade in grades
        ]

    def _value(self, query: str, *parameters: str) -> Any:
        with storage.explained(self._path):
            row = self._connection.execute(query, [storage.storable(parameter) for parameter in parameters]).fetchone()
        return row[0]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if self._connection.in_transaction:  # within `together`
            yield self._connection
            return
        with storage.explained(self._path), self._connection:  # the connection commits at the end, or rolls back
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection


def _told(compressed: bytes | None) -> str:
    if compressed is None:
        return "none"
    size = len(compressed)
    return "kept" if size <= OBSERVATIONS_CAP else f"not kept: {size / 2**20:.1f} MiB compressed"


def _parameter(value: str | int) -> str | int:
    return storage.storable(value) if isinstance(value, str) else value
