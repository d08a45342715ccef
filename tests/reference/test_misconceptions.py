"""Every named misconception is wrong where its target is asked, and speaks to the student in one sentence."""

from __future__ import annotations

import pytest

from reference.hw2_cnn.misconceptions import MISCONCEPTIONS
from tests.reference.asking import ASKED, Target, answers, same, sentence, solution

EVERY = [(target, version) for target, versions in MISCONCEPTIONS.items() for version in versions]
every_misconception = pytest.mark.parametrize(
    ("target", "version"), EVERY, ids=[version.__name__ for _, version in EVERY]
)


@every_misconception
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
    assert version.__doc__ != solution(target).__doc__


def test_the_sentences_of_one_target_are_all_different() -> None:
    for versions in MISCONCEPTIONS.values():
        assert len({sentence(version) for version in versions}) == len(versions)


def test_every_definition_of_the_rubric_has_misconceptions() -> None:
    assert set(MISCONCEPTIONS) == {item["target"] for item in ASKED}
