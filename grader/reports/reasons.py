"""Why a mark is another one than in an earlier grade: told from what is stored of both."""

from __future__ import annotations

from typing import Final

from grader.decisions import MESSAGE
from grader.rows import GradeRow, ItemRow

SUBMISSION: Final = "another submission"
ASKED: Final = "what is asked or the reference has changed"
JUDGED: Final = "what is judged by has changed"
WORTH: Final = "worth other points"
PERSON: Final = "a person"
AGAIN: Final = "run again"
NEW: Final = "a new item"
GONE: Final = "no longer asked"


def reason(before: GradeRow, after: GradeRow, old: ItemRow | None, new: ItemRow | None) -> str:
    """Why an item is another one now; the first of several reasons.

    Args:
        before: the earlier grade, and the item of it where it has one.
        after: the later grade, likewise.
        old: the earlier item.
        new: the later item.
    """
    if old is None or new is None:
        return SUBMISSION if before.sha256 != after.sha256 else NEW if old is None else GONE
    if _by_hand(new) != _by_hand(old):
        return PERSON
    if before.sha256 != after.sha256:
        return SUBMISSION
    (asked, _, judged), (asks, _, judges) = old.key.partition("."), new.key.partition(".")
    if asked != asks and asked and asks:
        return ASKED
    if asked == asks and judged != judges:
        return JUDGED
    if old.outcome.decided and new.outcome.decided and old.possible != new.possible:
        return WORTH
    return AGAIN


def _by_hand(item: ItemRow) -> float | None:
    """The mark that a person gave, as a share, if one did."""
    return item.credit if item.below is not None and item.message == MESSAGE else None
