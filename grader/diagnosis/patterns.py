"""Which kinds of input are answered rightly and which are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import torch

from grader.diagnosis.closeness import MAX_ELEMENTS
from grader.diagnosis.sizes import geometry
from grader.probes import Value

Judged: TypeAlias = tuple[tuple[Value, ...], Mapping[str, Value], bool]  # args, kwargs, whether the answer is right
_Trait: TypeAlias = Callable[[tuple[Value, ...], Mapping[str, Value]], bool]


def pattern(cases: Sequence[Judged]) -> str:
    """The sentence about a trait of the input that all right cases have and no wrong one, two of each at least."""
    right = [(args, kwargs) for args, kwargs, is_right in cases if is_right]
    wrong = [(args, kwargs) for args, kwargs, is_right in cases if not is_right]
    if len(right) < 2 or len(wrong) < 2:
        return ""
    for trait, sentence in _TRAITS:
        if all(trait(*each) for each in right) and not any(trait(*each) for each in wrong):
            return sentence
    return ""


def _square_kernel(args: tuple[Value, ...], kwargs: Mapping[str, Value]) -> bool:
    sizes = geometry(args, kwargs)
    return sizes is not None and sizes.kernel[0] == sizes.kernel[1]


def _square_image(args: tuple[Value, ...], kwargs: Mapping[str, Value]) -> bool:
    images = [value for value in [*args, *kwargs.values()] if isinstance(value, torch.Tensor) and value.dim() >= 2]
    return bool(images) and images[0].shape[-2] == images[0].shape[-1]


def _square(args: tuple[Value, ...], kwargs: Mapping[str, Value]) -> bool:
    return _square_kernel(args, kwargs) and _square_image(args, kwargs)


def _not_negative(args: tuple[Value, ...], kwargs: Mapping[str, Value]) -> bool:
    tensors = [value for value in [*args, *kwargs.values()] if isinstance(value, torch.Tensor)]
    small = all(tensor.numel() <= MAX_ELEMENTS and not tensor.is_complex() for tensor in tensors)
    return bool(tensors) and small and not any(bool((tensor < 0).any()) for tensor in tensors)


_TRAITS: tuple[tuple[_Trait, str], ...] = (
    (
        _square_kernel,
        "It is right where the kernel or window is square and wrong everywhere else: its first side is the height, "
        "its second one the width.",
    ),
    (
        _square_image,
        "It is right where the image is square and wrong everywhere else: its rows and columns are counted apart.",
    ),
    (
        _square,
        "It is right where the image and the kernel or window are square and wrong everywhere else: are height and "
        "width mixed up?",
    ),
    (
        _not_negative,
        "It is right where no input is negative and wrong everywhere else: does something start at 0, or lose a sign?",
    ),
)
