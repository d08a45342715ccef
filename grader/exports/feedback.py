"""A student's feedback as one line of HTML, for the comment columns of gradebooks."""

from __future__ import annotations

from html import escape
from typing import Final

from grader.escaping import visible
from grader.exports.outgoing import Outgoing
from grader.marks import written
from grader.records import Outcome
from grader.rows import ItemRow

_BEGUN: Final = "<p>Points by item"


def html(each: Outgoing) -> str:
    """What was earned, and the sentence for everything that was not; without line ends, which Moodle doubles."""
    items = "".join(_item(item) for item in each.row.items if item.outcome is not Outcome.PASSED)
    late = f"<p>{_text(each.penalty.sentence)}</p>" if each.penalty and each.penalty.sentence else ""
    problem = f"<p>{_text(each.row.problem)}</p>" if each.row.problem else ""
    earned = f"{written(each.mark.earned)} of {written(each.mark.possible)}"
    return f"{_BEGUN}: {earned} in all.</p>{late}{problem}" + (f"<ul>{items}</ul>" if items else "")


def ours(text: str) -> bool:
    """Whether a comment was written by `html`, so that it may be written anew."""
    return text.lstrip().startswith(_BEGUN)


def _item(item: ItemRow) -> str:
    points = f"{item.earned:g} of {item.possible:g}" if item.outcome.decided else "not decided yet"
    told = " ".join(filter(None, (item.message, item.hint)))
    return f"<li><b>{_text(item.title)}</b> ({points}): {_text(told)}</li>"


def _text(text: str) -> str:
    return escape(visible(text))
