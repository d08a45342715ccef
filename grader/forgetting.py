"""Delete one student from a gradebook: the only way around the triggers that keep grades as history."""

from __future__ import annotations

import sqlite3

_NAMES = "SELECT name, sql FROM sqlite_master WHERE type = ? AND name NOT LIKE 'sqlite%'"
_OF_GRADES = "grade IN (SELECT id FROM grades WHERE student_id = ?)"


def delete(connection: sqlite3.Connection, student_id: str) -> dict[str, int]:
    """Delete every row of a student in every table, within the caller's transaction.

    Tables are asked for their columns, so that one that is added later is not forgotten here: what has a column
    `student_id` is the student's, what has a column `grade` belongs to one of the student's grades.

    Returns:
        how many rows were deleted of which table; tables without any are left out.
    """
    guards = connection.execute(_NAMES, ("trigger",)).fetchall()
    for guard in guards:
        connection.execute(f'DROP TRIGGER "{guard["name"]}"')
    tables = {row["name"]: _columns(connection, row["name"]) for row in connection.execute(_NAMES, ("table",))}
    gone = {}
    for table in sorted(tables, key=lambda table: "grade" not in tables[table]):  # what belongs to a grade goes first
        where = _OF_GRADES if "grade" in tables[table] else "student_id = ?" if "student_id" in tables[table] else ""
        if where:
            command = f'DELETE FROM "{table}" WHERE {where}'  # noqa: S608 - the names of our own tables
            if count := connection.execute(command, (student_id,)).rowcount:
                gone[table] = count
    for guard in guards:
        connection.execute(guard["sql"])
    return gone


def write_anew(connection: sqlite3.Connection) -> None:
    """Leave nothing of deleted rows in the file or in the log beside it."""
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row["name"] for row in connection.execute(f'PRAGMA table_info("{table}")')}
