"""review.md: of every question of a master notebook what was made of it, and what a person has to decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.authoring.converting import Proposal

_HEAD = """\
# {title}: what to review

Made of a master notebook by `grader new {name} --from`; nothing of it was run. Strike out what you have looked at, then
let `grader verify {name}` say what is left. This page stays with the reference; students never see it.
"""


def page(name: str, title: str, proposals: Sequence[Proposal], left_out: Sequence[str]) -> str:
    """The page, one part a question."""
    parts = [_HEAD.format(title=title, name=name), *("\n".join(_question(each)) for each in proposals)]
    if left_out:
        parts.append("\n".join(["## Left out of solutions.py", "", *(f"- {line}" for line in left_out), ""]))
    return "\n".join(parts)


def _question(proposal: Proposal) -> Iterator[str]:
    part = proposal.part
    unit = "point" if proposal.points == 1 else "points"
    yield f"## {part.question or proposal.target or 'without a name'}, {proposal.points:g} {unit}"
    yield ""
    if proposal.check:
        asked = f"`{proposal.target}`" if proposal.check != "answered" else f"section {proposal.target}"
        yield f"- [ ] Made: an item with the check `{proposal.check}` of {asked}."
    else:
        about = f" about `{proposal.target}`" if proposal.target else ""
        yield f"- [ ] Not made: an item{about}; it is a comment in rubric.yaml."
    if proposal.why:
        yield f"- [ ] To decide: {proposal.why}"
    yield ""
    for test in part.tests:
        for code, whom in ((test.shown, "Shown to students"), (test.hidden, "Hidden")):
            if code:
                yield f"{whom}:"
                yield ""
                yield from _fenced(code, "python")
        if test.printed:
            yield "It printed, and so was expected:"
            yield ""
            yield from _fenced(test.printed.rstrip("\n"), "text")


def _fenced(code: str, language: str) -> Iterator[str]:
    fence = "```"
    while fence in code:
        fence += "`"
    yield from (f"{fence}{language}", *code.splitlines(), fence, "")
