"""A function returns what the reference returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from grader.checks import asking
from grader.checks.asking import Answer, Reference, ask_both, failed, judge_all, sentence
from grader.compare import compare
from grader.errors import RubricError
from grader.probes import Returned, Session
from grader.records import Finding, Item, Outcome

# What counts as doing it with a library, by operator (aten) or by Python function (module.name).
_BANNED: Mapping[str, tuple[str, ...]] = {
    "convolution": ("convolution", "conv1d", "conv2d", "conv3d", "_conv", "mkldnn_conv", "cudnn_conv", "thnn_conv",
                    "scipy.signal.", "scipy.ndimage."),
    "book": ("d2l.",),  # the book's own functions, kept in its package
    "pooling": ("max_pool", "avg_pool", "_adaptive_avg_pool", "adaptive_max_pool", "scipy.ndimage.", "mkldnn_max_pool"),
}  # fmt: skip


def returns_close(
    student: Session, reference: Reference, item: Item, *, inputs: str, cases: int = 20, banned: Sequence[str] = ()
) -> Finding:
    """Ask `cases` calls with arguments of the generator `inputs`; every value must be close, by no banned means.

    Raises:
        RubricError: `banned` names a family that is not known.
    """
    if unknown := [family for family in banned if family not in _BANNED]:
        raise RubricError(f"rubric.yaml: {item.id}: banned: {unknown[0]!r} is none of {', '.join(sorted(_BANNED))}")
    probes = asking.cases(reference, item, "call", inputs, cases)
    answers = ask_both(student, reference, probes)
    finding = judge_all(answers, cases, item, reference=reference)
    if finding.outcome is not Outcome.PASSED:
        return finding
    return _watched(student, item, answers[-1], banned) or finding


def _watched(student: Session, item: Item, last: Answer, banned: Sequence[str]) -> Finding | None:
    """What is wrong with how the last case is computed, seen while it is computed once more; None when nothing is."""
    if not banned:
        return None
    (observation,) = student.ask([replace(last.probe, question="operators")])
    match observation:
        case Returned(value={"names": list() as names, "value": value}):
            families = {prefix for family in banned for prefix in _BANNED[family]}
            # Told by our own word for it: the names come out of the sandbox.
            used = sorted(each for each in families if any(isinstance(n, str) and n.startswith(each) for n in names))
            if used:
                shown = ", ".join(each.rstrip("._") for each in used)
                message = (
                    f"The values are right, but `{item.target}` computes them with {shown}; {item.section} asks to "
                )
                return failed(message + "write it by hand.", evidence={"banned": used})
            if compare(value, last.expected) is not None:
                return failed(f"`{item.target}` gives other values when the operators it uses are watched.")
            return None
        case _:
            # Right code that cannot be watched is rare, and no reason for a zero.
            return Finding(
                Outcome.BROKEN,
                0.0,
                f"The values are right, but which operators compute them could not be seen: "
                f"{sentence(observation, item.target)}",
            )
