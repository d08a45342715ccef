"""How two answers to the question `module` differ, and when they are the same though they do not look it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import torch

from grader.checks.asking import Answer
from grader.compare import compare
from grader.probes import Returned, Value
from grader.records import Mismatch

# Both sides compute in float64; this leaves room for a student's function that goes through float32.
_RTOL, _SCALE = 1e-4, 1e-5
_STRONG = 0.3  # the rate of a dropout whose lack of scale can be told from chance
_VANISHING = 1e-6  # of the largest gradient; what rounding leaves of the gradient of a bias before BatchNorm


_Row: TypeAlias = tuple[Sequence[int], torch.Tensor]  # shape of a parameter or buffer, and values


def differences(observed: Mapping[str, Value], expected: Mapping[str, Value]) -> Mismatch | None:
    """How two answers to the question `module` differ."""
    return _difference(observed, expected, expected["gradients"])


def differences_but_biases(observed: Mapping[str, Value], expected: Mapping[str, Value]) -> Mismatch | None:
    """As `differences`, only that biases without effect may be lacking."""
    return _difference(observed, expected, _needed(observed, expected))


def differences_without_biases(observed: Mapping[str, Value], expected: Mapping[str, Value]) -> Mismatch | None:
    """As `differences`, only that gradients of vectors may be lacking, as those of biases do that nobody asked for."""
    return _difference(observed, expected, _found(observed, expected))


def _difference(
    observed: Mapping[str, Value], expected: Mapping[str, Value], gradients: Sequence[_Row]
) -> Mismatch | None:
    by_hand = drops_by_hand(observed, expected)
    for mode in ("eval",) if by_hand else ("eval", "train"):
        theirs = expected[f"{mode}.output"]
        if (found := difference_of(observed.get(f"{mode}.output"), theirs)) is not None:
            return _in(f"Output in {mode} mode", found)
    for mode in ("eval", "train"):
        if observed.get(f"{mode}.input_changed") is not expected[f"{mode}.input_changed"]:
            return Mismatch("", "value", "The module changes its input in place.")
    if by_hand:
        return _gradient_shapes(observed, gradients) or _scale(observed, expected)
    if (found := _dropout(observed, expected)) is not None:
        return found
    if (found := _input_gradient(observed.get("train.input_gradient"), expected["train.input_gradient"])) is not None:
        return found
    if (found := _bags("parameter gradient", observed.get("gradients"), gradients)) is not None:
        return found
    return _bags("running statistic", observed.get("buffers"), expected["buffers"])


def drops_by_hand(observed: Mapping[str, Value], expected: Mapping[str, Value]) -> bool:
    """Whether chance takes the place of the dropout that is asked for: then train mode cannot be compared."""
    none = compare(observed.get("train.dropout"), []) is None
    return bool(expected.get("train.dropout")) and none and observed.get("random") is True


def _gradient_shapes(observed: Mapping[str, Value], expected: Sequence[_Row]) -> Mismatch | None:
    """Whether a gradient came for every parameter that should get one; a dropout by hand makes their values random."""
    came = _by_shape(_rows(observed.get("gradients")))
    for shape, wanted in _by_shape(expected).items():
        moved = [each for each in came.get(shape, []) if isinstance(each, torch.Tensor) and bool(each.any())]
        if len(moved) < len(wanted):
            return Mismatch("", "length", f"In train mode no gradient reaches a parameter of shape {shape}.")
    return None


def _scale(observed: Mapping[str, Value], expected: Mapping[str, Value]) -> Mismatch | None:
    """Whether a dropout by hand keeps the mean, as one does that divides what is left by 1 - p."""
    passes, wanted = observed.get("passes"), expected["train.output"]
    rates = [rate for _, rate, _ in expected["train.dropout"]]
    if min(rates) < _STRONG or not isinstance(passes, torch.Tensor) or not isinstance(wanted, torch.Tensor):
        return None
    if passes.shape[1:] != wanted.shape or len(passes) < 2 or not bool(torch.isfinite(passes).all()):
        return None
    wanted = wanted.double()
    share = (passes.double() * wanted).flatten(1).sum(1) / wanted.square().sum()
    mean, error = float(share.mean()), float(share.std()) / len(share) ** 0.5
    if not mean + 3 * error < 1 - min(rates) / 2:  # not even one of several dropouts may forget it
        return None
    told = f"In train mode the outputs shrink to about {100 * max(mean, 0):.0f} % of those without dropout"
    return Mismatch("", "value", f"{told}: divide what a dropout by hand leaves by 1 − p, so that its mean stays.")


def _dropout(observed: Mapping[str, Value], expected: Mapping[str, Value]) -> Mismatch | None:
    """Whether dropout is applied where it is asked for. The student's rates are not told: they are theirs to choose."""
    for mode in ("train", "eval"):
        wanted = expected.get(f"{mode}.dropout", [])
        if compare(observed.get(f"{mode}.dropout", []), wanted) is not None:
            rates = " and ".join(f"{rate:g}" for _, rate, _ in wanted)
            asked = f"drops {rates} of its values, each in its place" if wanted else "drops nothing"
            return Mismatch("", "value", f"In {mode} mode the book's module {asked}; yours does otherwise.")
    return None


def _input_gradient(observed: Value, expected: Value) -> Mismatch | None:
    cut_off = isinstance(observed, list) and any(each is None for each in observed)
    if cut_off and not any(each is None for each in expected):
        return Mismatch("", "type", "There is no gradient with respect to the input.")
    found = difference_of(observed, expected)
    return None if found is None else _in("Gradient with respect to the input", found)


def difference_of(observed: Value, expected: Value) -> Mismatch | None:
    """How a tensor, or each of several, differs beyond what float64 with a float32 on the way explains."""
    tensors = expected if isinstance(expected, list) else [expected]
    sizes = [float(each.abs().max()) for each in tensors if isinstance(each, torch.Tensor) and each.numel()]
    largest = max(sizes, default=1.0)
    return compare(observed, expected, rtol=_RTOL, atol=_SCALE * max(1.0, largest))


def _in(where: str, found: Mismatch) -> Mismatch:
    return replace(found, message=f"{where}: {found.message}")


def _bags(what: str, observed: Value, expected: Sequence[_Row]) -> Mismatch | None:
    """Compare two collections of (shape, values) per shape, in any order."""
    theirs, mine = _by_shape(expected), _by_shape(_rows(observed))
    for shape, wanted in theirs.items():
        left = list(mine.get(shape, []))
        if len(left) < len(wanted):
            things = what if len(wanted) == 1 else f"{what}s"
            message = f"Expected {len(wanted)} {things} of shape {shape}, found {len(left)}."
            return Mismatch("", "length", message)
        for values in wanted:
            match = next((n for n, each in enumerate(left) if difference_of(each, values) is None), None)
            if match is None:
                return Mismatch("", "value", f"A {what} of shape {shape} differs from the reference's.")
            left.pop(match)
    return None


def _rows(observed: Value) -> Sequence[_Row]:
    return observed if isinstance(observed, list) else []


def _by_shape(rows: Sequence[_Row]) -> dict[tuple[int, ...], list[Value]]:
    groups: dict[tuple[int, ...], list[Value]] = {}
    for row in rows:
        # The observed rows come out of the sandbox, so they may be anything.
        match row:
            case [list() as shape, values] if all(type(n) is int for n in shape):
                groups.setdefault(tuple(shape), []).append(values)
    return groups


# ---- biases that change nothing --------------------------------------------------------------------------------------


def lacks_vectors(answer: Answer) -> bool:
    """Whether there are fewer gradients of vectors, among which biases are, than expected."""
    if not isinstance(answer.observed, Returned) or not isinstance(answer.observed.value, Mapping):
        return False
    return bool(_lacking(answer.observed.value, answer.expected))


def needs_no_more_vectors(answer: Answer) -> bool:
    """Whether the gradients of vectors that are lacking are those of biases without effect."""
    if not isinstance(answer.observed, Returned) or not isinstance(answer.observed.value, Mapping):
        return False
    return not _lacking(answer.observed.value, {"gradients": _needed(answer.observed.value, answer.expected)})


def without_idle_biases(expected: Mapping[str, Value]) -> Mapping[str, Value]:
    """What the module would show if the biases without effect were left out."""
    lacking = {**expected, "gradients": [row for row in expected["gradients"] if len(row[0]) != 1]}
    return {**expected, "gradients": _needed(lacking, expected)}


def _lacking(observed: Mapping[str, Value], expected: Mapping[str, Value]) -> dict[tuple[int, ...], int]:
    """How many gradients of vectors are lacking, by shape."""
    mine = _by_shape(_rows(observed.get("gradients")))
    short = {shape: len(each) - len(mine.get(shape, [])) for shape, each in _by_shape(expected["gradients"]).items()}
    return {shape: number for shape, number in short.items() if number > 0 and len(shape) == 1}


def _found(observed: Mapping[str, Value], expected: Mapping[str, Value]) -> list[_Row]:
    """The expected gradients; of vectors of which some are lacking, as many as there are, those first that came.

    A vector that is there and gets no gradient is no bias left out.
    """
    if len(_vectors(observed.get("unused"))) > len(_vectors(expected.get("unused"))):
        return list(expected["gradients"])
    mine, lacking = _by_shape(_rows(observed.get("gradients"))), _lacking(observed, expected)
    found: list[_Row] = [row for row in expected["gradients"] if tuple(row[0]) not in lacking]
    for shape, wanted in _by_shape(expected["gradients"]).items():
        if shape in lacking:
            left, found_here = list(mine.get(shape, [])), []
            for values in wanted:
                match = next((n for n, each in enumerate(left) if difference_of(each, values) is None), None)
                if match is not None:
                    found_here.append(values)
                    left.pop(match)
            # What came and is none of the expected stays wrong, whichever of them it is compared with.
            found += [(list(shape), values) for values in (*found_here, *wanted[: len(left)])]
    return found


def _vectors(shapes: Value) -> list[Value]:
    return [each for each in shapes if isinstance(each, list) and len(each) == 1] if isinstance(shapes, list) else []


def _needed(observed: Mapping[str, Value], expected: Mapping[str, Value]) -> list[_Row]:
    """The expected gradients without as many vanishing ones as are lacking."""
    rows: list[_Row] = list(expected["gradients"])
    largest = max((float(values.abs().max()) for _, values in rows if values.numel()), default=0.0)
    lacking = _lacking(observed, expected)
    needed = []
    for shape, values in rows:
        vanishes = values.numel() > 0 and float(values.abs().max()) <= _VANISHING * largest
        if vanishes and lacking.get(tuple(shape), 0) > 0:
            lacking[tuple(shape)] -= 1
        else:
            needed.append((shape, values))
    return needed
