"""What torch and Python really say is understood, and nothing else is taken over from a message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from grader.checks.asking import sentence
from grader.diagnosis import about_arguments, explain_exception
from grader.probes import Raised


def _message(do: Callable[[], Any]) -> str:
    with pytest.raises(Exception) as raised:
        do()
    return str(raised.value)


def _add_into(one: torch.Tensor, other: torch.Tensor) -> None:
    one += other


def _used_before() -> None:
    print(later)  # type: ignore[has-type, used-before-def]  # noqa: F821
    later = 1  # noqa: F841


LEAF = torch.ones(2, requires_grad=True)


@pytest.mark.parametrize(
    ("do", "told"),
    [
        (lambda: _add_into(torch.ones(2, 6, 3, 3), torch.ones(2, 6, 6, 6)), "have sizes 3 and 6 in dimension 3."),
        (lambda: _add_into(torch.ones(1, 3), torch.ones(2, 3)), "shape (1, 3) is to take in place what has the shape (2, 3)."),
        (lambda: nn.Linear(784, 10)(torch.ones(1, 1568)), "(1, 1568) and (784, 10) cannot be multiplied: 1568 and 784"),
        (lambda: torch.ones(5, 6).reshape(1, 1, 8, 8), "30 elements do not fit into the shape (1, 1, 8, 8)."),
        (lambda: torch.ones(5).reshape(-1, 784), "5 elements do not fit into the shape (-1, 784)."),
        (lambda: nn.Conv2d(3, 6, 3)(torch.ones(1, 1, 8, 8)), "A convolution made for 3 input channels is given 1."),
        (lambda: nn.BatchNorm2d(4)(torch.ones(2, 3, 2, 2)), "A batch normalisation made for 4 channels is given 3."),
        (lambda: torch.ones(2, 3)[2], "An index lies outside dimension 0, which has size 2."),
        (lambda: torch.stack([torch.ones(2), torch.ones(3)]), "Tensors of shapes (2) and (3) cannot be stacked."),
        (lambda: _add_into(LEAF, torch.ones(2)), "It changes in place a tensor that it was given"),
        (lambda: _add_into(LEAF[:1], torch.ones(1)), "It changes in place a tensor that it was given"),
        (lambda: LEAF.numpy(), "NumPy knows no gradients"),
        (lambda: torch.ones(1).backward(), "depends on nothing that needs a gradient"),
        (lambda: torch.ones(2, 2) @ torch.ones(2, 2).double(), "Tensors of different dtypes meet."),
        (lambda: torch.ones(1).shap, "An object of type `Tensor` has no attribute `shap`."),  # type: ignore[attr-defined]
        (_used_before, "The variable `later` is used before it has a value."),
        (lambda: undefined, "The name `undefined` has no meaning where it is used."),  # type: ignore[name-defined]  # noqa: F821
        (lambda: int("x"), ""),
    ],
)  # fmt: skip
def test_what_is_really_said_is_understood(do: Callable[[], Any], told: str) -> None:
    line = "x = undefined.shap + later"

    assert told in explain_exception(_message(do), line)


def test_a_tensor_that_backward_needs_is_understood() -> None:
    squared = LEAF.exp()
    result = squared.sum()
    squared += 1

    told = explain_exception(_message(lambda: result.backward()))

    assert told == "A tensor that the backward pass still needs is changed in place: compute a new tensor instead."


@pytest.mark.parametrize(
    "message",
    [
        "the answer is 5",
        "name 'secret_3141592' is not defined",  # not in the line: it may be made of what the function was given
        "'secret' object has no attribute 'shape'",
        "shape '[123456789]' is invalid for input of size 3",
    ],
)
def test_what_a_student_puts_into_a_message_is_not_told(message: str) -> None:
    assert explain_exception(message, "raise NameError(text) if X.shape else X") == ""


def test_the_sentence_names_line_and_reason() -> None:
    observed = Raised("RuntimeError", "Y += X", _message(lambda: _add_into(torch.ones(1, 4), torch.ones(1, 5))))

    assert sentence(observed, "Residual") == (
        "`Residual` raised RuntimeError at `Y += X`. Two tensors that are combined have sizes 4 and 5 in dimension 1."
    )


def test_only_a_call_that_does_not_fit_is_told_as_one() -> None:
    def called(f: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
        return sentence(Raised("TypeError", "", _message(lambda: f(*args, **kwargs))), "f")

    fits = "`f` raised TypeError before its first line ran"

    assert called(lambda x: x).startswith(fits)
    assert called(lambda x: x, 1, 2).startswith(fits)
    assert called(lambda x: x, 1, mode="avg").startswith(fits)
    assert called(lambda size: torch.zeros(size), 0.5) == "`f` raised TypeError."
    assert about_arguments("")
