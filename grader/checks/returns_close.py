"""A function returns what the reference returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from grader.checks import asking
from grader.checks.asking import Answer, Reference, ask_both, failed, judge_all, partly, shares, tolerances
from grader.checks.banned import Ban, ban, by_hand
from grader.checks.picturing import picture
from grader.probes import Probe, Returned, Session
from grader.records import Finding, Item, Outcome


def returns_close(
    student: Session,
    reference: Reference,
    item: Item,
    *,
    inputs: str,
    cases: int = 20,
    banned: Sequence[str] = (),
    on_banned: str = "zero",
    credit: Mapping[str, float] | None = None,
    keeps_arguments: bool = False,
    rtol: float | None = None,
    atol: float | None = None,
) -> Finding:
    """Ask `cases` calls with arguments of the generator `inputs`; every value must be close, by no banned means.

    `banned` are families of calls: book, convolution, cross_entropy, pooling, softmax; `on_banned` says what using
    them means: zero, or flag, which leaves it to a person. `credit` gives a share of the points to a function whose
    values are wrong, but all have the right `shape`. With `keeps_arguments` a function that changes tensors it is given
    fails: for tasks that ask to leave them alone. `rtol` and `atol` replace the usual tolerances of the dtype.

    Raises:
        RubricError: `banned` or `on_banned` is not known, or `credit` or a tolerance is not made like that.
    """
    tolerances(item, rtol, atol)
    parts = shares(credit, ("shape",), item)
    without = ban(item, banned, on_banned)
    probes = asking.cases(reference, item, "call", inputs, cases)
    answers = ask_both(student, reference, probes, rtol=rtol, atol=atol)
    finding = judge_all(answers, cases, item, reference=reference)
    # Also where values are wrong, so that other tolerances can be judged by without running anything.
    asked = keeps_arguments and len(answers) == cases and all(isinstance(each.observed, Returned) for each in answers)
    spoilt = _spoilt(student, item, probes[0]) if asked else None
    if finding.outcome is not Outcome.PASSED:
        if len(answers) == cases and any(answer.mismatch for answer in answers):
            finding = replace(finding, evidence=picture(student, reference, item, inputs))
        shaped = all(answer.right_shape for answer in answers)
        return _shaped(finding, parts["shape"], student, item, answers, without) if parts and shaped else finding
    return spoilt or by_hand(finding, student, item, answers, without)


def _spoilt(student: Session, item: Item, probe: Probe) -> Finding | None:
    """The finding about a function that changes what it is given: whoever calls it goes on with other numbers."""
    (observation,) = student.ask([replace(probe, question="changes")])
    changed = observation.value if isinstance(observation, Returned) else None
    if not isinstance(changed, list) or not any(each is True for each in changed):
        return None  # what cannot be seen is held against nobody
    return failed(
        f"The values are right, but `{item.target}` changes the tensor that it is given. Whoever calls it goes on with "
        "other numbers: compute new tensors instead (no `+=`, no `X[...] = ...` and no `exp_()` on an argument)."
    )


def _shaped(
    finding: Finding, share: float, student: Session, item: Item, answers: Sequence[Answer], without: Ban
) -> Finding:
    """The share that the right shape earns, unless banned means computed it."""
    partial = partly(finding, share, "All outputs have the right shape")
    own = [replace(a, expected=a.observed.value) for a in answers if isinstance(a.observed, Returned)]
    judged = by_hand(partial, student, item, own, without)
    if judged.outcome is Outcome.FAILED:
        return finding
    return judged if judged.outcome is Outcome.PARTIAL else partial
