"""How the values of wrong answers differ: each sentence with answers it is true of, and near misses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from reference.hw2_cnn.solutions import corr2d, corr2d_multi_in
from tests.diagnosis.wrong import IMAGES, Function, asked, average, negative_in, of_corr2d, of_first_kernel, of_pooling

WHERE = "Where your answers are wrong, "


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda X, K: None, "Your function gives None: is a `return` missing?"),
        (
            lambda X, K: None if negative_in(K) else corr2d(X, K),
            "Your function gives None in some cases: does one of its branches lack a `return`?",
        ),
        (
            lambda X, K: corr2d(X, K).tolist(),
            "Your function gives a list where one tensor is asked for: torch.stack or torch.tensor makes one of it.",
        ),
        (lambda X, K: 0 * corr2d(X, K), "Every value is 0: is the output made, but never filled?"),
        (lambda X, K: 4 * corr2d(X, K), "Every value is 4 times too large."),
        (lambda X, K: corr2d(X, K) / 9, "Every value is 9 times too small."),
        (lambda X, K: -corr2d(X, K), "Every value has the wrong sign."),
        (lambda X, K: -2 * corr2d(X, K), "Every value has the wrong sign and is 2 times too large."),
        (lambda X, K: corr2d(X, K) * 3.7, "Every value is too large by one and the same factor."),
        (
            lambda X, K: corr2d(X, K) * (2 if negative_in(K) else 1),
            WHERE + "every value is 2 times too large.",
        ),
        (lambda X, K: corr2d(X, K) * K.shape[0], "Every value is too large: the factor is the height of the kernel."),
        (
            lambda X, K: corr2d(X, K) / K.numel(),
            "Every value is too small, as if it were divided by the number of elements of the kernel.",
        ),
        (lambda X, K: corr2d(X, K) - 0.5, "Every value is 0.5 too small."),
        (lambda X, K: corr2d(X, K) + 0.12345, "Every value is too large by one and the same amount."),
        (
            lambda X, K: corr2d(X, K).relu(),
            "What should be negative comes out as 0: does something start at 0, or is there a ReLU?",
        ),
        (
            lambda X, K: corr2d(X, K).abs(),
            "What should be negative comes out positive: is an absolute value taken?",
        ),
        (
            lambda X, K: corr2d(X, K).long(),
            "The result is cut to whole numbers: is an integer dtype used on the way?",
        ),
        (
            lambda X, K: corr2d(X, K).floor(),
            "The result is cut to whole numbers: is an integer dtype used on the way?",
        ),
        (
            lambda X, K: corr2d(X, K).round(),
            "The result is rounded to whole numbers: is an integer dtype used on the way?",
        ),
        (
            lambda X, K: corr2d(X.bfloat16(), K.bfloat16()).float(),
            "The result is computed in half precision (float16 or bfloat16), which is too coarse: use float32.",
        ),
        (
            lambda X, K: corr2d(X.half().float(), K.half().float()) * 1.001,
            "Your values are right to about 2 digits only: is something computed in half precision, or rounded?",
        ),
    ],
    ids=[
        *("none", "none-sometimes", "list", "zero", "four-times", "ninth", "sign", "sign-and-factor", "odd-factor"),
        *("factor-sometimes", "height", "mean", "offset", "odd-offset", "relu", "abs", "long", "floor", "round"),
        *("bfloat16", "two-digits"),
    ],
)  # fmt: skip
def test_what_the_values_have_in_common_is_told(wrong: Function, sentence: str) -> None:
    assert of_corr2d(wrong) == sentence


@pytest.mark.parametrize(
    "wrong",
    [
        lambda X, K: None if negative_in(K) else corr2d(X, K) + 1,
        lambda X, K: corr2d(X, K).tolist() if negative_in(K) else corr2d(X, K) + 1,
        lambda X, K: corr2d(X, K) * 0 if negative_in(K) else corr2d(X, K) + 1,
        lambda X, K: corr2d(X, K) * (4 if negative_in(K) else 3),
        lambda X, K: corr2d(X, K) * (4 if K.shape == (1, 1) else K.numel()),
        lambda X, K: corr2d(X, K) * (K.shape[0] if negative_in(K) else 1),
        lambda X, K: corr2d(X, K) + (0.5 if negative_in(K) else 0.6),
        lambda X, K: corr2d(X, K) * 2 + 0.5,
        lambda X, K: corr2d(X, K).relu() + 0.01 * (corr2d(X, K) < 0),
        lambda X, K: corr2d(X, K).long() + 1,
        lambda X, K: corr2d(X, K) * 1.05 + 0.01 * X.mean(),
        lambda X, K: corr2d(X, K) + torch.linspace(1, 3, corr2d(X, K).numel()).reshape(corr2d(X, K).shape),
        lambda X, K: torch.full_like(corr2d(X, K), float("nan")),
    ],
    ids=[
        *("none-or-wrong", "list-or-wrong", "zero-or-wrong", "two-factors", "factor-and-size", "size-sometimes", "two-offsets"),
        *("factor-and-offset", "leaky", "whole-but-others", "five-per-cent", "slope", "nan"),
    ],
)  # fmt: skip
def test_where_the_values_have_nothing_in_common_nothing_is_told(wrong: Function) -> None:
    assert of_corr2d(wrong) == ""


@pytest.mark.parametrize(
    ("of", "wrong", "sentence"),
    [
        (
            of_pooling,
            lambda X, size: average(X, size) * size[0] * size[1],
            "Every value is too large: the factor is the number of elements of the window.",
        ),
        (
            of_pooling,
            lambda X, size: average(X, size) / size[1],
            "Every value is too small, as if it were divided by the width of the window.",
        ),
        (
            of_first_kernel,
            lambda X, K: corr2d_multi_in(X, K) / len(X),
            "Every value is too small, as if it were divided by the number of input channels.",
        ),
        (
            of_first_kernel,
            lambda X, K: corr2d_multi_in(X, K) / K[0].numel(),
            "Every value is too small, as if it were divided by the number of elements of one channel of the kernel.",
        ),
    ],
    ids=["window", "width", "channels", "one-channel"],
)
def test_a_factor_is_recognised_as_the_size_of_something(
    of: Callable[[Function], str], wrong: Function, sentence: str
) -> None:
    assert of(wrong) == sentence


@pytest.mark.parametrize("number", [1, 2])
def test_a_constant_needs_two_cases(number: int) -> None:
    assert bool(asked(corr2d, lambda X, K: 4 * corr2d(X, K), IMAGES[:number])) is (number == 2)


def test_a_constant_that_might_be_a_hidden_value_is_not_told() -> None:
    hidden = float(IMAGES[2][0][0, 0])
    sentence = of_corr2d(lambda X, K: corr2d(X, K) * hidden)

    assert "by one and the same factor" in sentence
    assert not any(character.isdigit() for character in sentence)
