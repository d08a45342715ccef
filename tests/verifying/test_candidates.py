"""Right and wrong answers as sessions in our own process."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest
import torch
from torch import nn

from grader.kernel.inside.answering import ProbeTimeout
from grader.probes import Missing, Observation, Opaque, Probe, Returned, Session, TimedOut
from grader.verifying import candidates
from grader.verifying.candidates import FABRICATIONS, Defined, Fabricated, Memoised, Watched, module_of
from tests.fakes import FakeReference, calling, item

CALL = item("returns_close", "f")


def only(session: Session, probe: Probe) -> Observation:
    (observation,) = session.ask([probe])
    return observation


# ---- code ------------------------------------------------------------------------------------------------------------


def test_names_are_asked_like_those_of_a_notebook() -> None:
    session = Defined({"f": lambda x: x * 2}, [CALL])

    assert [version.kind for version in session.versions("f")] == ["definition"]
    assert only(session, Probe("call", "f", (3,))) == Returned(6)
    assert only(session, Probe("call", "f@0", (3,))) == Returned(6)


def test_what_is_not_there_is_missing() -> None:
    session = Defined({}, [CALL])

    assert session.versions("f") == []
    assert isinstance(only(session, Probe("call", "f")), Missing)


def test_several_names_are_one_target() -> None:
    session = Defined({"X": 1, "K": 2}, [])

    assert [version.kind for version in session.versions("X, K")] == ["value"]
    assert only(session, Probe("evaluate", "X, K", options={"expression": "X + K"})) == Returned(3)


def test_layers_that_an_item_looks_for_are_versions_of_its_target() -> None:
    looking = item("some_version_returns", "pool2d", layers="LAYERS", inputs="i", cases=1)
    session = Defined({"pool2d": lambda X: X, "LAYERS": (nn.MaxPool2d(2), nn.MaxPool2d(3))}, [looking])

    assert [version.kind for version in session.versions("pool2d")] == ["definition", "library", "library"]
    pooled = only(session, Probe("call", "pool2d@2", (torch.ones(1, 6, 6),)))
    assert isinstance(pooled, Returned) and pooled.value.shape == (1, 2, 2)


def test_an_endless_loop_runs_out_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless() -> None:
        while True:
            pass

    monkeypatch.setattr(candidates, "_LIMIT_S", 0.2)

    assert only(Defined({"f": endless}, [CALL]), Probe("call", "f")) == TimedOut(0.2)


def test_time_that_others_take_on_a_busy_machine_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def starved() -> int:
        time.sleep(0.3)
        return 4

    monkeypatch.setattr(candidates, "_LIMIT_S", 0.1)

    assert only(Defined({"f": starved}, [CALL]), Probe("call", "f")) == Returned(4)


def test_what_waits_for_ever_is_ended_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "_LIMIT_S", 0.05)

    assert only(Defined({"f": threading.Event().wait}, [CALL]), Probe("call", "f")) == TimedOut(0.05)


def test_training_has_a_limit_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(probe: Probe, bench: object) -> Observation:
        while True:
            pass

    monkeypatch.setattr(candidates, "_TRAIN_S", 0.2)
    monkeypatch.setattr(candidates, "answer", endless)

    with pytest.raises(ProbeTimeout, match=r"0\.2"):
        only(Defined({"f": abs}, [CALL]), Probe("train", "f"))


def test_a_value_that_does_not_cross_the_boundary_is_only_its_type() -> None:
    assert only(Defined({"f": lambda: nn.Linear(1, 1)}, [CALL]), Probe("call", "f")) == Returned(Opaque("Linear"))


def test_a_text_becomes_a_module_of_its_package() -> None:
    module = module_of("from . import inputs\nfour = 2 + 2\n", "reference.hw2_cnn.solutions")

    assert module.four == 4
    assert module.inputs.__name__ == "reference.hw2_cnn.inputs"


# ---- no code ---------------------------------------------------------------------------------------------------------

IMAGE = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
REFERENCE = FakeReference(
    calling(lambda X: {"sum": X.sum(0), "shape": [[2], X[0]], "count": 4, "name": "x", "ok": True})
)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("zeros", [0.0, 0.0]),
        ("ones", [1.0, 1.0]),
        ("its mean", [3.0, 3.0]),
    ],
)
def test_numbers_are_replaced_and_everything_else_stays(name: str, values: list[float]) -> None:
    answered = only(Fabricated(REFERENCE, CALL, FABRICATIONS[name]), Probe("call", "f", (IMAGE,)))

    assert isinstance(answered, Returned)
    assert answered.value["sum"].tolist() == values
    assert answered.value["shape"][0] == [2] and answered.value["shape"][1].tolist() == values
    assert answered.value["count"] == values[0]
    assert answered.value["name"] == "x" and answered.value["ok"] is True


def test_the_input_comes_back_as_it_is() -> None:
    answered = only(Fabricated(REFERENCE, CALL, FABRICATIONS["the input"]), Probe("call", "f", (IMAGE,)))

    assert isinstance(answered, Returned) and torch.equal(answered.value["sum"], IMAGE)


def test_nothing_is_a_number() -> None:
    answered = only(Fabricated(REFERENCE, CALL, FABRICATIONS["NaN"]), Probe("call", "f", (IMAGE,)))

    assert isinstance(answered, Returned) and bool(answered.value["sum"].isnan().all())


def test_a_made_up_network_has_no_layers() -> None:
    reference = FakeReference({("shapes", "f"): Returned({"layers": [["Linear", [1, 2]]], "output": [1, 2]})})

    answered = only(Fabricated(reference, CALL, FABRICATIONS["zeros"]), Probe("shapes", "f"))

    assert answered == Returned({"layers": [], "modules": [], "output": [1, 2]})


def test_answers_by_shape_do_not_look_at_values() -> None:
    first, other = Probe("call", "f", (IMAGE,)), Probe("call", "f", (IMAGE + 1,))
    wider = Probe("call", "f", (torch.ones(2, 3),))

    memoised = Memoised(FakeReference(calling(lambda X: X.sum())), [first])

    assert only(memoised, other) == only(memoised, first) != Missing("f")
    assert only(memoised, wider) == Missing("f")


def test_what_a_reference_is_asked_is_kept_but_for_its_source() -> None:
    watched = Watched(FakeReference(calling(lambda: 1)))
    asked: Sequence[Probe] = [Probe("call", "f"), Probe("calls", "f")]

    assert list(watched.ask(asked)) == [Returned(1), Missing("f")]
    assert watched.probes == asked[:1]
