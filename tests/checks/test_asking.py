"""What checks share: why answers are wrong, and shares of the points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch

from grader.checks.asking import ask_both, failed, judge_all, partly, shares
from grader.errors import RubricError
from grader.probes import Observation, Opaque, Probe, Raised, Returned, TimedOut
from grader.records import Finding, Outcome
from tests.fakes import FakeReference, FakeSession, calling, item

ITEM = item("returns_close", "f")
PROBES = [Probe("call", "f", (torch.arange(4.0) + n,)) for n in range(3)]


def judged(
    student: Callable[[Probe], Observation],
    misconceptions: Mapping[str, Callable[[Probe], Observation]] | None = None,
) -> Finding:
    """What is found about a function that should give its argument plus 3."""
    reference = FakeReference(calling(lambda X: X + 3), misconceptions=misconceptions)
    return judge_all(ask_both(FakeSession(student), reference, PROBES), len(PROBES), ITEM, reference=reference)


def test_what_wrong_answers_have_in_common_is_told_first() -> None:
    finding = judged(calling(lambda X: X + 5))

    assert finding.outcome is Outcome.FAILED
    assert finding.message.startswith("Every value is 2 too large. 3 of 3 cases are wrong. The first: 4 of 4 elements")


def test_a_misconception_goes_before_what_the_numbers_say() -> None:
    finding = judged(calling(lambda X: X + 5), {"Five is too much.": calling(lambda X: X + 5)})

    assert finding.message.startswith("Five is too much. 3 of 3 cases are wrong. The first: ")


def test_without_a_reference_the_numbers_are_explained() -> None:
    answers = ask_both(FakeSession(calling(lambda X: 2 * X + 6)), FakeReference(calling(lambda X: X + 3)), PROBES)

    assert judge_all(answers, 3, ITEM).message.startswith("Every value is 2 times too large. 3 of 3 cases are wrong.")


def test_what_came_instead_of_a_tensor_is_said_once() -> None:
    assert judged(calling(lambda X: None)).message == (
        "Your function gives None: is a `return` missing? 3 of 3 cases are wrong."
    )


def test_what_came_instead_of_a_tensor_is_said_where_nothing_explains_it() -> None:
    assert judged(lambda probe: Returned(Opaque("Module"))).message == (
        "3 of 3 cases are wrong. The first: Expected a tensor of shape (4,), got an object of type Module."
    )


def test_a_hang_is_not_explained() -> None:
    def hangs_last(probe: Probe) -> Observation:
        return TimedOut(10.0) if probe is PROBES[1] else Returned(probe.args[0] + 5)

    assert judged(hangs_last).message.startswith("2 of 3 cases are wrong. The first: ")


@pytest.mark.parametrize(
    ("message", "named"), [("expected 4 axes", True), ("index out of range", False)], ids=["same", "other"]
)
def test_an_exception_alone_names_a_misconception_by_its_message(message: str, named: bool) -> None:
    finding = judged(
        lambda probe: Raised("RuntimeError", message=message),
        {"The layer wants 4 axes.": lambda probe: Raised("RuntimeError", message="expected 4 axes")},
    )

    assert finding.message.startswith("The layer wants 4 axes.") is named


def test_an_exception_of_the_same_type_will_do_where_values_agree() -> None:
    def raising(message: str) -> Callable[[Probe], Observation]:
        return lambda probe: Raised("ValueError", message=message) if probe is PROBES[0] else Returned(probe.args[0])

    assert judged(raising("a"), {"It raises first.": raising("b")}).message.startswith("It raises first.")


@pytest.mark.parametrize(
    ("message", "told"),
    [("sizes 3 and 6", "The second."), ("sizes 6 and 3", "The second."), ("sizes 2 and 3", "")],
    ids=["same-message", "other-way-round", "neither"],
)
def test_of_several_that_raise_in_the_same_cases_the_message_decides(message: str, told: str) -> None:
    def raising(message: str) -> Callable[[Probe], Observation]:
        return lambda probe: Raised("ValueError", message=message) if probe is PROBES[0] else Returned(probe.args[0])

    finding = judged(
        raising(message), {"The first.": raising("sizes 1 and 6"), "The second.": raising("sizes 3 and 6")}
    )

    assert finding.message.startswith(f"{told} 3 of 3 cases are wrong.".strip())


# ---- shares ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("credit", [None, {}])
def test_no_shares_are_no_mistake(credit: Mapping[str, float] | None) -> None:
    assert shares(credit, ("shape",), ITEM) == {}


def test_shares_have_four_digits() -> None:
    assert shares({"shape": 1 / 3, "forward": 0.5}, ("forward", "shape"), ITEM) == {"shape": 0.3333, "forward": 0.5}


@pytest.mark.parametrize(
    ("credit", "message"),
    [
        ({"shapes": 0.5}, r"credit: 'shapes' is none of forward, shape$"),
        ({"shape": 0}, r"credit: shape: 0 is no number between 0 and 1$"),
        ({"shape": 1.0}, r"credit: shape: 1.0 is no number between 0 and 1$"),
        ({"shape": 0.00001}, r"credit: shape: 1e-05 is no number between 0 and 1$"),
        ({"shape": float("nan")}, r"credit: shape: nan is no number between 0 and 1$"),
        ({"shape": True}, r"credit: shape: True is no number between 0 and 1$"),
        ({"shape": None}, r"credit: shape: None is no number between 0 and 1$"),
        (0.5, r"credit: expected shares by name, such as {forward: 0.5}$"),
    ],
    ids=["unknown", "nothing", "everything", "next-to-nothing", "nan", "true", "none", "number"],
)
def test_a_share_that_is_none_is_told_with_its_place(credit: Any, message: str) -> None:
    with pytest.raises(RubricError, match=r"^rubric.yaml: the-item: " + message):
        shares(credit, ("forward", "shape"), ITEM)


def test_a_share_says_what_it_is_for() -> None:
    finding = partly(failed("2 of 3 cases are wrong."), 0.125, "The shapes are right")

    assert (finding.outcome, finding.credit) == (Outcome.PARTIAL, 0.125)
    assert finding.message == "2 of 3 cases are wrong. The shapes are right, which earns 12.5 % of the points."
