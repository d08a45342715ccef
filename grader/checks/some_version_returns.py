"""A name is bound to several layers in turn, and for each case one of them gives what is asked."""

from __future__ import annotations

from collections.abc import Sequence

from grader.checks.asking import Reference, failed, passed
from grader.compare import compare
from grader.probes import Observation, Probe, Returned, Session
from grader.records import Finding, Item, Outcome


def some_version_returns(
    student: Session, reference: Reference, item: Item, *, layers: str, inputs: str, cases: int
) -> Finding:
    """Credit is the share of the reference's `layers` whose value some captured object gives.

    That is a layer of the library mostly; a function or class of the student's around one does as well.
    """
    kinds = [version.kind for version in student.versions(item.target)]
    versions = sorted(range(len(kinds)), key=lambda number: kinds[number] != "library")  # layers are asked first
    lacking, known = [], ""
    for number in range(cases):
        seed = reference.seed(item.id, number)
        args, kwargs, _ = reference.case(inputs, seed, number)
        probe = Probe("call", f"{layers}@{number}", args, kwargs, seed)
        (expected,) = reference.ask([probe])
        observed = list(student.ask([Probe("call", f"{item.target}@{n}", args, kwargs, seed) for n in versions]))
        if not any(_equals(each, expected) for each in observed):
            lacking.append(number + 1)
            known = known or _misconception(observed, reference, probe)
    if not lacking:
        return passed(f"All {cases} layers give the expected values.")
    found = cases - len(lacking)
    if not found and "library" not in kinds:
        return failed(f"`{item.target}` is never bound to a layer of torch.nn.")
    message = f"{found} of {cases} layers give the expected values; none of yours does for layer {lacking[0]}."
    outcome = Outcome.PARTIAL if found else Outcome.FAILED
    return Finding(outcome, round(found / cases, 4), f"{known} {message}".strip())


def _misconception(observed: Sequence[Observation], reference: Reference, probe: Probe) -> str:
    """The sentence of the misconception that gives what one of the student's layers gives."""
    for text, (mistaken,) in reference.misconceptions([probe]):
        if any(_equals(each, mistaken) for each in observed):
            return text
    return ""


def _equals(observed: Observation, expected: Observation) -> bool:
    return (
        isinstance(observed, Returned)
        and isinstance(expected, Returned)
        and compare(observed.value, expected.value) is None
    )
