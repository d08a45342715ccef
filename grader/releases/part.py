"""The part of a rubric that students receive: what is asked of which name, and how it is compared.

Left out are due dates, policies and rosters, which are the course's; and how well a network has to learn. What needs
the course's own files, a training say, is named and judged later.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from grader import checks
from grader.records import Assignment, Item


def row(assignment: Assignment) -> dict[str, Any]:
    """What rubric.yaml would say of the assignment, as `rubric.read` takes it."""
    return {
        "title": assignment.title,
        "prelude": list(assignment.prelude),
        "limits": dataclasses.asdict(assignment.limits),
        "items": [_item(item) for item in assignment.items],
    }


def told(item: Item) -> bool:
    """Whether students can be told: no network is trained, and the check is one that they have."""
    return item.check in checks.CHECKS and not checks.CHECKS[item.check].trains


def asked(item: Item) -> bool:
    """Whether something of the notebook's is compared with what the reference says."""
    return told(item) and checks.CHECKS[item.check].captures


def _item(item: Item) -> dict[str, Any]:
    kept = dataclasses.asdict(item)
    if not told(item):
        return {**kept, "check": "later", "options": {}, "needs": []}
    return {**kept, "options": _told(item), "needs": list(item.needs)}


def _told(item: Item) -> dict[str, Any]:
    """The options that students may read: not what a good answer says."""
    return {name: value for name, value in item.options.items() if name != "looks_for"}
