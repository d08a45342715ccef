"""Calls that a section asks to do without: which they are, where they are looked for, what is said of them.

    run     operators and libraries' functions seen while a case is computed   ->  costs the item, or is flagged
    source  what the notebook's text names                                     ->  all cases are watched; else flagged

What only stands in the text costs nothing: it may be a comparison, or code that never runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from grader.checks.asking import Answer, failed, sentence
from grader.errors import RubricError
from grader.probes import Probe, Returned, Session
from grader.records import Finding, Item, Outcome

_FRAMEWORKS = r"(?:torch|torchvision|jax|tensorflow|keras)\."

# By family: our own word, and what full dotted names it stands for. An operator is torch.ops.aten.name.
_BANNED: Mapping[str, Mapping[str, str]] = {
    "convolution": {
        "convolution": _FRAMEWORKS + r"(?:.*[._])?(?:lazy)?conv(?:olution|olve|transpose)*(?:[_.\d]|$)",
        "scipy.signal": r"scipy\.signal\.",
        "scipy.ndimage": r"scipy\.ndimage\.",
        "numpy.convolve": r"numpy\.(?:.*\.)?(?:convolve|correlate2?)$",
        "cv2": r"cv2\.",
    },
    # The book's own functions; in its text those that a section asks for, because its names for torch's are no help.
    "book": {"d2l": r"d2l\._(?!tensors\.)|d2l\.(?:torch\.)?(?:corr2d|init_cnn|LeNet|Residual|ResNeXtBlock)"},
    "softmax": {
        "softmax": _FRAMEWORKS + r"(?:.*[._])?(?:log_?)?softm(?:ax|in)",
        "scipy.special": r"scipy\.special\.(?:.*\.)?(?:log_)?softmax",
    },
    "cross_entropy": {
        "cross_entropy": _FRAMEWORKS + r"(?:.*[._])?(?:\w*cross_?entropy|nll_?loss)",
    },
    "pooling": {
        "max_pool": _FRAMEWORKS + r".*max_?pool",
        "avg_pool": _FRAMEWORKS + r".*(?:avg|average|lp)_?pool",
        "scipy.ndimage": r"scipy\.ndimage\.",
        "skimage": r"skimage\.measure\.block_reduce",
        "cv2": r"cv2\.",
    },
}
_CONSEQUENCES = ("zero", "flag")
_MOST_CALLS = 10  # that are kept as evidence


@dataclass(frozen=True, slots=True)
class Ban:
    """What an item bans and what it costs."""

    words: Mapping[str, re.Pattern[str]]
    costs: bool

    def used(self, names: Sequence[Any]) -> list[str]:
        """Our words for the banned ones among these names, which may be anything."""
        full = [name if "." in name else f"torch.ops.aten.{name}" for name in names if isinstance(name, str)]
        return sorted(word for word, pattern in self.words.items() if any(map(pattern.match, full)))


@dataclass(frozen=True, slots=True)
class _Source:
    """The banned calls that the source of a definition names."""

    used: list[str]
    calls: list[dict[str, Any]]

    @property
    def where(self) -> str:
        """The cells, as part of a sentence."""
        cells = sorted({call["cell"] for call in self.calls})
        if not cells:
            return ""
        *first, last = map(str, cells)
        return f"cells {', '.join(first)} and {last}" if first else f"cell {last}"

    def evidence(self, used: Sequence[str], level: str) -> dict[str, Any]:
        """What staff can look up."""
        return {"banned": list(used), "level": level, **({"calls": self.calls[:_MOST_CALLS]} if self.calls else {})}


def ban(item: Item, families: Sequence[str], on_banned: str) -> Ban:
    """What the options of an item mean.

    Raises:
        RubricError: a family or a consequence is not known.
    """
    if unknown := [family for family in families if family not in _BANNED]:
        raise RubricError(f"rubric.yaml: {item.id}: banned: {unknown[0]!r} is none of {', '.join(sorted(_BANNED))}")
    if on_banned not in _CONSEQUENCES:
        raise RubricError(f"rubric.yaml: {item.id}: on_banned: {on_banned!r} is none of {', '.join(_CONSEQUENCES)}")
    words = {word: pattern for family in families for word, pattern in _BANNED[family].items()}
    return Ban({word: re.compile(pattern, re.IGNORECASE) for word, pattern in words.items()}, on_banned == "zero")


def by_hand(finding: Finding, student: Session, item: Item, answers: Sequence[Answer], ban: Ban) -> Finding:
    """The finding about a function whose values are right, once it is known by which means they are computed."""
    if not ban.words:
        return finding
    source = _source(student, item, ban)
    seen = _seen(student, item, answers[-1:], ban)
    if not seen and source.used:
        # What the last case did without may serve another one. Only then, because a watched case takes long.
        seen = _seen(student, item, answers[:-1], ban)
    if isinstance(seen, Finding):
        return seen
    if seen:
        return _used(finding, item, seen, source, ban)
    if source.used:
        hint = (
            f"`{item.target}` names {', '.join(source.used)} in {source.where}, but was not seen to run it; "
            "a person decides whether that counts."
        )
        return replace(finding, hint=hint, evidence=source.evidence(source.used, "source"))
    return finding


def _used(finding: Finding, item: Item, used: Sequence[str], source: _Source, ban: Ban) -> Finding:
    """The consequence of what ran; told by our own words, because the names come out of the sandbox."""
    means = ", ".join(used) + (f" ({source.where})" if source.where else "")
    evidence = source.evidence(used, "run")
    if ban.costs:
        message = f"The values are right, but `{item.target}` computes them with {means}; {item.section} asks to "
        return failed(message + "write it by hand.", evidence=evidence)
    hint = f"`{item.target}` computes the values with {means}; a person decides whether that counts."
    return replace(finding, hint=hint, evidence=evidence)


def _source(student: Session, item: Item, ban: Ban) -> _Source:
    """What the source names; nothing where a session has no source to read."""
    (observation,) = student.ask([Probe("calls", item.target)])
    rows = observation.value if isinstance(observation, Returned) else None
    calls: list[dict[str, Any]] = []
    for row in rows if isinstance(rows, list) else []:
        match row:
            case {"name": str() as name, "text": str(), "cell": int(), "line": int()} if ban.used([name]):
                calls.append(row)
    return _Source(ban.used([call["name"] for call in calls]), calls)


def _seen(student: Session, item: Item, answers: Sequence[Answer], ban: Ban) -> list[str] | Finding:
    """Our words for what is used while these cases are computed once more, or what is wrong with looking."""
    probes = [replace(answer.probe, question="operators") for answer in answers]
    for answer, observation in zip(answers, student.ask(probes), strict=True):
        match observation:
            case Returned(value={"names": list() as names, "value": value}):
                if used := ban.used(names):
                    return used
                if answer.differs(value) is not None:
                    return failed(f"`{item.target}` gives other values when the operators it uses are watched.")
            case Returned():  # not in our form, which only code that replaces ours in the sandbox brings about
                return failed(f"`{item.target}` gives other values when the operators it uses are watched.")
            case _:
                # Right code that cannot be watched is rare, and no reason for a zero.
                reason = sentence(observation, item.target)
                message = f"The values are right, but which operators compute them could not be seen: {reason}"
                return Finding(Outcome.BROKEN, 0.0, message)
    return []
