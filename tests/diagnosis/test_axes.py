"""How the axes of wrong answers differ: each sentence with answers it is true of, and near misses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from reference.hw2_cnn.solutions import corr2d, corr2d_multi_in_out
from tests.diagnosis.wrong import Function, asked, drawn, negative_in, of_corr2d, of_multi

WHERE = "Where your answers are wrong, "


@pytest.mark.parametrize(
    ("of", "wrong", "sentence"),
    [
        (
            of_corr2d,
            lambda X, K: corr2d(X, K).t(),
            "Your output is transposed: its rows are the columns that are asked for.",
        ),
        (
            of_multi,
            lambda X, K: corr2d_multi_in_out(X, K).mT,
            "Your output is transposed: its rows are the columns that are asked for.",
        ),
        (
            of_multi,
            lambda X, K: corr2d_multi_in_out(X, K).permute(1, 2, 0),
            "The values are right, but the axes are in another order: permute(2, 0, 1) puts them right.",
        ),
        (
            of_corr2d,
            lambda X, K: corr2d(X, K)[None, None],
            "Your output has two axes of size 1 too many; its values are right.",
        ),
        (of_corr2d, lambda X, K: corr2d(X, K)[None] + 1 + X.mean(), "Your output has one axis of size 1 too many."),
        (
            of_corr2d,
            lambda X, K: corr2d(X, K).flatten(),
            "The values are right and in the right order; only the shape of the output is wrong.",
        ),
        (of_corr2d, lambda X, K: torch.roll(corr2d(X, K), 1, 0), WHERE + "your output is shifted by one row down."),
        (
            of_corr2d,
            lambda X, K: torch.roll(corr2d(X, K), -1, 1),
            WHERE + "your output is shifted by one column to the left.",
        ),
    ],
    ids=["transposed", "transposed-images", "permuted", "two-axes", "one-axis", "flat", "row-down", "column-left"],
)
def test_where_the_values_have_gone_is_told(of: Callable[[Function], str], wrong: Function, sentence: str) -> None:
    assert of(wrong) == sentence


@pytest.mark.parametrize(
    ("wrong", "not_told"),
    [
        (lambda X, K: corr2d(X, K).t() + X.mean(), "transposed"),
        (lambda X, K: corr2d(X, K).t() if negative_in(K) else corr2d(X, K) + X.mean(), "transposed"),
        (lambda X, K: corr2d(X, K)[None] if negative_in(K) else corr2d(X, K)[None, None], "size 1"),
        (lambda X, K: corr2d(X, K)[None] + 1 + X.mean(), "values are right"),
        (lambda X, K: corr2d(X, K).t().flatten(), "in the right order"),
        (lambda X, K: torch.roll(corr2d(X, K), 2, 0), "shifted"),
        (lambda X, K: torch.roll(corr2d(X, K), 1 if negative_in(K) else -1, 0), "shifted"),
    ],
    ids=[
        "other-values",
        "sometimes",
        "one-or-two-axes",
        "one-axis-and-values",
        "flat-columns",
        "two-rows",
        "up-or-down",
    ],
)
def test_where_they_have_not_gone_there_it_is_not_told(wrong: Function, not_told: str) -> None:
    assert not_told not in of_corr2d(wrong)


def test_what_looks_the_same_when_shifted_is_not_called_shifted() -> None:
    def last_row_wrong(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
        Y = corr2d(X, K).clone()
        Y[-1] += torch.arange(Y.shape[1])
        return Y

    even = [(torch.ones(size, 4), torch.ones(2, 2)) for size in (3, 5)]

    assert asked(corr2d, last_row_wrong, even) == ""


def test_permuting_as_told_puts_the_axes_right() -> None:
    Y = torch.randn(2, 3, 4, generator=drawn())

    assert torch.equal(Y.permute(1, 2, 0).permute(2, 0, 1), Y)
