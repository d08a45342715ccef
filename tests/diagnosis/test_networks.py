"""What wrong answers of a network module have in common: each sentence with answers it is true of, and near misses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.diagnosis import ModuleCase, explain_module
from tests.diagnosis.test_functions import ANYTHING

Answer = dict[str, Any]


def expected(seed: int = 0) -> Answer:
    """The right answer of a module to the question `module`."""
    generator = torch.Generator().manual_seed(seed)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    return {
        "train.output": drawn(2, 5),
        "eval.output": drawn(2, 5),
        "train.input_changed": False,
        "eval.input_changed": False,
        "train.input_gradient": [drawn(2, 3)],
        "gradients": [([5, 3], drawn(15)), ([5], drawn(5)), ([5], drawn(5))],
        "unused": [[7]],
        "buffers": [([5], drawn(5))],
    }


def explained(*changes: Mapping[str, Any], right: Sequence[Answer] = (), start: int = 0) -> str:
    """What is told of wrong answers that differ from the expected ones by these changes."""
    wrong = [ModuleCase({**expected(n), **change}, expected(n), False) for n, change in enumerate(changes, start)]
    return explain_module([*wrong, *(ModuleCase(each, each, True) for each in right)])


def of_outputs(change: Any, number: int = 2) -> str:
    """What is told of outputs that were changed in both modes."""
    names = ("train.output", "eval.output")
    return explained(*({name: change(expected(n)[name]) for name in names} for n in range(number)))


def one_mode(mode: str, like: str) -> str:
    return explained(*({f"{mode}.output": expected(n)[f"{like}.output"]} for n in range(2)))


def test_statistics_of_the_batch_in_eval_mode_are_told() -> None:
    assert one_mode("eval", like="train").startswith("In eval mode, BatchNorm uses the statistics of the batch;")


def test_running_statistics_in_train_mode_are_told() -> None:
    assert one_mode("train", like="eval").startswith("In train mode, BatchNorm uses its running statistics;")


def test_statistics_are_told_where_the_other_mode_is_right_only() -> None:
    wrong_too = [{"eval.output": expected(n)["train.output"], "train.output": torch.ones(2, 5)} for n in range(2)]

    assert explained(*wrong_too) == ""


@pytest.mark.parametrize(("mode", "other"), [("train", "eval"), ("eval", "train")])
def test_one_wrong_mode_is_told(mode: str, other: str) -> None:
    changes = [{f"{mode}.output": expected(n)[f"{mode}.output"] + n + 1} for n in range(2)]

    told = f"The output is right in {other} mode and wrong in {mode} mode: look at what depends on the mode."
    assert explained(*changes) == told
    assert explained(changes[0]) == ""
    assert explained({"train.output": torch.ones(2, 5)}, {"eval.output": torch.ones(2, 5)}) == ""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (torch.relu, "The outputs are right but for a ReLU at the end, which is one too many."),
        (
            lambda values: values.softmax(dim=1),
            "The outputs are right but for a softmax at the end, which is one too many: return the plain scores.",
        ),
        (
            lambda values: values.log_softmax(dim=1),
            "The outputs are right but for a log-softmax at the end: return the plain scores.",
        ),
        (torch.sigmoid, "The outputs are right but for a sigmoid at the end, which is one too many."),
        (torch.tanh, "The outputs are right but for a tanh at the end, which is one too many."),
        (lambda values: 3 * values, "Every value of the output is 3 times too large."),
        (lambda values: -values, "Every value of the output has the wrong sign."),
        (lambda values: values.softmax(dim=0), ""),
        (lambda values: values.relu() + 0.1, ""),
        (lambda values: 3 * values + 1, ""),
    ],
    ids=["relu", "softmax", "log-softmax", "sigmoid", "tanh", "factor", "sign", "other-axis", "relu-and", "factor-and"],
)
def test_the_last_operation_is_told(change: Any, sentence: str) -> None:
    assert of_outputs(change) == sentence


def test_a_missing_relu_is_told() -> None:
    right = {name: value.relu() if "output" in name else value for name, value in expected().items()}
    wrong = expected()

    assert explain_module([ModuleCase(wrong, right, False)]) == (
        "The outputs are right but for their negative values: a ReLU is asked for at the end."
    )
    near = {**wrong, "eval.output": wrong["eval.output"] + 0.1}
    assert explain_module([ModuleCase(near, right, False)]) == ""
    other = {**right, "train.input_gradient": [torch.ones(2, 3)]}
    assert explain_module([ModuleCase(wrong, right, False), ModuleCase(other, right, False)]) == ""


def test_a_factor_needs_two_cases() -> None:
    assert of_outputs(lambda values: 3 * values, number=1) == ""


@pytest.mark.parametrize(
    ("gradient", "told"), [(None, True), (torch.zeros(2, 3), True), (torch.ones(2, 3), False), ("text", False)], ids=str
)
def test_an_input_without_gradient_is_told(gradient: Any, told: bool) -> None:
    sentence = (
        "The outputs are right, but no gradient reaches the input: is it cut off by .data, detach() or no_grad()?"
    )

    assert explained({"train.input_gradient": [gradient]}) == (sentence if told else "")


def test_a_parameter_without_gradient_is_told() -> None:
    cut = {"gradients": expected()["gradients"][1:], "unused": [[7], [5, 3]]}

    assert explained(cut, start=0) == (
        "The outputs are right, but a parameter of shape (5, 3) gets no gradient: is it cut off by .data, detach() "
        "or no_grad()?"
    )


def test_a_parameter_that_the_reference_does_not_use_either_is_not_told() -> None:
    assert explained({"buffers": []}) == ""
    assert explained({"unused": [[7], [9]], "buffers": []}) == ""


@pytest.mark.parametrize(
    ("left", "sentence"),
    [
        ([0, 1], "Your module has 1 parameter tensor of shape (5,); 2 are expected."),
        ([1, 2], "Your module has no parameter tensors of shape (5, 3); 1 is expected."),
        ([0, 1, 2], ""),
    ],
    ids=["fewer", "none", "all"],
)
def test_parameters_that_are_lacking_are_counted(left: list[int], sentence: str) -> None:
    rows = expected()["gradients"]

    assert explained({"gradients": [rows[n] for n in left], "eval.output": torch.ones(2, 5)}) == sentence


@pytest.mark.parametrize(
    ("shapes", "sentence"),
    [
        ([[8]], "Your module has 1 parameter tensor of shape (8,), where none is expected: is there a layer too many?"),
        ([[5]], "Your module has 3 parameter tensors of shape (5,), where 2 are expected: is there a layer too many?"),
        ([], ""),
    ],
    ids=["of its own", "one more", "none"],
)
def test_parameters_beyond_those_expected_are_counted(shapes: list[list[int]], sentence: str) -> None:
    rows = [*expected()["gradients"], *([shape, torch.ones(3)] for shape in shapes)]

    assert explained({"gradients": rows, "eval.output": torch.ones(2, 5)}) == sentence


def test_parameters_that_are_lacking_in_one_case_only_are_not_counted() -> None:
    outputs = {"eval.output": torch.ones(2, 5), "train.output": torch.ones(2, 5)}

    assert explained({**outputs, "gradients": []}, {**outputs, "gradients": []}) != ""
    assert explained({**outputs, "gradients": []}, outputs) == ""


def test_what_is_true_of_one_wrong_case_only_is_not_told() -> None:
    softmax = {name: expected()[name].softmax(dim=1) for name in ("train.output", "eval.output")}
    other = {name: torch.ones(2, 5) for name in ("train.output", "eval.output")}

    assert explained(softmax) != ""
    assert explained(softmax, other) == ""
    assert explained(softmax, right=[expected(1)]) == explained(softmax)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        ANYTHING | st.dictionaries(st.sampled_from(sorted(expected())), ANYTHING | st.lists(st.lists(ANYTHING))),
        min_size=1,
        max_size=3,
    )
)
def test_whatever_came_is_explained_without_a_fault(observed: list[Any]) -> None:
    bare = [ModuleCase(each, expected(), False) for each in observed]
    filled = [
        ModuleCase({**expected(), **each} if isinstance(each, dict) else each, expected(), False) for each in observed
    ]

    assert isinstance(explain_module(bare), str)
    assert isinstance(explain_module(filled), str)
