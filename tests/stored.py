"""Stored grades to make tables and pages of, without a gradebook."""

from __future__ import annotations

from typing import Any

from grader.records import Profile, Status
from grader.rows import GradeRow, ItemRow


def row(*items: ItemRow, **changed: Any) -> GradeRow:
    """A grade with these items, and whatever else is `changed`."""
    values: dict[str, Any] = {
        "assignment": "hw2-cnn",
        "student_id": "2026-0001",
        "student_name": "Ada Moon",
        "submission": "ada.ipynb",
        "sha256": "c0ffee",
        "status": Status.GRADED,
        "isolation": "bubblewrap",
        "device": "cpu",
        "profile": Profile.QUICK,
        "started": "2026-03-01T12:00:00+00:00",
        "seconds": 1.5,
        "grader_version": "0.1",
        "problem": "",
        "key": "k1",
        "observations": "none",
        "items": items,
    }
    return GradeRow(**(values | changed))
