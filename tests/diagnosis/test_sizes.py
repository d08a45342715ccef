"""Formulas of wrong sizes, and the kinds of input that are answered wrongly."""

from __future__ import annotations

import pytest
import torch

from grader.diagnosis import explain
from grader.probes import Layer, Returned
from reference.hw2_cnn.solutions import corr2d
from tests.diagnosis.wrong import IMAGES, Function, asked, average, case, negative_in, of_corr2d, of_pooling

MEANING = "(h and w: height and width of the image; kh and kw: of the kernel)."


def rows_by_columns(rows: Function, columns: Function) -> Function:
    """A function whose output has sizes made by the two formulas."""
    return lambda X, K: torch.full((rows(*X.shape, *K.shape), columns(*X.shape, *K.shape)), 7.0)


@pytest.mark.parametrize(
    ("rows", "columns", "sentence"),
    [
        (
            lambda h, w, kh, kw: h - kh,
            lambda h, w, kh, kw: w - kw,
            "Your output has h - kh rows and w - kw columns, one too few; h - kh + 1 and w - kw + 1 are asked for ",
        ),
        (
            lambda h, w, kh, kw: h - kh,
            lambda h, w, kh, kw: w - kw + 1,
            "Your output has h - kh rows, one too few; h - kh + 1 are asked for ",
        ),
        (
            lambda h, w, kh, kw: h - kh + 1,
            lambda h, w, kh, kw: w - kw,
            "Your output has w - kw columns, one too few; w - kw + 1 are asked for ",
        ),
        (
            lambda h, w, kh, kw: h + kh - 1,
            lambda h, w, kh, kw: w + kw - 1,
            "Your output has h + kh - 1 rows and w + kw - 1 columns, as if the image were padded on every side; "
            "h - kh + 1 and w - kw + 1 are asked for ",
        ),
        (
            lambda h, w, kh, kw: h,
            lambda h, w, kh, kw: w,
            "Your output has h rows and w columns, as many as the image; h - kh + 1 and w - kw + 1 are asked for ",
        ),
        (
            lambda h, w, kh, kw: h // kh,
            lambda h, w, kh, kw: w // kw,
            "Your output has h // kh rows and w // kw columns, as if the kernel moved in steps of its own size; "
            "h - kh + 1 and w - kw + 1 are asked for ",
        ),
        (
            lambda h, w, kh, kw: h - kw + 1,
            lambda h, w, kh, kw: w - kh + 1,
            "Your output has h - kw + 1 rows and w - kh + 1 columns, as if height and width of the kernel were "
            "swapped; h - kh + 1 and w - kw + 1 are asked for ",
        ),
        (
            lambda h, w, kh, kw: h,
            lambda h, w, kh, kw: w - kw,
            "Your output has h rows and w - kw columns; h - kh + 1 and w - kw + 1 are asked for ",
        ),
    ],
    ids=["one-less", "rows", "columns", "full", "same", "steps", "swapped", "two-formulas"],
)
def test_the_formula_of_a_wrong_size_is_told(rows: Function, columns: Function, sentence: str) -> None:
    assert of_corr2d(rows_by_columns(rows, columns)) == sentence + MEANING


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        (lambda h, w, kh, kw: h * w, lambda h, w, kh, kw: w - kw + 1),
        (lambda h, w, kh, kw: h - kh + (h % 2), lambda h, w, kh, kw: w - kw + 1),
        (lambda h, w, kh, kw: h - kh if h < 9 else -1, lambda h, w, kh, kw: w - kw),
    ],
    ids=["unknown", "two-formulas", "raises-sometimes"],
)
def test_a_size_without_a_formula_is_not_explained(rows: Function, columns: Function) -> None:
    assert of_corr2d(rows_by_columns(rows, columns)) == ""


def test_two_formulas_that_fit_are_none() -> None:
    two_by_two = [(X, K) for X, K in IMAGES if K.shape == (2, 2)]

    assert len(two_by_two) == 2
    assert asked(corr2d, lambda X, K: torch.full((len(X) - 2, X.shape[1] - 1), 7.0), two_by_two) == ""


def test_one_case_makes_no_formula() -> None:
    wrong = rows_by_columns(lambda h, w, kh, kw: h - kh, lambda h, w, kh, kw: w - kw + 1)
    large = [(X, K) for X, K in IMAGES if K.shape == (5, 3)]

    assert asked(corr2d, wrong, large) == ""
    assert asked(corr2d, wrong, [*large, *large]) == ""
    assert asked(corr2d, wrong, [*large, IMAGES[0]]) != ""


def test_the_sizes_of_a_window_have_their_own_letters() -> None:
    sentence = of_pooling(lambda X, size: torch.full((len(X) - size[0], X.shape[1] - size[1]), 7.0))

    assert "h - ph rows and w - pw columns" in sentence
    assert sentence.endswith("(h and w: height and width of the image; ph and pw: of the window).")


def test_sizes_that_a_layer_decides_are_not_guessed() -> None:
    cases = [
        case((Layer("Conv2d", {}), X), Returned(torch.ones(X.shape)), corr2d(X, torch.ones(1, 1))) for X, _ in IMAGES
    ]

    assert explain(cases) == ""


# ---- kinds of input --------------------------------------------------------------------------------------------------


def test_right_for_square_windows_only() -> None:
    def wrong(X: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        return average(X, size) + (0 if size[0] == size[1] else X.sum())

    assert of_pooling(wrong).startswith("It is right where the kernel or window is square and wrong everywhere else")


def test_right_for_square_images_only() -> None:
    def wrong(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
        return corr2d(X, K) + (0 if X.shape[0] == X.shape[1] else X.sum())

    assert of_corr2d(wrong).startswith("It is right where the image is square and wrong everywhere else")


def test_right_where_nothing_is_negative() -> None:
    def wrong(X: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        return average(X, size) + (X.sum() if negative_in(X) else 0)

    assert of_pooling(wrong).startswith("It is right where no input is negative and wrong everywhere else")


@pytest.mark.parametrize("exception", [(4, 5), (3, 3)], ids=["right-one-that-is-not", "wrong-one-that-is"])
def test_one_exception_is_enough_to_say_nothing(exception: tuple[int, int]) -> None:
    def wrong(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
        is_right = (X.shape[0] == X.shape[1]) != (X.shape == exception)
        return corr2d(X, K) + (0 if is_right else X.sum())

    assert of_corr2d(wrong) == ""
