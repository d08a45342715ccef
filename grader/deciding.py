"""The rows of decisions: one is added, all are read; imported by the gradebook alone.

Whoever decides names the newest decision about the item that they saw. Were there newer ones, theirs is not added, so
that of two people at once the second learns of the first.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from grader.decisions import Beneath, Decision, Kind
from grader.errors import GraderError
from grader.records import Outcome
from grader.storage import insert, storable


class Overtaken(GraderError):
    """Somebody else decided about the same item meanwhile; nothing was added."""


def add(connection: sqlite3.Connection, decision: Decision, *, seen: int | None) -> int:
    """Add a decision within the caller's transaction, and give its id.

    Args:
        connection: to the gradebook.
        decision: its time and id are given here.
        seen: the newest decision about this item that its author knew of, 0 for none; None where that is no matter.

    Raises:
        Overtaken: there are newer ones.
    """
    if seen is not None and (newest := newest_of(connection, decision)) != seen:
        raise Overtaken(f"somebody else has decided about {decision.item} meanwhile ({newest}, not {seen})")
    columns = {field.name: getattr(decision, field.name) for field in dataclasses.fields(decision)}
    below = decision.beneath
    columns["beneath"] = json.dumps(dataclasses.asdict(below)) if below else ""
    del columns["id"], columns["at"]
    return insert(connection, "decisions", columns)


def newest_of(connection: sqlite3.Connection, decision: Decision) -> int:
    """Id of the newest decision about the same item of the same student; 0 where there is none."""
    query = "SELECT max(id) FROM decisions WHERE assignment = ? AND student_id = ? AND item = ?"
    whose = (storable(decision.assignment), storable(decision.student_id), storable(decision.item))
    return connection.execute(query, whose).fetchone()[0] or 0


def of(connection: sqlite3.Connection, assignment: str, *, student_id: str | None, since: int) -> list[Decision]:
    """The decisions about an assignment, or about one of its students, that are newer than an id; oldest first."""
    query = "SELECT * FROM decisions WHERE assignment = ? AND id > ?"
    parameters: list[Any] = [storable(assignment), since]
    if student_id is not None:
        query += " AND student_id = ?"
        parameters.append(storable(student_id))
    return [_decision(row) for row in connection.execute(f"{query} ORDER BY id", parameters)]


def _decision(columns: Mapping[str, Any]) -> Decision:
    below = json.loads(columns["beneath"]) if columns["beneath"] else None
    beneath = Beneath(**below | {"outcome": Outcome(below["outcome"])}) if below else None
    return Decision(**{**columns, "kind": Kind(columns["kind"]), "beneath": beneath})
