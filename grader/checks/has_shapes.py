"""The layers of a network give the reference's output shapes, in the reference's order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from grader.checks.asking import Reference, ask_both, failed, passed, sentence
from grader.errors import RubricError
from grader.probes import Probe, Returned, Session, Value
from grader.records import Finding, Item, Outcome

# Operators by what they are for: which pooling or which activation is a matter of values, not of shapes.
_ROLES: Mapping[str, str] = {
    "Conv2d": "convolution",
    "MaxPool2d": "pooling",
    "AvgPool2d": "pooling",
    "AdaptiveAvgPool2d": "pooling",
    "Linear": "linear layer",
}
_LONGEST = 200  # steps compared; a trace comes out of the sandbox and may be as long as it likes
Step = tuple[str, tuple[int, ...]]


class Difference(NamedTuple):
    """The first place where two traces part."""

    number: int  # 1-based, among the reference's layers; one more than it has for a layer too many
    expected: Step | None
    found: Step | None


def has_shapes(
    student: Session,
    reference: Reference,
    item: Item,
    *,
    input: Sequence[int],
    args: Sequence[Value] = (),
    kwargs: Mapping[str, Value] | None = None,
    credit: Mapping[str, float] | None = None,
) -> Finding:
    """Trace convolutions, poolings and linear layers for an input of shape `input`; they must be the reference's.

    Poolings besides the reference's are no mistake: a mean over an image is none of the network's layers.

    Args:
        credit: share of the points by what is right; `one_layer`: every layer but one is.

    Raises:
        RubricError: `credit` names anything else, or a share that is none.
    """
    share = _share(credit or {}, item)
    probe = Probe("shapes", item.target, tuple(args), kwargs or {}, reference.seed(item.id, 0), {"input": list(input)})
    (answer,) = ask_both(student, reference, [probe])
    if not isinstance(answer.observed, Returned):
        return failed(sentence(answer.observed, item.target))
    observed, expected = _steps(answer.observed.value), _steps(answer.expected)
    evidence = {"layers": _table(answer.observed.value)}
    difference = first_difference(observed, expected)
    if difference is None and _output(answer.observed.value) == _output(answer.expected):
        return passed(f"All {len(expected)} layers have the expected output shapes.", evidence)
    known = _misconception(answer.observed.value, reference, probe)
    if difference is None:
        shapes = f"The network gives {_output(answer.observed.value)}, expected {_output(answer.expected)}."
        return failed(" ".join(part for part in (known, shapes) if part), evidence=evidence)
    message = " ".join(part for part in (known, _message(difference, len(expected))) if part)
    evidence["differs"] = [difference.number, _row(difference.expected), _row(difference.found)]
    if share and _apart(_changes(observed, input), _changes(expected, input)) <= 1:
        message = f"{message} Everything else is built as it should be, which earns a part of the points."
        return Finding(Outcome.PARTIAL, share, message, evidence=evidence)
    return failed(message, evidence=evidence)


def _share(credit: Mapping[str, float], item: Item) -> float:
    for key, value in credit.items():
        if key != "one_layer" or isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
            raise RubricError(f"rubric.yaml: {item.id}: credit: {key}: {value!r}; one_layer with a number below 1 fits")
    return round(float(credit.get("one_layer", 0.0)), 4)


# ---- two traces ------------------------------------------------------------------------------------------------------


def first_difference(observed: Sequence[Step], expected: Sequence[Step]) -> Difference | None:
    """Where the student's layers part from the reference's, None where they are the same."""
    rest = list(observed)
    for number, step in enumerate(expected, 1):
        while rest and rest[0] != step and rest[0][0] == "pooling" and step in rest:
            rest.pop(0)
        if not rest or rest[0] != step:
            same_role = [each for each in rest if each[0] == step[0]]
            return Difference(number, step, same_role[0] if same_role else None)
        rest.pop(0)
    beyond = [step for step in rest if step[0] != "pooling"]
    return Difference(len(expected) + 1, None, beyond[0]) if beyond else None


def _message(difference: Difference, count: int) -> str:
    number, expected, found = difference
    if expected is None:
        assert found is not None
        return f"There is a layer too many: after all {count} comes a {found[0]} with output {found[1]}."
    role, shape = expected
    wanted = f"Layer {number} of {count} should be a {role} with output {shape}"
    return (
        f"{wanted}; the next {role} of yours gives {found[1]}." if found else f"{wanted}; yours has no further {role}."
    )


def _row(step: Step | None) -> list[Any] | None:
    return None if step is None else [step[0], list(step[1])]


def _misconception(observed: Value, reference: Reference, probe: Probe) -> str:
    """The sentence of the one misconception that has these very layers; of two that do, neither is claimed."""
    found = {
        text
        for text, (mistaken,) in reference.misconceptions([probe])
        if isinstance(mistaken, Returned)
        and _steps(mistaken.value) == _steps(observed)
        and _output(mistaken.value) == _output(observed)
    }
    return found.pop() if len(found) == 1 else ""


# ---- one layer wrong -------------------------------------------------------------------------------------------------


class _Change(NamedTuple):
    """What one layer does, whatever the layers before it made of the image."""

    role: str
    channels: int  # or units
    narrowed: tuple[float, ...]  # by how many rows and columns
    shrunk: tuple[float, ...]  # by which factor


def _alike(one: _Change, other: _Change) -> bool:
    if (one.role, one.channels) != (other.role, other.channels):
        return False
    return one.narrowed == other.narrowed or one.shrunk == other.shrunk


def _changes(steps: Sequence[Step], input: Sequence[int]) -> list[_Change]:
    """What each step does to the sizes; a stride shows as a factor, a missing padding as a difference."""
    changes = []
    for (_, before), (role, after) in pairwise([("", tuple(input)), *steps[:_LONGEST]]):
        channels = after[1] if len(after) > 1 else 0
        if role == "pooling":
            channels = 0  # it keeps those of the layer before
        sizes = list(zip(before[2:], after[2:], strict=False))
        shrunk = tuple(float(-(-big // small)) if small else 0.0 for big, small in sizes)
        changes.append(_Change(role, channels, tuple(float(big - small) for big, small in sizes), shrunk))
    return changes


def _apart(mine: Sequence[_Change], theirs: Sequence[_Change]) -> int:
    """How many layers have to be changed, added or left out (Levenshtein's distance)."""
    row = list(range(len(theirs) + 1))
    for i, change in enumerate(mine, 1):
        above, row[0] = row[0], i
        for j, wanted in enumerate(theirs, 1):
            above, row[j] = row[j], min(above + (not _alike(change, wanted)), row[j] + 1, row[j - 1] + 1)
    return row[-1]


# ---- what a trace says -----------------------------------------------------------------------------------------------


def _steps(value: Value) -> list[Step]:
    steps = []
    for kind, shape in _rows(value, "layers"):
        if kind in _ROLES:
            # A global average is (n, c, 1, 1) for one and (n, c) for another.
            squeezed = shape[:2] if shape[2:] == (1, 1) else shape
            steps.append((_ROLES[kind], squeezed))
    return steps


def _rows(value: Value, name: str) -> list[tuple[str, tuple[int, ...]]]:
    """What a trace says, as far as it has the form of one: it comes out of the sandbox and may be anything."""
    rows = value.get(name) if isinstance(value, Mapping) else None
    found = []
    for row in rows if isinstance(rows, list) else []:
        match row:
            case [str() as kind, list() as shape] if all(type(n) is int for n in shape):
                found.append((kind, tuple(shape)))
    return found


def _output(value: Value) -> tuple[int, ...]:
    shape = value.get("output") if isinstance(value, Mapping) else None
    return tuple(shape) if isinstance(shape, list) and all(type(n) is int for n in shape) else ()


def _table(value: Value) -> list[Any]:
    """The student's layers for display, as [class name, shape]."""
    return [[kind[:40], list(shape)] for kind, shape in _rows(value, "modules")[:60]]
