"""The tables of a gradebook, and how one of an earlier format becomes one of today's: SQL as text, nothing else.

A change of the tables is one more entry of `MIGRATIONS`. A new gradebook goes through all of them, so that old and
new ones never differ. Grades and decisions are history: no migration may change or remove one.
"""

from __future__ import annotations

from typing import Final

_FIRST: Final = """
CREATE TABLE grades (
    id INTEGER PRIMARY KEY, assignment TEXT NOT NULL, student_id TEXT NOT NULL, student_name TEXT NOT NULL,
    submission TEXT NOT NULL, sha256 TEXT NOT NULL, status TEXT NOT NULL, isolation TEXT NOT NULL,
    device TEXT NOT NULL, profile TEXT NOT NULL, started TEXT NOT NULL, seconds REAL NOT NULL,
    grader_version TEXT NOT NULL, problem TEXT NOT NULL, "key" TEXT NOT NULL, observations TEXT NOT NULL
);
CREATE INDEX grades_by_student ON grades (assignment, student_id);
CREATE TABLE items (
    grade INTEGER NOT NULL REFERENCES grades (id), position INTEGER NOT NULL, item TEXT NOT NULL,
    section TEXT NOT NULL, title TEXT NOT NULL, target TEXT NOT NULL, "check" TEXT NOT NULL, outcome TEXT NOT NULL,
    credit REAL NOT NULL, earned REAL NOT NULL, possible REAL NOT NULL, message TEXT NOT NULL, hint TEXT NOT NULL,
    evidence TEXT NOT NULL, "key" TEXT NOT NULL, PRIMARY KEY (grade, position)
);
CREATE TABLE observations (grade INTEGER PRIMARY KEY REFERENCES grades (id), compressed BLOB NOT NULL);
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY, assignment TEXT NOT NULL, student_id TEXT NOT NULL, "key" TEXT NOT NULL,
    started TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, crashed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX attempts_by_student ON attempts (assignment, student_id);
CREATE TABLE secrets (id INTEGER PRIMARY KEY, secret BLOB NOT NULL);
CREATE VIEW current AS
    SELECT * FROM grades WHERE id IN (SELECT max(id) FROM grades GROUP BY assignment, student_id);
CREATE TRIGGER grades_stay BEFORE UPDATE ON grades BEGIN SELECT RAISE(ABORT, 'grades are history'); END;
CREATE TRIGGER grades_last BEFORE DELETE ON grades BEGIN SELECT RAISE(ABORT, 'grades are history'); END;
CREATE TRIGGER items_stay BEFORE UPDATE ON items BEGIN SELECT RAISE(ABORT, 'grades are history'); END;
CREATE TRIGGER items_last BEFORE DELETE ON items BEGIN SELECT RAISE(ABORT, 'grades are history'); END;
"""

# Who is known, and when each one's submission came: facts that each intake may correct, so these rows do change.
_ROSTER: Final = """
CREATE TABLE roster (
    assignment TEXT NOT NULL, student_id TEXT NOT NULL, name TEXT NOT NULL, number TEXT NOT NULL, login TEXT NOT NULL,
    email TEXT NOT NULL, lms TEXT NOT NULL, section TEXT NOT NULL, listed INTEGER NOT NULL,
    PRIMARY KEY (assignment, student_id)
);
CREATE TABLE arrivals (
    assignment TEXT NOT NULL, student_id TEXT NOT NULL, handed_in TEXT NOT NULL, marked_late INTEGER NOT NULL,
    source TEXT NOT NULL, PRIMARY KEY (assignment, student_id)
);
"""

# What people decided about grades: never changed, undone by another row.
_DECISIONS: Final = """
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, assignment TEXT NOT NULL, student_id TEXT NOT NULL, item TEXT NOT NULL,
    kind TEXT NOT NULL, who TEXT NOT NULL, points REAL, possible REAL, text TEXT NOT NULL, why TEXT NOT NULL,
    about INTEGER REFERENCES decisions (id), beneath TEXT NOT NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now'))
);
CREATE INDEX decisions_by_item ON decisions (assignment, student_id, item);
CREATE TRIGGER decisions_stay BEFORE UPDATE ON decisions BEGIN SELECT RAISE(ABORT, 'decisions are history'); END;
CREATE TRIGGER decisions_last BEFORE DELETE ON decisions BEGIN SELECT RAISE(ABORT, 'decisions are history'); END;
"""

EARLIEST: Final = 2  # the earliest format that can be brought up to date
MIGRATIONS: Final = {  # by the format that they lead to
    2: _FIRST,
    3: _ROSTER,
    4: _DECISIONS,
}
VERSION: Final = max(MIGRATIONS)


def script(*, since: int = 0) -> str:
    """The commands that lead from a format to today's, in one transaction; 0 is an empty file."""
    steps = "".join(commands for version, commands in sorted(MIGRATIONS.items()) if version > since)
    return f"BEGIN IMMEDIATE;\n{steps}\nPRAGMA user_version = {VERSION};\nCOMMIT;"
