"""A function returns what the reference returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from grader.checks import asking
from grader.checks.asking import Reference, ask_both, failed, judge_all
from grader.errors import RubricError
from grader.probes import Probe, Returned, Session
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
    finding = judge_all(ask_both(student, reference, probes), cases, item, reference=reference)
    if finding.outcome is not Outcome.PASSED:
        return finding
    if used := _used(student, replace(probes[-1], question="operators"), banned):
        return failed(
            f"The values are right, but `{item.target}` computes them with {', '.join(used)}; "
            f"{item.section} asks to write it by hand.",
            evidence={"banned": used},
        )
    return finding


def _used(student: Session, probe: Probe, banned: Sequence[str]) -> list[str]:
    """The banned operators and functions that one call runs."""
    if not banned:
        return []
    prefixes = tuple(prefix for family in banned for prefix in _BANNED[family])
    (observation,) = student.ask([probe])
    match observation:
        case Returned(value=list() as names):
            return [name for name in names if isinstance(name, str) and name.startswith(prefixes)]
        case _:
            return []
