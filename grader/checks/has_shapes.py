"""The layers of a network give the reference's output shapes, in the reference's order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeGuard

from grader.checks import asking, filled
from grader.checks.asking import Answer, Reference, ask_both, failed, partly, passed, sentence, shares
from grader.probes import Probe, Returned, Session, Value
from grader.records import Finding, Item, Outcome

# Which pooling there is, is a matter of values; that there is one shows in what the next layer gets.
_ROLES: Mapping[str, str] = {"Conv2d": "convolution", "Linear": "linear layer"}
_LONGEST = 200  # layers compared; a trace comes out of the sandbox and may be as long as it likes
_SHOWN = 60  # layers kept as evidence
_MOST_SIDES, _LARGEST_SIDE = 8, 1 << 40

Shape = tuple[int, ...]


class Layer(NamedTuple):
    """One convolution or linear layer."""

    role: str
    output: Shape
    input: Shape


class Difference(NamedTuple):
    """The first place where two traces part."""

    number: int  # 1-based, among the reference's layers; one more than it has for a layer too many
    expected: Layer | None
    found: Layer | None
    instead: Layer | None = None  # the student's layer in this place


def has_shapes(
    student: Session,
    reference: Reference,
    item: Item,
    *,
    input: Sequence[int],
    args: Sequence[Value] = (),
    kwargs: Mapping[str, Value] | None = None,
    credit: Mapping[str, float] | None = None,
    inputs: str = "",
) -> Finding:
    """Trace convolutions and linear layers for an input of shape `input`; they must be those of the reference.

    What lies between them, such as pooling, shows in the shapes that the next layer gets, however it is written.

    Args:
        credit: share of the points by what is right; `one_layer`: everything but one layer is.
        inputs: a generator of modules' arguments. A network that computes with the same weights what the reference
            computes has its layers, though no trace shows them: convolutions as matrix products, scripted modules.

    Raises:
        RubricError: `credit` names anything else, or a share that is none.
    """
    parts = shares(credit, ("one_layer",), item)
    probe = Probe("shapes", item.target, tuple(args), kwargs or {}, reference.seed(item.id, 0), {"input": list(input)})
    (answer,) = ask_both(student, reference, [probe])
    finding = _traced(answer, reference, item, input, parts)
    # Arguments of cases are not those of the trace, so that it has to show what the whole network gives.
    gives = isinstance(answer.observed, Returned) and _output(answer.observed.value) == _output(answer.expected)
    if not inputs or finding.outcome is Outcome.PASSED or not (gives or not (args or kwargs)):
        return finding
    probes = asking.cases(reference, item, "module", inputs, 1, dtype="float64")
    if filled.judged(student, reference, item, probes, free=True).wrong:
        return finding
    return passed("The layers are written in another way, and compute what those of the reference compute.")


def _traced(
    answer: Answer, reference: Reference, item: Item, input: Sequence[int], parts: Mapping[str, float]
) -> Finding:
    """What the traces of both sides say."""
    if not isinstance(answer.observed, Returned):
        return failed(sentence(answer.observed, item.target))
    observed, expected = _layers(answer.observed.value), _layers(answer.expected)
    output, wanted = _output(answer.observed.value), _output(answer.expected)
    evidence: dict[str, Any] = {"layers": _table(answer.observed.value)}
    difference = first_difference(observed, expected)
    if difference is None and output == wanted:
        return passed(f"All {len(expected)} layers have the expected output shapes.", evidence)
    told = f"The network gives {output}, expected {wanted}."
    if difference is not None:
        told = _message(difference, len(expected))
        evidence["trace"] = [_row(layer) for layer in observed[:_SHOWN]]
        evidence["differs"] = [difference.number, _row(difference.expected), _row(difference.found)]
    known = _misconception(answer.observed.value, reference, answer.probe)
    finding = failed(" ".join(part for part in (known, told) if part), evidence=evidence)
    if "one_layer" in parts and _apart(_steps(observed, input), _steps(expected, input)) <= 1:
        return partly(finding, parts["one_layer"], "Everything but one layer is built as it should be")
    return finding


# ---- two traces ------------------------------------------------------------------------------------------------------


def first_difference(observed: Sequence[Layer], expected: Sequence[Layer]) -> Difference | None:
    """Where the student's layers part from the reference's, None where they are the same.

    Outputs are compared in order. Inputs are not: of two layers with equal outputs, such as the first convolution and
    the shortcut of a residual block, either may come first.
    """
    for number, layer in enumerate(expected, 1):
        found = observed[number - 1] if number <= len(observed) else None
        if found is None or (found.role, found.output) != (layer.role, layer.output):
            later = [each for each in observed[number - 1 :] if each.role == layer.role]
            return Difference(number, layer, later[0] if later else None, found)
    if len(observed) > len(expected):
        return Difference(len(expected) + 1, None, observed[len(expected)])
    lacking, beyond = Counter(expected) - Counter(observed), Counter(observed) - Counter(expected)
    for number, layer in enumerate(expected, 1):
        if layer in lacking:
            return Difference(number, layer, next(each for each in beyond if each.output == layer.output))
    return None


def _message(difference: Difference, count: int) -> str:
    number, expected, found, instead = difference
    if expected is None:
        assert found is not None
        return f"There is a layer too many: after all {count} comes a {found.role} with output {found.output}."
    wanted = f"Layer {number} of {count} should be a {expected.role} with output {expected.output}"
    if found is None:
        return f"{wanted}; yours has no further {expected.role}."
    if found == expected:
        assert instead is not None
        return f"{wanted}; yours comes later, after a {instead.role} with output {instead.output}."
    if found.output == expected.output:
        return f"{wanted} for an input of shape {expected.input}; yours gets {found.input}."
    return f"{wanted}; the next {expected.role} of yours gives {found.output}."


def _row(layer: Layer | None) -> list[Any] | None:
    return None if layer is None else [layer.role, list(layer.output), list(layer.input)]


def _misconception(observed: Value, reference: Reference, probe: Probe) -> str:
    """The sentence of the one misconception that has these very layers; of two that do, neither is claimed."""
    found = {
        text
        for text, (mistaken,) in reference.misconceptions([probe])
        if isinstance(mistaken, Returned)
        and first_difference(_layers(observed), _layers(mistaken.value)) is None
        and _output(mistaken.value) == _output(observed)
        and _details(mistaken.value) == _details(observed)
    }
    return found.pop() if len(found) == 1 else ""


# ---- one layer wrong -------------------------------------------------------------------------------------------------


class _Step(NamedTuple):
    """What one layer does to its input, or what happens between two layers, whatever was done before."""

    role: str
    channels: int  # of the output
    narrowed: tuple[int, ...]  # by how many rows and columns
    shrunk: tuple[int, ...]  # by which factor


def _steps(layers: Sequence[Layer], input: Sequence[int]) -> list[_Step]:
    """Each layer, and each change of shape between two that is not just a flattening."""
    steps, before = [], tuple(input)
    for layer in _in_one_order(layers[:_LONGEST]):
        if (between := _step("", before, layer.input)).shrunk not in ((), (1, 1), (1,)):
            steps.append(between)
        steps.append(_step(layer.role, layer.input, layer.output))
        before = layer.output
    return steps


def _in_one_order(layers: Sequence[Layer]) -> Iterator[Layer]:
    """The same layers; of several with equal outputs those that share the first one's input come first, as they may."""
    for _, equal in groupby(layers, key=lambda layer: (layer.role, layer.output)):
        first, *others = equal
        yield from [first, *sorted(others, key=lambda layer: layer.input != first.input)]


def _step(role: str, before: Shape, after: Shape) -> _Step:
    channels = after[1] if role and len(after) > 1 else 0
    if len(before) == len(after):
        sizes = list(zip(before[2:], after[2:], strict=True))
        return _Step(role, channels, tuple(a - b for a, b in sizes), tuple(round(a / b) if b else 0 for a, b in sizes))
    pooled = 1  # what was flattened without pooling; else by how many elements fewer
    for size in before[1:]:
        pooled *= size
    return _Step(role, channels, (), (round(pooled / after[-1]),) if after and after[-1] else (0,))


def _alike(one: _Step, other: _Step) -> bool:
    if (one.role, one.channels) != (other.role, other.channels):
        return False
    if one.shrunk == other.shrunk and max(one.shrunk, default=2) > 1:
        return True  # by a factor, whatever the size was
    return one.narrowed == other.narrowed and (one.narrowed != () or one.shrunk == other.shrunk)


def _apart(mine: Sequence[_Step], theirs: Sequence[_Step]) -> int:
    """How many steps have to be changed, added or left out (Levenshtein's distance)."""
    row = list(range(len(theirs) + 1))
    for i, step in enumerate(mine, 1):
        above, row[0] = row[0], i
        for j, wanted in enumerate(theirs, 1):
            above, row[j] = row[j], min(above + (not _alike(step, wanted)), row[j] + 1, row[j - 1] + 1)
    return row[-1]


# ---- what a trace says -----------------------------------------------------------------------------------------------


def _layers(value: Value) -> list[Layer]:
    """The layers of a trace, as far as it has the form of one: it comes out of the sandbox and may be anything."""
    rows = value.get("layers") if isinstance(value, Mapping) else None
    found = []
    for row in rows if isinstance(rows, list) else []:
        match row:
            case [str() as kind, output, input, *more] if kind in _ROLES and _is_shape(output) and _is_shape(input):
                layer = Layer(_ROLES[kind], tuple(output), _read_of(input, output, more))
                found.append(_as_linear(layer) if _sees_all(input, output, more) else layer)
    return found


def _sees_all(input: list[int], output: list[int], more: Sequence[Value]) -> bool:
    """Whether a convolution has one window, the whole image: then it is a linear layer of the flattened image."""
    match more:
        case [[int(), int(), height, width, *_]]:
            return len(input) == len(output) == 4 and input[2:] == [height, width] and output[2:] == [1, 1]
    return False


def _as_linear(layer: Layer) -> Layer:
    batch, *image = layer.input
    return Layer(_ROLES["Linear"], layer.output[:2], (batch, math.prod(image)))


def _read_of(input: list[int], output: list[int], more: Sequence[Value]) -> Shape:
    """The shape of what a layer reads: a 1x1 convolution with a stride leaves out pixels, as a slice before it does."""
    match more:
        case [[_, _, *kernel]] if _is_shape(kernel[:2]) and kernel[:2] == [1, 1] and len(input) == len(output) == 4:
            return (*input[:2], *output[2:])
    return tuple(input)


def _details(value: Value) -> Counter[str]:
    """Every layer with kernel, stride, padding and so on: what explains its shapes."""
    rows = value.get("layers") if isinstance(value, Mapping) else None
    return Counter(repr(row) for row in rows) if isinstance(rows, list) else Counter()


def _is_shape(value: Value) -> TypeGuard[list[int]]:
    """Whether it is the shape of a tensor that may exist."""
    if not isinstance(value, list) or len(value) > _MOST_SIDES:
        return False
    return all(type(size) is int and 0 <= size < _LARGEST_SIDE for size in value)


def _output(value: Value) -> Shape:
    shape = value.get("output") if isinstance(value, Mapping) else None
    return tuple(shape) if _is_shape(shape) else ()


def _table(value: Value) -> list[Any]:
    """The student's layers for display, as [class name, shape of the output]."""
    rows = value.get("modules") if isinstance(value, Mapping) else None
    table: list[Any] = []
    for row in (rows if isinstance(rows, list) else [])[:_SHOWN]:
        match row:
            case [str() as kind, shape] if _is_shape(shape):
                table.append([kind[:40], shape])
    return table
