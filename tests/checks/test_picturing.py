"""Public examples of wrong answers: small, asked before hidden cases, never telling one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from grader.answer_key import AnswerKey
from grader.checks import picturing
from grader.checks.asking import Answer
from grader.checks.picturing import Previewed, examples, picture
from grader.checks.returns_close import returns_close
from grader.judging import AtVersion
from grader.probes import PUBLIC, Died, Missing, Observation, Probe, Raised, Returned, TimedOut, Version
from grader.recording import RecordedSession, Recorder
from tests.fakes import FakeSession, defining, item

ROOT = Path(__file__).parents[2]
CORR2D = item("returns_close", "corr2d", id="corr2d-values", inputs="corr2d_inputs")


@pytest.fixture(scope="module")
def key() -> AnswerKey:
    return AnswerKey(ROOT, "hw2_cnn", secret=b"of these tests")


def correlated(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    return F.conv2d(X[None, None], K[None, None].to(X))[0, 0]


def flipped(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    return correlated(X, K.flip(0, 1))


def drawn(target: Callable[..., object], key: AnswerKey) -> dict[str, Any]:
    found: dict[str, Any] = picture(FakeSession(defining(target)), key, CORR2D, "corr2d_inputs")["picture"]
    return found


def test_a_wrong_answer_is_drawn_beside_the_right_one_and_what_went_in(key: AnswerKey) -> None:
    found = drawn(flipped, key)

    X, K = (torch.tensor(each) for each in found["inputs"])
    torch.testing.assert_close(torch.tensor(found["expected"]), correlated(X, K))
    torch.testing.assert_close(torch.tensor(found["got"]), flipped(X, K))
    assert torch.equal(torch.tensor(found["wrong"]), correlated(X, K) != flipped(X, K))


def test_the_window_is_what_the_first_wrong_value_is_computed_from(key: AnswerKey) -> None:
    def wrong_at_the_end(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
        Y = correlated(X, K)
        Y[-1, -1] += 1
        return Y

    found = drawn(wrong_at_the_end, key)

    rows, columns = len(found["expected"]), len(found["expected"][0])
    height, width = len(found["inputs"][1]), len(found["inputs"][1][0])
    assert found["window"] == [rows - 1, columns - 1, height, width]


def test_only_what_leaves_an_output_of_its_size_is_called_a_kernel(key: AnswerKey) -> None:
    queries, keys = torch.randn(4, 2), torch.randn(3, 2)
    scores = Answer(Probe("call", "scores", (queries, keys)), Returned(queries @ keys.T), queries @ keys.T / 2)

    assert drawn(flipped, key)["kind"] == "kernel"
    assert "kind" not in picturing._drawn(scores) and picturing._drawn(scores)["inputs"]


def test_an_answer_of_another_size_is_drawn_without_a_difference(key: AnswerKey) -> None:
    found = drawn(lambda X, K: X, key)

    assert len(found["got"]) > len(found["expected"])
    assert "wrong" not in found


def test_what_is_no_number_is_drawn_as_none(key: AnswerKey) -> None:
    found = drawn(lambda X, K: correlated(X, K) * float("nan"), key)

    assert {value for row in found["got"] for value in row} == {None}


@pytest.mark.parametrize(
    "answer", [Raised("ValueError"), Returned("text"), Returned(torch.zeros(900, 900)), Missing("corr2d")]
)
def test_what_cannot_be_drawn_makes_no_picture(answer: Observation, key: AnswerKey) -> None:
    assert picture(FakeSession(lambda probe: answer), key, CORR2D, "corr2d_inputs") == {}


def test_examples_are_of_the_public_seed_whatever_the_secret(key: AnswerKey) -> None:
    public = AnswerKey(ROOT, "hw2_cnn")

    shown = examples(key, CORR2D, "corr2d_inputs")

    assert [probe.seed for probe in shown] == [public.seed("corr2d-values", number) for number in (0, 1, 2)]
    assert {probe.seed for probe in shown}.isdisjoint(key.seed("corr2d-values", number) for number in range(20))
    assert all(probe.options == {PUBLIC: True} for probe in shown)


def test_right_code_is_asked_for_no_picture(key: AnswerKey) -> None:
    student = FakeSession(defining(correlated))

    finding = returns_close(student, key, CORR2D, inputs="corr2d_inputs", cases=6)

    assert finding.credit == 1
    assert not any(PUBLIC in probe.options for probe in student.asked)


# ---- before hidden cases ---------------------------------------------------------------------------------------------


def defined(answers: Callable[[Probe], Observation]) -> FakeSession:
    return FakeSession(answers, {"corr2d": [Version(3, "definition")]})


def test_a_function_that_remembers_hidden_inputs_cannot_show_them(key: AnswerKey) -> None:
    remembered: list[torch.Tensor] = []

    def spy(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
        remembered.append(X)
        return torch.full_like(correlated(X, K), float(remembered[-2].flatten()[0]) if len(remembered) > 2 else 77.0)

    student = Previewed(defined(defining(spy)))
    student.preview(key, CORR2D)

    finding = returns_close(AtVersion(student, "corr2d", 0), key, CORR2D, inputs="corr2d_inputs", cases=20)

    assert len(remembered) > 20
    assert {value for row in finding.evidence["picture"]["got"] for value in row} == {77.0}


def test_what_was_not_asked_beforehand_is_not_asked_later(key: AnswerKey) -> None:
    session = defined(defining(flipped))
    student = Previewed(session)

    assert picture(student, key, CORR2D, "corr2d_inputs") == {}
    assert session.asked == []


def test_with_a_helper_that_stands_in_there_is_no_picture(key: AnswerKey) -> None:
    student = Previewed(defined(defining(flipped)))
    student.preview(key, CORR2D)
    (probe, *_) = [replace(each, target="corr2d@0") for each in examples(key, CORR2D, "corr2d_inputs")]

    found = list(student.ask([probe, replace(probe, stand_ins={"helper": "def helper(): ..."})]))

    assert [type(each) for each in found] == [Returned, Missing]


@pytest.mark.parametrize("end", [TimedOut(10.0), Died("it crashed")])
def test_after_a_function_that_hangs_or_dies_nobody_is_asked_for_pictures(end: Observation, key: AnswerKey) -> None:
    session = defined(lambda probe: end)
    student = Previewed(session)

    student.preview(key, CORR2D)
    student.preview(key, CORR2D)

    assert len(session.asked) == 1


def test_a_recording_without_pictures_can_be_judged(key: AnswerKey) -> None:
    recorded = Recorder(defined(defining(flipped)))
    probes = examples(key, CORR2D, "corr2d_inputs")
    list(recorded.ask([replace(probe, options={}) for probe in probes]))

    assert picture(RecordedSession.load(recorded.dump()), key, CORR2D, "corr2d_inputs") == {}
