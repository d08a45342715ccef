"""A module computes what the reference computes with the same weights: forward, backward, train and eval mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch

from grader.checks import asking
from grader.checks.asking import Answer, Reference, ask_both, failed, passed, says_it_all, sentence
from grader.compare import compare
from grader.probes import Probe, Raised, Returned, Session, Value
from grader.records import Finding, Item, Mismatch

# Both sides compute in float64; this leaves room for a student's function that goes through float32.
_RTOL, _SCALE = 1e-4, 1e-5


def module_close(student: Session, reference: Reference, item: Item, *, inputs: str, cases: int = 4) -> Finding:
    """Ask `cases` times for a filled module's outputs, gradients and running statistics."""
    probes = asking.cases(reference, item, "module", inputs, cases, dtype="float64")
    answers = ask_both(student, reference, probes)
    if any(isinstance(answer.observed, Raised) for answer in answers):
        # Some right modules are bound to float32, by a constant tensor for instance.
        answers = ask_both(student, reference, [replace(p, options={**p.options, "dtype": "float32"}) for p in probes])
    problems = [(answer, problem) for answer in answers if (problem := _problem(answer, item)) is not None]
    if not problems:
        return passed(f"Outputs and gradients agree with the reference in {len(answers)} of {cases} cases.")
    answer, problem = problems[0]
    message = problem.message
    if not says_it_all(answer.observed):
        known = _misconception(answers, reference, item)
        count = f"{len(problems)} of {cases} cases are wrong." if cases > 1 else ""
        message = " ".join(part for part in (known, count, message) if part)
    return failed(message, mismatch=problem)


def _problem(answer: Answer, item: Item) -> Mismatch | None:
    """The first thing that differs, most telling first."""
    if not isinstance(answer.observed, Returned) or not isinstance(answer.observed.value, Mapping):
        return Mismatch("", "type", sentence(answer.observed, item.target))
    return differences(answer.observed.value, answer.expected)


def differences(observed: Mapping[str, Value], expected: Mapping[str, Value]) -> Mismatch | None:
    """How two answers to the question `module` differ."""
    for mode in ("eval", "train"):
        theirs = expected[f"{mode}.output"]
        if (found := _close(observed.get(f"{mode}.output"), theirs)) is not None:
            return _in(f"Output in {mode} mode", found)
    for mode in ("eval", "train"):
        if observed.get(f"{mode}.input_changed") is not False:
            return Mismatch("", "value", "The module changes its input in place.")
    if (found := _close(observed.get("train.input_gradient"), expected["train.input_gradient"])) is not None:
        return _in("Gradient with respect to the input", found)
    if (found := _bags("parameter gradient", observed.get("gradients"), expected["gradients"])) is not None:
        return found
    return _bags("running statistic", observed.get("buffers"), expected["buffers"])


def _close(observed: Value, expected: Value) -> Mismatch | None:
    tensors = expected if isinstance(expected, list) else [expected]
    largest = max((float(each.abs().max()) for each in tensors if each.numel()), default=1.0)
    return compare(observed, expected, rtol=_RTOL, atol=_SCALE * max(1.0, largest))


def _in(where: str, found: Mismatch) -> Mismatch:
    return replace(found, message=f"{where}: {found.message}")


def _bags(what: str, observed: Value, expected: Sequence[tuple[Sequence[int], torch.Tensor]]) -> Mismatch | None:
    """Compare two collections of (shape, values) per shape, in any order."""
    theirs, mine = _by_shape(expected), _by_shape(observed if isinstance(observed, list) else [])
    for shape, wanted in theirs.items():
        left = list(mine.get(shape, []))
        if len(left) < len(wanted):
            message = f"Expected {len(wanted)} {what}s of shape {shape}, found {len(left)}."
            return Mismatch("", "length", message)
        for values in wanted:
            match = next((n for n, each in enumerate(left) if _close(each, values) is None), None)
            if match is None:
                return Mismatch("", "value", f"A {what} of shape {shape} differs from the reference's.")
            left.pop(match)
    return None


def _by_shape(rows: Sequence[tuple[Sequence[int], Value]]) -> dict[tuple[int, ...], list[Value]]:
    groups: dict[tuple[int, ...], list[Value]] = {}
    for row in rows:
        # The observed rows come out of the sandbox, so they may be anything.
        match row:
            case [list() as shape, values] if all(type(n) is int for n in shape):
                groups.setdefault(tuple(shape), []).append(values)
    return groups


def _misconception(answers: Sequence[Answer], reference: Reference, item: Item) -> str:
    observed = [answer.observed for answer in answers]
    if len(answers) == 0 or not all(isinstance(each, Returned) for each in observed):
        return ""
    probes: list[Probe] = [answer.probe for answer in answers]
    for text, mistaken in reference.misconceptions(probes):
        pairs = zip(observed, mistaken, strict=True)
        if all(
            isinstance(a, Returned)
            and isinstance(b, Returned)
            and isinstance(a.value, Mapping)
            and isinstance(b.value, Mapping)
            and differences(a.value, b.value) is None
            for a, b in pairs
        ):
            return text
    return ""
