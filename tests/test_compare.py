"""Comparing two values, with torch.testing and numpy.testing as second opinions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.compare import compare
from grader.probes import Layer, Opaque, Value
from grader.records import Mismatch

FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


def found(observed: Value, expected: Value, rtol: float | None = None, atol: float | None = None) -> Mismatch:
    mismatch = compare(observed, expected, rtol=rtol, atol=atol)
    assert mismatch is not None
    return mismatch


def agrees(check: Any, *args: Any, **kwargs: Any) -> bool:
    """Whether an assertion of another library holds."""
    try:
        check(*args, **kwargs)
    except AssertionError:
        return False
    return True


# ---- second opinions -------------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    shape=st.lists(st.integers(0, 4), max_size=3),
    error=st.sampled_from([0.0, 1e-9, 1e-6, 1e-5, 1e-4, 1e-3, 1.0]),
    rtol=st.sampled_from([0.0, 1e-7, 1e-5, 1e-3]),
    atol=st.sampled_from([0.0, 1e-8, 1e-6, 1e-4]),
    scale=st.sampled_from([1e-3, 1.0, 1e4]),
)
def test_given_tolerances_decide_as_in_torch_and_numpy(
    seed: int, shape: list[int], error: float, rtol: float, atol: float, scale: float
) -> None:
    generator = torch.Generator().manual_seed(seed)
    expected = scale * torch.randn(shape, generator=generator, dtype=torch.float64)
    observed = expected + error * scale * torch.randn(shape, generator=generator, dtype=torch.float64)

    close = compare(observed, expected, rtol=rtol, atol=atol) is None

    assert close == agrees(torch.testing.assert_close, observed, expected, rtol=rtol, atol=atol)
    assert close == agrees(np.testing.assert_allclose, observed.numpy(), expected.numpy(), rtol=rtol, atol=atol)


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    error=st.sampled_from([0.0, 1e-12, 1e-8, 1e-4, 1e-2]),
    mine=st.sampled_from(FLOATS),
    theirs=st.sampled_from(FLOATS),
)
def test_what_torch_finds_close_with_its_own_tolerances_is_close(
    seed: int, error: float, mine: torch.dtype, theirs: torch.dtype
) -> None:
    generator = torch.Generator().manual_seed(seed)
    expected = torch.randn(5, 3, generator=generator, dtype=torch.float64)
    observed = (expected * (1 + error)).to(mine)

    if agrees(torch.testing.assert_close, observed, expected.to(theirs), check_dtype=False):
        assert compare(observed, expected.to(theirs)) is None


# ---- what is no mistake ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(torch.ones(2, dtype=torch.float32), torch.ones(2, dtype=torch.float64), id="float32-for-float64"),
        pytest.param(torch.ones(2, dtype=torch.int64), torch.ones(2), id="int-for-float"),
        pytest.param(torch.tensor([True, False]), torch.tensor([1.0, 0.0]), id="bool-for-float"),
        pytest.param(torch.tensor([1 + 0j]), torch.tensor([1.0]), id="complex-without-imaginary-part"),
        pytest.param(3, torch.tensor(3.0), id="int-for-scalar-tensor"),
        pytest.param(3.0, torch.tensor(3), id="float-for-scalar-tensor"),
        pytest.param(torch.tensor(3.0), 3, id="scalar-tensor-for-int"),
        pytest.param(torch.tensor([3.0]), torch.tensor(3.0), id="one-element-for-scalar-tensor"),
        pytest.param(torch.tensor([[3.0]]), 3, id="one-element-for-int"),
        pytest.param(3, 3.0, id="int-for-float-number"),
        pytest.param(True, torch.tensor(1.0), id="bool-for-scalar-tensor"),
        pytest.param((1, 2), [1, 2], id="tuple-for-list"),
        pytest.param([torch.ones(1)], (torch.ones(1),), id="list-for-tuple"),
        pytest.param({"a": 1, "b": 2}, {"a": 1}, id="one-name-more"),
        pytest.param(torch.zeros(0, 3), torch.zeros(0, 3), id="no-elements"),
        pytest.param(torch.tensor([math.nan, math.inf]), torch.tensor([math.nan, math.inf]), id="nan-where-nan-is-due"),
        pytest.param("max", "max", id="texts"),
        pytest.param(None, None, id="nothing"),
        pytest.param(True, True, id="bools"),
        pytest.param(10**60, 1e60, id="a-huge-int"),
    ],
)
def test_these_are_equal(observed: Value, expected: Value) -> None:
    assert compare(observed, expected) is None


def test_rounding_through_float32_is_no_mistake() -> None:
    expected = torch.randn(50, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    assert compare(expected.float(), expected) is None


@pytest.mark.parametrize(
    ("dtype", "within", "beyond"),
    [
        (torch.float16, 5e-3, 2e-2),
        (torch.bfloat16, 1e-2, 3e-2),
        (torch.float32, 5e-5, 5e-4),
        (torch.float64, 5e-6, 5e-5),
    ],
    ids=str,
)
@pytest.mark.parametrize("coarse_side", ["observed", "expected"])
def test_the_coarser_dtype_sets_the_tolerance(
    dtype: torch.dtype, within: float, beyond: float, coarse_side: str
) -> None:
    exact = torch.ones(4, dtype=torch.float64)

    def verdict(error: float) -> Mismatch | None:
        off = exact * (1 + error)
        if coarse_side == "observed":
            return compare(off.to(dtype), exact)
        return compare(off, exact.to(dtype))

    assert verdict(within) is None
    assert verdict(beyond) is not None


def test_cancellation_beside_large_values_is_no_mistake() -> None:
    expected = torch.tensor([1e4, 0.0])

    assert compare(torch.tensor([1e4, 1e-2]), expected) is None
    assert compare(torch.tensor([1.0, 1e-2]), torch.tensor([1.0, 0.0])) is not None


# ---- what is one -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("observed", "expected", "kind", "message"),
    [
        pytest.param(torch.zeros(3, 2), torch.zeros(2, 3), "shape", "Expected shape (2, 3), got (3, 2).", id="shape"),
        pytest.param(
            torch.zeros(1, 2), torch.zeros(2), "shape", "Expected shape (2,), got (1, 2).", id="an-axis-too-many"
        ),
        pytest.param(
            torch.zeros(2), torch.tensor(0.0), "shape", "Expected shape (), got (2,).", id="two-for-one-number"
        ),
        pytest.param(torch.tensor(0.0), torch.zeros(1), "shape", "Expected shape (1,), got ().", id="an-axis-too-few"),
        pytest.param(5.0, torch.ones(1), "shape", "Expected shape (1,), got ().", id="number-for-one-element"),
        pytest.param(
            [torch.zeros(2)] * 3,
            torch.zeros(3, 2),
            "type",
            "Expected one tensor, got a list of 3 tensors.",
            id="unstacked",
        ),
        pytest.param(
            [torch.zeros(2), torch.zeros(3)],
            torch.zeros(2, 2),
            "type",
            "Expected one tensor, got a list of 2 tensors.",
            id="list-of-unequal-tensors",
        ),
        pytest.param(
            [[1.0, 2.0]], torch.zeros(1, 2), "type", "Expected a tensor of shape (1, 2), got a list.", id="nested-list"
        ),
        pytest.param(
            None,
            torch.zeros(2),
            "type",
            "Expected a tensor of shape (2,), got None (is a `return` missing?).",
            id="none",
        ),
        pytest.param(
            Opaque("Sequential"),
            torch.zeros(2),
            "type",
            "Expected a tensor of shape (2,), got an object of type Sequential.",
            id="opaque",
        ),
        pytest.param(
            Opaque("TheSecretIs7"),
            torch.zeros(2),
            "type",
            "Expected a tensor of shape (2,), got an object of another type.",
            id="opaque-with-a-name-of-the-students",
        ),
        pytest.param(
            Opaque("TooLarge"),
            torch.zeros(2),
            "type",
            "Expected a tensor of shape (2,), got more than can be compared.",
            id="too-large",
        ),
        pytest.param(
            Layer("Conv2d", {}), torch.zeros(2), "type", "Expected a tensor of shape (2,), got a Layer.", id="layer"
        ),
        pytest.param("two", torch.zeros(2), "type", "Expected a tensor of shape (2,), got a string.", id="text"),
        pytest.param(
            torch.zeros(2), [1, 2], "type", "Expected 2 values, got a tensor of shape (2,).", id="tensor-for-list"
        ),
        pytest.param([1], [1, 2], "length", "Expected 2 values, got 1.", id="shorter"),
        pytest.param([1, 2, 3], [1, 2], "length", "Expected 2 values, got 3.", id="longer"),
        pytest.param([1], {"a": 1}, "type", "Expected named values, got a list.", id="list-for-names"),
        pytest.param({"b": 1}, {"a": 1}, "length", "`a` is missing.", id="name-missing"),
        pytest.param(1, True, "value", "Expected True, got a number.", id="one-for-true"),
        pytest.param("avg", "max", "value", "Expected 'max', got a string.", id="text-for-text"),
        pytest.param(
            torch.tensor([1.0, math.nan]), torch.ones(2), "finite", "The value at index (1,) is not a number.", id="nan"
        ),
        pytest.param(
            torch.tensor([[-math.inf]]),
            torch.ones(1, 1),
            "finite",
            "The value at index (0, 0) is infinite.",
            id="infinity",
        ),
    ],
)
def test_these_differ_and_the_sentence_says_how(observed: Value, expected: Value, kind: str, message: str) -> None:
    mismatch = found(observed, expected)

    assert (mismatch.kind, mismatch.message) == (kind, message)


def test_a_wrong_value_is_counted_measured_and_placed() -> None:
    expected = torch.arange(40.0).reshape(5, 8)
    observed = expected.clone()
    observed[2, 7] += 0.5
    observed[4, 0] -= 0.25
    observed[0, 1] = 1.5

    mismatch = found(observed, expected, rtol=0.0, atol=1e-3)

    assert mismatch.message == (
        "3 of 40 elements differ; the greatest difference is 0.5 at index (0, 1); 0.001 is allowed."
    )
    assert (mismatch.kind, mismatch.greatest, mismatch.at, mismatch.allowed) == ("value", 0.5, (0, 1), 1e-3)


def test_a_wrong_number_is_one_element_at_no_index() -> None:
    mismatch = found(2.5, torch.tensor(2.0), rtol=0.0, atol=0.1)

    assert mismatch.message == "1 of 1 element differs; the greatest difference is 0.5; 0.1 is allowed."


def test_the_greatest_difference_is_one_that_counts() -> None:
    expected = torch.tensor([1000.0, 1.0])
    observed = torch.tensor([1000.05, 1.02])  # the first is close, though further off than the second

    mismatch = found(observed, expected)

    assert mismatch.at == (1,)
    assert mismatch.greatest == pytest.approx(0.02, rel=1e-4)
    assert mismatch.allowed == pytest.approx(1e-5 * 1000 + 1e-4)


def test_the_place_of_a_difference_is_written_as_python_would() -> None:
    expected = {"eval": [torch.zeros(1), {"weight": torch.zeros(2)}]}
    observed = {"eval": [torch.zeros(1), {"weight": torch.ones(2)}]}

    assert found(observed, expected).path == "['eval'][1]['weight']"


def test_tolerances_reach_nested_values() -> None:
    expected, observed = {"a": [torch.zeros(1)]}, {"a": [torch.full((1,), 0.5)]}

    assert compare(observed, expected, rtol=0.0, atol=1.0) is None
    assert compare(observed, expected, rtol=0.0, atol=0.1) is not None


def test_an_imaginary_part_counts() -> None:
    assert compare(torch.tensor([1 + 1j]), torch.tensor([1.0])) is not None
    assert compare(torch.tensor([1.0]), torch.tensor([1 + 1j])) is not None
    assert compare(torch.tensor([1 + 1j]), torch.tensor([1 + 1j])) is None


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param([math.inf, 5.0], [math.inf, 1.0], id="wrong-beside-an-infinity"),
        pytest.param([math.nan, 5.0], [math.nan, 1.0], id="wrong-beside-a-nan"),
        pytest.param([1.0], [math.nan], id="number-for-nan"),
        pytest.param([math.nan, 1.0], [math.inf, 1.0], id="nan-for-infinity"),
        pytest.param([-math.inf], [math.inf], id="the-other-infinity"),
        pytest.param([1.0], [math.inf], id="number-for-infinity"),
    ],
)
def test_values_that_are_not_finite_are_compared_too(observed: list[float], expected: list[float]) -> None:
    mismatch = found(torch.tensor(observed), torch.tensor(expected))

    assert mismatch.kind == "value"
    assert mismatch.message.startswith("1 of ")


def test_an_infinite_difference_is_placed() -> None:
    mismatch = found(torch.tensor([1.0, 7.0, 3.0]), torch.tensor([1.0, math.inf, 2.0]))

    assert (mismatch.greatest, mismatch.at) == (math.inf, (1,))


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from(FLOATS),
    st.sampled_from(["zeros", "ones", "mean", "nan", "negated", "flipped"]),
)
def test_a_lazy_answer_never_passes(seed: int, dtype: torch.dtype, answer: str) -> None:
    expected = torch.randn(4, 5, generator=torch.Generator().manual_seed(seed)).to(dtype)
    lazy = {
        "zeros": torch.zeros_like(expected),
        "ones": torch.ones_like(expected),
        "mean": expected.mean().expand(4, 5),
        "nan": torch.full_like(expected, math.nan),
        "negated": -expected,
        "flipped": expected.flip(0, 1),
    }

    assert compare(lazy[answer], expected) is not None


def test_a_reference_that_gives_no_value_is_our_mistake() -> None:
    with pytest.raises(TypeError, match="Opaque"):
        compare(torch.zeros(1), Opaque("Sequential"))


def test_float64_that_went_through_float32_is_close() -> None:
    expected = torch.randn(50, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    assert compare(expected.float().double(), expected) is None
    assert compare(expected.half().double(), expected) is not None


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        (torch.tensor([7, 3]), torch.tensor([7, 4])),
        (torch.tensor([1_000_001]), torch.tensor([1_000_000])),
        (torch.tensor([True]), torch.tensor([False])),
        (torch.tensor([1 + 2.001j], dtype=torch.complex128), torch.tensor([1 + 2j], dtype=torch.complex128)),
        (torch.tensor([1 + 2.001j], dtype=torch.complex64), torch.tensor([1 + 2j], dtype=torch.complex64)),
    ],
)
def test_whole_numbers_are_exact_and_complex_ones_nearly(observed: torch.Tensor, expected: torch.Tensor) -> None:
    found = compare(observed, expected)

    assert found is not None and found.kind == "value"
