"""Every named misconception is wrong where its target is asked, and speaks to the student in one sentence."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
import torch
from torch import nn

from reference.hw2_cnn import misconceived_values, solutions
from reference.hw2_cnn.misconceptions import MISCONCEPTIONS, VALUES
from tests.reference.asking import ASKED, EVERY, ITEMS, Target, answers, same, sentence, solution

every_misconception = pytest.mark.parametrize(
    ("target", "version"), EVERY, ids=[version.__name__ for _, version in EVERY]
)
DEFINITIONS = [(target, version) for target, version in EVERY if target not in VALUES]


@pytest.mark.parametrize(("target", "version"), DEFINITIONS, ids=[version.__name__ for _, version in DEFINITIONS])
def test_a_misconception_differs_from_the_right_answer_in_an_item_of_its_target(target: str, version: Target) -> None:
    items = [item for item in ASKED if item["target"] == target]

    differing = [
        (item["id"], case)
        for item in items
        for case, (wrong, right) in enumerate(zip(answers(item, version), answers(item, solution(target)), strict=True))
        if not same(wrong, right)
    ]

    assert differing


@every_misconception
def test_a_misconception_is_told_in_one_line(target: str, version: Target) -> None:
    told = sentence(version)

    assert told.endswith(".") and "\n" not in told and 40 < len(told) < 140


@pytest.mark.parametrize(("target", "version"), DEFINITIONS, ids=[version.__name__ for _, version in DEFINITIONS])
def test_a_misconception_does_not_inherit_its_sentence(target: str, version: Target) -> None:
    assert version.__doc__ != solution(target).__doc__


@pytest.mark.parametrize("target", MISCONCEPTIONS)
def test_no_sentence_of_a_target_begins_another(target: str) -> None:
    told = [sentence(version) for version in MISCONCEPTIONS[target]]

    assert not [(one, other) for one, other in permutations(told, 2) if one.startswith(other)]


def test_everything_the_rubric_asks_about_has_misconceptions() -> None:
    asked = {item.get("options", {}).get("layers", item["target"]) for item in ITEMS if item["check"] != "answered"}

    assert set(MISCONCEPTIONS) == asked
    assert min(map(len, MISCONCEPTIONS.values())) >= 3


# ---- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", sorted(VALUES))
def test_a_misconceived_value_binds_names_of_its_target(target: str) -> None:
    for version in MISCONCEPTIONS[target]:
        assert version() and set(version()) <= set(target.split(", "))


@pytest.mark.parametrize(
    ("edges", "led_to"),
    [
        (lambda Y: -Y, misconceived_values.weight_reversed),
        (torch.zeros_like, misconceived_values.weight_zero),
        (torch.abs, misconceived_values.weight_of_sizes),
    ],
    ids=["reversed", "zero", "sizes"],
)
def test_training_on_wrong_edges_leads_to_the_misconceived_weight(edges: Any, led_to: Target) -> None:
    Y = edges(solutions.corr2d(solutions.X, solutions.K))

    weights = [trained(Y, seed) for seed in range(50)]

    assert max(float((weight - led_to()["conv2d"]).abs().max()) for weight in weights) < 0.1


def trained(Y: torch.Tensor, seed: int) -> torch.Tensor:
    """The weight after the recipe of 7.2.4."""
    torch.manual_seed(seed)
    layer = nn.Conv2d(1, 1, kernel_size=(1, 2), bias=False)
    for _ in range(10):
        loss = ((layer(solutions.X[None, None]) - Y[None, None]) ** 2).sum()
        layer.zero_grad()
        loss.backward()
        assert layer.weight.grad is not None
        layer.weight.data -= 3e-2 * layer.weight.grad
    return layer.weight.detach()
