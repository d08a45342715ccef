"""The layers of a network give the reference's output shapes, in the reference's order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grader.checks.asking import Reference, ask_both, failed, passed, sentence
from grader.probes import Probe, Returned, Session, Value
from grader.records import Finding, Item

# Operators by what they are for: which pooling or which activation is a matter of values, not of shapes.
_ROLES: Mapping[str, str] = {
    "Conv2d": "convolution",
    "MaxPool2d": "pooling",
    "AvgPool2d": "pooling",
    "AdaptiveAvgPool2d": "pooling",
    "Linear": "linear layer",
}
Step = tuple[str, tuple[int, ...]]


def has_shapes(
    student: Session,
    reference: Reference,
    item: Item,
    *,
    input: Sequence[int],
    args: Sequence[Value] = (),
    kwargs: Mapping[str, Value] | None = None,
) -> Finding:
    """Trace convolutions, poolings and linear layers; the reference's must be a subsequence of the student's."""
    probe = Probe("shapes", item.target, tuple(args), kwargs or {}, reference.seed(item.id, 0), {"input": list(input)})
    (answer,) = ask_both(student, reference, [probe])
    if not isinstance(answer.observed, Returned):
        return failed(sentence(answer.observed, item.target))
    observed, expected = _steps(answer.observed.value), _steps(answer.expected)
    table = _table(answer.observed.value)
    position = 0
    for number, step in enumerate(expected, 1):
        try:
            position = observed.index(step, position) + 1
        except ValueError:
            return failed(_message(number, step, observed, position, expected), evidence={"layers": table})
    if not _same_output(answer.observed.value, answer.expected):
        return failed(
            f"The network gives {_shape(answer.observed.value)}, expected {_shape(answer.expected)}.",
            evidence={"layers": table},
        )
    return passed(f"All {len(expected)} layers have the expected output shapes.", evidence={"layers": table})


def _message(number: int, step: Step, observed: Sequence[Step], position: int, expected: Sequence[Step]) -> str:
    role, shape = step
    wanted = f"Layer {number} of {len(expected)} should be a {role} with output {_printed(shape)}"
    same_role = [each for each in observed[position:] if each[0] == role]
    if same_role:
        return f"{wanted}; the next {role} of yours gives {_printed(same_role[0][1])}."
    return f"{wanted}; yours has no further {role}."


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


def _same_output(observed: Value, expected: Value) -> bool:
    return _output(observed) == _output(expected)


def _output(value: Value) -> tuple[int, ...]:
    shape = value.get("output") if isinstance(value, Mapping) else None
    return tuple(shape) if isinstance(shape, list) and all(type(n) is int for n in shape) else ()


def _shape(value: Value) -> str:
    return _printed(_output(value))


def _printed(shape: tuple[int, ...]) -> str:
    return str(tuple(shape))


def _table(value: Value) -> list[Any]:
    """The student's layers for display, as [class name, shape]."""
    return [[kind[:40], list(shape)] for kind, shape in _rows(value, "modules")[:60]]
