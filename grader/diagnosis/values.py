"""How the values of wrong answers differ from the right ones: by a factor, a constant, a sign, their digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from grader.diagnosis.answers import Answers, Pair
from grader.diagnosis.closeness import alike, amount, one, ratio, times
from grader.diagnosis.sizes import Geometry, geometry


def zero(answers: Answers) -> str:
    """Nothing but zeros came."""
    wrong = [pair for pair in answers.wrong if pair.observed.numel()]
    if len(wrong) < 2 or len(wrong) < len(answers.wrong) or any(bool(pair.observed.any()) for pair in wrong):
        return ""
    return answers.told("Every value is 0: is the output made, but never filled?", torch.zeros_like)


def factor(answers: Answers) -> str:
    """Every value is so many times the right one, or has the other sign."""
    factor = one([ratio(pair.observed, pair.expected) for pair in answers.wrong])
    if factor is None or not _telling(answers.wrong):
        return ""
    return answers.told(f"Every {answers.noun} {times(factor)}.", lambda values: factor * values)


def _telling(pairs: Sequence[Pair]) -> bool:
    """Whether a constant that fits could have failed to: two cases at least, with values that differ."""
    values = torch.cat([pair.expected.flatten() for pair in pairs])
    return len(pairs) >= 2 and values.numel() >= 3 and len(values.unique()) >= 2


def factor_of_size(answers: Answers) -> str:
    """The factor is the size of something in the call, such as the number of elements of the kernel."""
    factors = [(pair, ratio(pair.observed, pair.expected)) for pair in answers.wrong]
    measured = [(pair, factor) for pair, factor in factors if factor is not None]
    if len(measured) < 2 or len(measured) < len(factors):
        return ""
    flat = all(sizes is None or sizes.channels == 1 for sizes in (_sizes(pair) for pair, _ in measured))
    fitting = [
        (quantity, inverse)
        for quantity in (_OF_A_PLANE if flat else _OF_CHANNELS)
        for inverse in (False, True)
        if all(_measures(quantity, pair, factor, inverse) for pair, factor in measured)
    ]
    if len(fitting) != 1:
        return ""
    quantity, inverse = fitting[0]
    if any(_quantity(quantity, pair) not in (None, 1) for pair in answers.right):
        return ""
    sizes = _sizes(measured[0][0])
    what = quantity.text.format(noun=sizes.noun if sizes is not None else "kernel")
    if inverse:
        return f"Every {answers.noun} is too small, as if it were divided by {what}."
    return f"Every {answers.noun} is too large: the factor is {what}."


@dataclass(frozen=True, slots=True)
class _Quantity:
    text: str  # {noun}: kernel or window
    compute: Callable[[int, int, int], int]  # from height, width and channels of the kernel


_OF_A_PLANE = (
    _Quantity("the number of elements of the {noun}", lambda height, width, channels: height * width * channels),
    _Quantity("the height of the {noun}", lambda height, width, channels: height),
    _Quantity("the width of the {noun}", lambda height, width, channels: width),
)
_OF_CHANNELS = (
    *_OF_A_PLANE,
    _Quantity("the number of elements of one channel of the {noun}", lambda height, width, channels: height * width),
    _Quantity("the number of input channels", lambda height, width, channels: channels),
)


def _measures(quantity: _Quantity, pair: Pair, factor: float, inverse: bool) -> bool:
    size = _quantity(quantity, pair)
    return size is not None and abs((1 / size if inverse else size) - factor) <= 1e-3 * abs(factor)


def _quantity(quantity: _Quantity, pair: Pair) -> int | None:
    sizes = _sizes(pair)
    number = quantity.compute(*sizes.kernel, sizes.channels) if sizes is not None else 0
    return number if number > 0 else None


def _sizes(pair: Pair) -> Geometry | None:
    return geometry(pair.case.args, pair.case.kwargs)


def offset(answers: Answers) -> str:
    """Every value is the right one and something more."""
    offset = one([_difference(pair) for pair in answers.wrong])
    if offset is None or not _telling(answers.wrong):
        return ""
    return answers.told(f"Every {answers.noun} {amount(offset)}.", lambda values: values + offset)


def _difference(pair: Pair) -> float | None:
    if pair.observed.shape != pair.expected.shape or not pair.expected.numel():
        return None
    offset = float((pair.observed - pair.expected).mean())
    small = abs(offset) <= 1e-3 * float(pair.expected.abs().max())
    return None if small or not alike(pair.observed, pair.expected + offset) else offset


def one_sided(answers: Answers) -> str:
    """Negative values are right but for their sign, or 0."""
    negative = sum(int((pair.expected < 0).sum()) for pair in answers.wrong)
    changes: tuple[tuple[Callable[[torch.Tensor], torch.Tensor], str], ...] = (
        (torch.relu, "What should be negative comes out as 0: does something start at 0, or is there a ReLU?"),
        (torch.abs, "What should be negative comes out positive: is an absolute value taken?"),
    )
    for change, sentence in changes:
        if negative >= 2 and all(alike(pair.observed, change(pair.expected)) for pair in answers.wrong):
            return answers.told(sentence, change)
    return ""


def whole(answers: Answers) -> str:
    """Only whole numbers came, the right ones without their fractions."""
    fractions = [pair.expected[(pair.expected - pair.expected.round()).abs() > 1e-3] for pair in answers.wrong]
    if sum(each.numel() for each in fractions) < 4:
        return ""
    ways = ((torch.trunc, "cut"), (torch.floor, "cut"), (torch.round, "rounded"))
    for change, done in ways:
        if all(_whole_by(change, pair) for pair in answers.wrong):
            sentence = f"The result is {done} to whole numbers: is an integer dtype used on the way?"
            return answers.told(sentence, change)
    return ""


def _whole_by(change: Callable[[torch.Tensor], torch.Tensor], pair: Pair) -> bool:
    if pair.observed.shape != pair.expected.shape:
        return False
    # A value next to a whole number, or next to a half, may have been cut or rounded either way.
    margin = 1e-4 * (1 + pair.expected.abs())
    low, high = change(pair.expected - margin), change(pair.expected + margin)
    return bool(((pair.observed == low) | (pair.observed == high)).all())


def precision(answers: Answers) -> str:
    """The first digits are right and the others are not."""
    wrong = answers.wrong
    if len(wrong) < 2 or any(pair.observed.shape != pair.expected.shape for pair in wrong):
        return ""
    if all(alike(pair.observed, pair.expected, 3e-2, 1e-1) and _is_half(pair.observed) for pair in wrong) and not all(
        _is_half(pair.expected) for pair in wrong
    ):
        return "The result is computed in half precision (float16 or bfloat16), which is too coarse: use float32."
    if all(alike(pair.observed, pair.expected, 2e-2, 2e-2) for pair in wrong):
        return "Your values are right to about 2 digits only: is something computed in half precision, or rounded?"
    return ""


def _is_half(values: torch.Tensor) -> bool:
    return any(torch.equal(values.to(dtype).to(values.dtype), values) for dtype in (torch.float16, torch.bfloat16))
