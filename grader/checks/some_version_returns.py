"""A name is bound to several library layers in turn, and for each case one of them gives what is asked."""

from __future__ import annotations

from grader.checks.asking import Reference, failed, passed
from grader.compare import compare
from grader.probes import Observation, Probe, Returned, Session
from grader.records import Finding, Item, Outcome


def some_version_returns(
    student: Session, reference: Reference, item: Item, *, layers: str, inputs: str, cases: int
) -> Finding:
    """Credit is the share of the reference's `layers` whose value some captured library object gives."""
    versions = [n for n, version in enumerate(student.versions(item.target)) if version.kind == "library"]
    if not versions:
        return failed(f"`{item.target}` is never bound to a layer of torch.nn.")
    found = 0
    lacking = []
    for number in range(cases):
        seed = reference.seed(item.id, number)
        args, kwargs, _ = reference.case(inputs, seed, number)
        probes = [Probe("call", f"{item.target}@{n}", args, kwargs, seed) for n in versions]
        (expected,) = reference.ask([Probe("call", f"{layers}@{number}", args, kwargs, seed)])
        if any(_equals(observed, expected) for observed in student.ask(probes)):
            found += 1
        else:
            lacking.append(number + 1)
    if not lacking:
        return passed(f"All {cases} layers give the expected values.")
    message = f"{found} of {cases} layers give the expected values; none of yours does for layer {lacking[0]}."
    return Finding(Outcome.PARTIAL if found else Outcome.FAILED, round(found / cases, 4), message)


def _equals(observed: Observation, expected: Observation) -> bool:
    return (
        isinstance(observed, Returned)
        and isinstance(expected, Returned)
        and compare(observed.value, expected.value) is None
    )
