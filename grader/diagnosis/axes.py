"""How the axes of wrong answers differ from the right ones: transposed, reshaped, shifted, one of size 1 too many."""

from __future__ import annotations

from functools import partial
from itertools import permutations

import torch

from grader.diagnosis.answers import Answers, Pair
from grader.diagnosis.closeness import alike


def arrangement(answers: Answers) -> str:
    """The values are right, or may be, and stand in another arrangement."""
    if not answers.wrong or any(isinstance(pair.case.expected, list | tuple) for pair in answers.wrong):
        return ""
    return _size_one(answers) or _permuted(answers) or _reshaped(answers)


def _size_one(answers: Answers) -> str:
    """The shapes differ by axes of size 1 only."""
    differences = set()
    for pair in answers.wrong:
        mine, theirs = tuple(pair.observed.shape), tuple(pair.expected.shape)
        if [n for n in mine if n != 1] != [n for n in theirs if n != 1]:
            return ""
        differences.add(len(mine) - len(theirs))
    if len(differences) != 1 or (difference := differences.pop()) == 0:
        return ""
    count = abs(difference)
    axes = "one axis" if count == 1 else f"{_COUNTS.get(count, count)} axes"
    right = "; its values are right" if _values_right(answers) else ""
    return f"Your output has {axes} of size 1 too {'many' if difference > 0 else 'few'}{right}."


_COUNTS = {2: "two", 3: "three", 4: "four"}


def _values_right(answers: Answers) -> bool:
    return all(alike(pair.observed.flatten(), pair.expected.flatten()) for pair in answers.wrong)


def _permuted(answers: Answers) -> str:
    dims = {pair.expected.dim() for pair in answers.wrong} | {pair.observed.dim() for pair in answers.wrong}
    if len(dims) != 1 or not 2 <= (dim := dims.pop()) <= 4:
        return ""
    if not any(len(pair.expected.unique()) > 1 for pair in answers.wrong):
        return ""
    for order in list(permutations(range(dim)))[1:]:
        if all(alike(pair.observed, pair.expected.permute(order)) for pair in answers.wrong):
            if order == (*range(dim - 2), dim - 1, dim - 2):
                sentence = "Your output is transposed: its rows are the columns that are asked for."
            else:
                axes = ", ".join(str(order.index(n)) for n in range(dim))
                sentence = f"The values are right, but the axes are in another order: permute({axes}) puts them right."
            return answers.told(sentence, partial(_reordered, order))
    return ""


def _reordered(order: tuple[int, ...], values: torch.Tensor) -> torch.Tensor:
    return values.permute(order) if values.dim() == len(order) else values


def _reshaped(answers: Answers) -> str:
    if any(pair.observed.shape == pair.expected.shape for pair in answers.wrong) or not _values_right(answers):
        return ""
    return "The values are right and in the right order; only the shape of the output is wrong."


def shifted(answers: Answers) -> str:
    """Every value stands next to its place."""
    if any(pair.expected.dim() < 2 or pair.observed.shape != pair.expected.shape for pair in answers.wrong):
        return ""
    for rows, columns in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)):
        seen = [_overlap(pair, rows, columns) for pair in answers.wrong]
        if None not in seen and sum(each or 0 for each in seen) >= 2:
            return answers.told(f"Your output is shifted by {_shift(rows, columns)}.")
    return ""


def _overlap(pair: Pair, rows: int, columns: int) -> int | None:
    """1 where the values are right but for the shift, 0 where it leaves nothing to compare, None where they are not."""
    mine = _moved(_moved(pair.observed, rows, -2), columns, -1)
    theirs = _moved(_moved(pair.expected, -rows, -2), -columns, -1)
    if not alike(mine, theirs):
        return None
    still = _moved(_moved(pair.expected, rows, -2), columns, -1)
    return int(mine.numel() >= 2 and not alike(mine, still))


def _moved(values: torch.Tensor, by: int, axis: int) -> torch.Tensor:
    """The values without the first `by` along an axis; the last ones where it is negative."""
    length = values.shape[axis] - abs(by)
    return values.narrow(axis, min(max(by, 0), values.shape[axis]), max(length, 0))


def _shift(rows: int, columns: int) -> str:
    row = f"one row {'down' if rows > 0 else 'up'}" if rows else ""
    column = f"one column to the {'right' if columns > 0 else 'left'}" if columns else ""
    return " and ".join(part for part in (row, column) if part)
