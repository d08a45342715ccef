"""Gradients are explained together, and whatever comes is explained without a fault."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.diagnosis import Case, explain
from grader.diagnosis.closeness import numbers
from grader.probes import Observation, Opaque, Raised, Returned, TimedOut
from reference.hw2_cnn.solutions import corr2d
from tests.diagnosis.wrong import IMAGES, Function, case, of_corr2d


def of_gradients(wrong: Function, number: int = 6) -> str:
    """What is told about gradients that `wrong` makes of the right ones."""
    gradients = [(args, [2 * args[0], 3 * args[1] + 1]) for args in IMAGES[:number]]
    return explain([case(args, Returned(wrong(*grads)), grads) for args, grads in gradients], gradients=True)


@pytest.mark.parametrize(
    ("wrong", "reached"),
    [
        (lambda a, b: [None, None], "arguments"),
        (lambda a, b: [None, b], "first argument"),
        (lambda a, b: [a, None], "second argument"),
        (lambda a, b: [a, 0 * b], "second argument"),
    ],
    ids=["both", "first", "second", "zeros"],
)
def test_arguments_that_no_gradient_reaches_are_named(wrong: Function, reached: str) -> None:
    assert of_gradients(wrong).startswith(f"No gradient reaches the {reached}: is something built from plain numbers")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda a, b: [3 * a, 3 * b], "Every gradient is 3 times too large."),
        (lambda a, b: [3 * a, 2 * b], ""),
        (lambda a, b: [a, None] if len(a) == 4 else [None, b], ""),
        (lambda a, b: [a], ""),
        (lambda a, b: None, ""),
    ],
    ids=["factor", "two-factors", "either", "one", "none"],
)
def test_gradients_are_explained_together(wrong: Function, sentence: str) -> None:
    assert of_gradients(wrong) == sentence


# ---- whatever comes --------------------------------------------------------------------------------------------------

TENSORS = st.builds(
    lambda shape, fill, dtype: torch.full(shape, 1, dtype=dtype) * torch.tensor(fill).to(dtype),
    st.lists(st.integers(0, 3), max_size=5),
    st.sampled_from([0.0, 1.0, -2.5, 1e30, float("nan"), float("inf")]),
    st.sampled_from([torch.float64, torch.float32, torch.bfloat16, torch.int64, torch.bool, torch.complex64]),
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | TENSORS | st.just(Opaque("X")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)
OBSERVED = ANYTHING.map(Returned) | st.sampled_from([Raised("ValueError"), TimedOut(1.0)])


@settings(max_examples=300, deadline=None)
@given(st.lists(OBSERVED, min_size=1, max_size=4), st.booleans(), st.booleans())
def test_whatever_came_is_explained_without_a_fault(observed: list[Observation], lists: bool, gradients: bool) -> None:
    cases = [
        Case(args, {}, each, [corr2d(*args), args[0]] if lists else corr2d(*args), n % 3 == 2)
        for n, (each, args) in enumerate(zip(observed, IMAGES, strict=False))
    ]

    assert isinstance(explain(cases, gradients=gradients), str)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(ANYTHING, TENSORS | st.lists(TENSORS, max_size=2)), min_size=1, max_size=4))
def test_whatever_was_expected_is_explained_without_a_fault(pairs: list[tuple[Any, Any]]) -> None:
    args = (torch.ones(3, 3), torch.ones(2, 2))

    assert isinstance(explain([Case(args, {}, Returned(mine), theirs, False) for mine, theirs in pairs]), str)


def test_what_is_too_large_is_not_explained() -> None:
    huge = torch.ones(1).expand(1000, 1000)

    assert explain([Case((), {}, Returned(4 * huge), huge, False)] * 3) == ""


def test_right_answers_need_no_explanation() -> None:
    assert of_corr2d(corr2d) == ""


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, "1", 1 << 60, [1.0], Opaque("X"), torch.tensor(1j), torch.tensor([1.0, float("nan")])),
        *(torch.tensor(float("inf")), torch.ones(1).expand(1000, 1000), torch.ones(2, 2).to_sparse()),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_is_no_finite_number_is_not_measured(value: object) -> None:
    assert numbers(value) is None


@pytest.mark.parametrize("value", [2, 2.0, torch.tensor(2), torch.tensor(2.0, dtype=torch.bfloat16)], ids=repr)
def test_numbers_of_every_kind_are_measured(value: object) -> None:
    assert numbers(value) == torch.tensor(2.0, dtype=torch.float64)
