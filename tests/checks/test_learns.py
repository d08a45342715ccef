"""A network learns a data set: credit by test accuracy, measured outside the sandbox."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import torch

from grader import datasets
from grader.checks.learns import learns
from grader.errors import DataMissing, RubricError
from grader.probes import Died, Missing, Observation, Raised, Returned, TimedOut
from grader.records import Finding, Outcome
from tests.fakes import FakeReference, FakeSession, item

ITEM = item("learns", "LeNet", id="lenet-accuracy")
QUICK = {"steps": 150, "batch": 128, "lr": 0.003, "size": 28, "train": 12800, "test": 100, "none": 0.25, "full": 0.45}
LABELS = np.arange(100) % 10
TRAINED = Returned({"losses": [2.3, 1.25, 0.5], "parameters": 61706})


@pytest.fixture(autouse=True)
def asked_for(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """A hundred held-out images; which ones were asked for."""
    asked: list[tuple[str, int]] = []

    def split(name: str, count: int) -> datasets.TestSplit:
        asked.append((name, count))
        return datasets.TestSplit(np.zeros((100, 28, 28), np.uint8), LABELS.astype(np.int64))

    monkeypatch.setattr(datasets, "held_out", lambda name, count, seed: split(name, count))
    return asked


def reached(right: int, **otherwise: object) -> Returned:
    """What is measured of a network that takes this many of the hundred images for what they are."""
    confusion = [
        [right // 10 + (label < right % 10) if label == said else 0 for said in range(10)] for label in range(10)
    ]
    return Returned(
        {"accuracy": right / 100, "images": 100, "confusion": confusion, "by": "weights", "carried": [], **otherwise}
    )


def session(trained: Observation = TRAINED, measured: Observation | None = None) -> FakeSession:
    answers = {("train", "LeNet"): trained, ("measured", "LeNet"): measured or reached(90)}
    return FakeSession({("trained", "LeNet"): Returned({"steps": 0}), **answers})


def check(trained: Observation = TRAINED, measured: Observation | None = None, **options: Any) -> Finding:
    profiles = {"quick": QUICK, "full": {**QUICK, "steps": 4690}}
    return learns(session(trained, measured), FakeReference(), ITEM, data="fashion_mnist", profiles=profiles, **options)


@pytest.mark.parametrize(
    ("right", "outcome", "credit"),
    [
        (100, Outcome.PASSED, 1.0),
        (46, Outcome.PASSED, 1.0),
        (45, Outcome.PASSED, 1.0),
        (44, Outcome.PARTIAL, 0.95),
        (35, Outcome.PARTIAL, 0.5),
        (26, Outcome.PARTIAL, 0.05),
        (25, Outcome.FAILED, 0.0),
        (10, Outcome.FAILED, 0.0),
        (0, Outcome.FAILED, 0.0),
    ],
)
def test_credit_rises_linearly_between_two_accuracies(right: int, outcome: Outcome, credit: float) -> None:
    finding = check(measured=reached(right))

    assert finding.outcome is outcome
    assert finding.credit == pytest.approx(credit)


def test_the_accuracy_is_told_with_its_error_and_what_full_credit_takes() -> None:
    assert check(measured=reached(90)).message == (
        "Test accuracy 0.900 ± 0.030 on 100 images after 150 steps; full credit from 0.45."
    )
    assert check(measured=reached(9)).message.endswith(
        "full credit from 0.45. This is the median of three trainings: 0.090, 0.090, 0.090. Nothing was learned up to 0.25."
    )


def test_a_credit_that_rounds_to_all_or_nothing_is_all_or_nothing() -> None:
    wide = {"quick": {**QUICK, "none": 0.5 - 1e-6, "full": 1.0}}
    narrow = {"quick": {**QUICK, "none": 0.0, "full": 0.5 + 1e-6}}

    little, nearly_all = (
        learns(session(measured=reached(50)), FakeReference(), ITEM, data="fashion_mnist", profiles=profiles)
        for profiles in (wide, narrow)
    )

    assert (little.outcome, little.credit) == (Outcome.FAILED, 0.0)
    assert (nearly_all.outcome, nearly_all.credit) == (Outcome.PASSED, 1.0)


def test_what_the_feedback_shows_is_kept_as_evidence() -> None:
    evidence = check(device="cuda").evidence

    assert evidence == {
        "accuracy": 0.9,
        "accuracies": [0.9],
        "confusion": [[9 if label == said else 0 for said in range(10)] for label in range(10)],
        "measured_by": "weights",
        "doubts": [],
        "steps": 150,
        "losses": [2.3, 1.25, 0.5],
        "curve": [],
        "stopped": "",
        "seed": 1000,
        "seeds": [1000],
        "data": "fashion_mnist",
        "recipe": QUICK,
        "device": "cuda",
        "profile": "quick",
    }


def test_a_loss_that_is_no_number_is_null_in_json() -> None:
    evidence = check(Returned({"losses": [2.3, math.nan, math.inf]})).evidence

    assert json.loads(json.dumps(evidence, allow_nan=False))["losses"] == [2.3, None, None]


def test_the_recipe_of_the_profile_is_asked_for(asked_for: list[tuple[str, int]]) -> None:
    student = session()
    profiles = {"full": {**QUICK, "steps": 7}}

    learns(
        student,
        FakeReference(),
        ITEM,
        data="fashion_mnist",
        profiles=profiles,
        args=[[[1, 16]]],
        kwargs={"lr": 0.1},
        profile="full",
        device="cuda",
    )

    trained, train, measure = student.asked[:3]
    assert (trained.question, trained.options["repetition"]) == ("trained", 0)
    assert (train.question, train.args, train.kwargs, train.seed) == ("train", ([[1, 16]],), {"lr": 0.1}, 1000)
    assert {name: value for name, value in train.options.items() if name != "untrained"} == {
        "data": "fashion_mnist", "device": "cuda", "steps": 7, "batch": 128, "lr": 0.003, "size": 28, "train": 12800
    }  # fmt: skip
    assert (measure.question, measure.args, measure.kwargs) == ("measured", train.args, train.kwargs)
    assert measure.options == {"data": "fashion_mnist", "test": 100, "size": 28, "device": "cuda"}
    assert set(asked_for) == {("fashion_mnist", 200)}


def test_training_carries_unlabelled_images_to_be_answered_before_it() -> None:
    student = session()

    learns(student, FakeReference(), ITEM, data="fashion_mnist", profiles={"quick": QUICK})

    given = {name: each for name, each in student.asked[0].options.items() if isinstance(each, torch.Tensor)}
    assert {name: (each.shape, each.dtype) for name, each in given.items()} == {
        "untrained": ((100, 28, 28), torch.uint8)
    }


# ---- more seeds near the decision ------------------------------------------------------------------------------------


def trained_with(*accuracies: Observation) -> tuple[Finding, FakeSession]:
    """The finding for trainings that give these logits, or end so, one after the other."""
    student = FakeSession({("train", "LeNet"): TRAINED, ("measured", "LeNet"): list(accuracies)})
    return learns(student, FakeReference(), ITEM, data="fashion_mnist", profiles={"quick": QUICK}), student


def seeds(student: FakeSession) -> list[int]:
    return [probe.seed for probe in student.asked if probe.question == "train"]


@pytest.mark.parametrize(
    ("right", "trainings"),
    [(100, 1), (56, 1), (55, 1), (54, 3), (45, 3), (44, 3), (30, 3), (20, 3), (10, 3), (0, 3)],
)
def test_an_accuracy_that_is_not_clearly_enough_is_measured_with_two_more_seeds(right: int, trainings: int) -> None:
    _, student = trained_with(reached(right))

    assert seeds(student) == [1000, 1001, 1002][:trainings]
    assert [probe.question for probe in student.asked] == ["train", "measured"] * trainings
    assert [probe.seed for probe in student.asked if probe.question == "measured"] == seeds(student)


@pytest.mark.parametrize("order", [(41, 45, 47), (47, 41, 45), (45, 47, 41)])
def test_the_median_of_three_trainings_counts_and_all_are_told(order: tuple[int, int, int]) -> None:
    finding, _ = trained_with(*map(reached, order))

    assert (finding.outcome, finding.credit) == (Outcome.PASSED, 1.0)
    assert finding.message == (
        "Test accuracy 0.450 ± 0.050 on 100 images after 150 steps; full credit from 0.45."
        " This is the median of three trainings: 0.410, 0.450, 0.470."
    )
    assert finding.evidence["accuracies"] == [right / 100 for right in order]
    assert finding.evidence["accuracy"] == 0.45
    assert finding.evidence["seed"] == 1000 + order.index(45)


def test_one_lucky_start_does_not_pass_and_one_unlucky_start_does_not_fail() -> None:
    lucky, _ = trained_with(reached(46), reached(30), reached(31))
    unlucky, _ = trained_with(reached(20), reached(80), reached(79))

    assert (lucky.outcome, lucky.credit) == (Outcome.PARTIAL, 0.3)
    assert (unlucky.outcome, unlucky.credit) == (Outcome.PASSED, 1.0)


def died() -> Returned:
    """One answer to every image."""
    confusion = [[10, *[0] * 9] for _ in range(10)]
    return Returned({"accuracy": 0.1, "images": 100, "confusion": confusion, "by": "weights", "carried": []})


@pytest.mark.parametrize(
    ("trainings", "credit"),
    [
        ((died(), reached(60), reached(70)), 1.0),
        ((died(), died(), reached(40)), 0.75),
        ((reached(30), died(), reached(40)), 0.75),
        ((died(), died(), died()), 0.0),
    ],
    ids=["first", "two", "repetition", "all"],
)
def test_a_training_that_died_of_its_start_counts_only_where_all_did(
    trainings: tuple[Returned, ...], credit: float
) -> None:
    finding, _ = trained_with(*trainings)

    assert finding.credit == pytest.approx(credit)
    assert ("those that died of their start do not count: 0.1" in finding.message) == (credit > 0)


def test_losses_are_those_of_the_training_that_counts() -> None:
    trainings = [Returned({"losses": [float(number)]}) for number in range(3)]
    student = FakeSession(
        {("train", "LeNet"): trainings, ("measured", "LeNet"): [reached(30), reached(32), reached(31)]},
    )

    finding = learns(student, FakeReference(), ITEM, data="fashion_mnist", profiles={"quick": QUICK})

    assert finding.evidence["losses"] == [2.0]


@pytest.mark.parametrize(
    "ended",
    [TimedOut(600.0), Died("gone"), Raised("RuntimeError"), Returned(None)],
    ids=lambda each: type(each).__name__,
)
def test_a_repetition_without_an_accuracy_is_left_out_and_the_better_of_two_counts(ended: Observation) -> None:
    finding, _ = trained_with(reached(40), ended, reached(43))

    assert finding.evidence["accuracies"] == [0.4, 0.43]
    assert finding.message.endswith("This is the better of two trainings: 0.400, 0.430.")
    assert finding.credit == pytest.approx(0.9)


def test_where_no_repetition_gives_an_accuracy_the_first_training_counts() -> None:
    finding, _ = trained_with(reached(40), TimedOut(600.0))

    assert finding.evidence["accuracies"] == [0.4]
    assert finding.message.endswith("full credit from 0.45.")
    assert finding.credit == pytest.approx(0.75)


def test_a_first_training_that_does_not_end_is_not_repeated() -> None:
    finding, student = trained_with(TimedOut(10.0), reached(90))

    assert finding.outcome is Outcome.BROKEN
    assert seeds(student) == [1000]


@pytest.mark.parametrize(
    ("trained", "outcome", "message"),
    [
        (TimedOut(600.0), Outcome.BROKEN, "Training did not end within 600 s on this machine."),
        (Raised("RuntimeError", "X @ W"), Outcome.FAILED, "`LeNet` raised RuntimeError at `X @ W`."),
        (Raised("NotImplementedError"), Outcome.FAILED, "`LeNet` is still the stub: it raises NotImplementedError."),
        (Missing("LeNet"), Outcome.FAILED, "`LeNet` is not defined."),
        (Died("killed by SIGKILL"), Outcome.FAILED, "`LeNet` ended the kernel: killed by SIGKILL."),
    ],
    ids=["timed-out", "raised", "stub", "missing", "died"],
)
def test_training_that_does_not_end_well(trained: Observation, outcome: Outcome, message: str) -> None:
    finding = check(trained)

    assert (finding.outcome, finding.credit, finding.message) == (outcome, 0.0, message)


@pytest.mark.parametrize(
    ("measured", "outcome", "message"),
    [
        (TimedOut(10.0), Outcome.BROKEN, "The trained network gave no logits: `LeNet` gave no answer in 10 s."),
        (Died("gone"), Outcome.BROKEN, "The trained network gave no logits: `LeNet` ended the kernel: gone."),
        (Raised("ValueError"), Outcome.FAILED, "`LeNet` raised ValueError."),
    ],
    ids=["timed-out", "died", "raised"],
)
def test_a_trained_network_that_gives_no_logits(measured: Observation, outcome: Outcome, message: str) -> None:
    finding = check(measured=measured)

    assert (finding.outcome, finding.credit, finding.message) == (outcome, 0.0, message)


def test_a_network_without_one_row_of_logits_per_image_fails() -> None:
    finding = check(measured=Returned(None))

    assert finding.outcome is Outcome.FAILED
    assert finding.message == "The trained `LeNet` does not give one row of logits per image."


def test_a_network_with_one_answer_for_everything_is_told_so() -> None:
    always_sneaker = [[10 if said == 7 else 0 for said in range(10)] for _ in range(10)]

    message = check(measured=reached(10, confusion=always_sneaker)).message

    assert " It answers Sneaker to every image. " in message


@pytest.mark.parametrize("value", [None, {"losses": None}, {"losses": ["low", [1.0]]}, {}], ids=repr)
def test_a_strange_report_on_training_costs_nothing(value: object) -> None:
    finding = check(Returned(value))

    assert finding.outcome is Outcome.PASSED
    assert finding.evidence["losses"] == []


def test_missing_data_is_never_the_students_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str, count: int, seed: int) -> datasets.TestSplit:
        raise DataMissing(f"data set not found: {name}; run `make setup`")

    monkeypatch.setattr(datasets, "held_out", missing)
    student = session()

    finding = learns(student, FakeReference(), ITEM, data="fashion_mnist", profiles={"quick": QUICK})

    assert (finding.outcome, finding.message) == (Outcome.BROKEN, "data set not found: fashion_mnist; run `make setup`")
    assert student.asked == []


# ---- what training says of itself -------------------------------------------------------------------------------------


def test_curve_steps_and_why_it_stopped_are_kept_as_evidence() -> None:
    curve = [[75, 1.23456, 0.5], [90, math.nan, None]]

    finding = check(Returned({"losses": [], "curve": curve, "steps": 90, "stopped": "enough"}))

    assert finding.evidence["curve"] == [[75, 1.2346, 0.5], [90, None, None]]
    assert (finding.evidence["steps"], finding.evidence["stopped"]) == (90, "enough")
    assert "after 90 steps" in finding.message


@pytest.mark.parametrize(
    "told",
    [
        {"curve": "high", "steps": "many", "stopped": "by magic"},
        {"curve": [["a", 1.0, 1.0], [1], None], "steps": -1, "stopped": None},
        {"curve": [[True, 1.0, 1.0]], "steps": True, "stopped": ["enough"]},
        {"steps": 1 << 80},
    ],
    ids=repr,
)
def test_a_made_up_report_is_not_shown(told: dict[str, object]) -> None:
    evidence = check(Returned(told)).evidence

    assert (evidence["curve"], evidence["steps"], evidence["stopped"]) == ([], 150, "")


def test_training_is_told_from_which_accuracy_it_may_stop() -> None:
    student = session()

    learns(student, FakeReference(), ITEM, data="fashion_mnist", profiles={"quick": {**QUICK, "enough": 0.6}})

    assert student.asked[0].options["enough"] == 0.6


def test_training_must_not_stop_below_full_credit() -> None:
    with pytest.raises(RubricError, match=r"lenet-accuracy: training would stop from accuracy 0.4 .* \(0.45\)"):
        learns(session(), FakeReference(), ITEM, data="fashion_mnist", profiles={"quick": {**QUICK, "enough": 0.4}})


# ---- profile full: the notebook trains -------------------------------------------------------------------------------


def by_notebook(*trained: Observation, right: int = 90, **options: Any) -> tuple[Finding, FakeSession]:
    """The finding where the notebook itself has trained, or has not."""
    student = FakeSession(
        {("trained", "LeNet"): list(trained), ("train", "LeNet"): TRAINED, ("measured", "LeNet"): reached(right)}
    )
    profiles = {"full": QUICK}
    return learns(
        student, FakeReference(), ITEM, data="fashion_mnist", profiles=profiles, profile="full", **options
    ), student  # fmt: skip


def test_the_network_that_the_notebook_trained_is_measured() -> None:
    finding, student = by_notebook(Returned({"steps": 77, "stopped": "end", "curve": [[77, 0.5, 0.9]]}))

    assert finding.outcome is Outcome.PASSED
    assert (finding.evidence["steps"], finding.evidence["stopped"]) == (77, "end")
    assert {probe.question for probe in student.asked} == {"trained", "measured"}


def test_near_the_decision_the_notebook_is_run_again_from_other_starts() -> None:
    _, student = by_notebook(Returned({"steps": 77}), right=40)

    assert [probe.options["repetition"] for probe in student.asked if probe.question == "trained"] == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("trained", "outcome", "message"),
    [
        (
            Returned({"steps": 5, "stopped": "clock"}),
            Outcome.BROKEN,
            "Training in the notebook did not end within the limit of time on this machine.",
        ),
        (
            Raised("OutOfMemoryError"),
            Outcome.BROKEN,
            "The graphics card ran out of memory, perhaps because of others on it.",
        ),
        (Died("killed"), Outcome.FAILED, "`LeNet` ended the kernel: killed."),
    ],
    ids=["clock", "memory", "died"],
)
def test_a_notebook_whose_training_does_not_end_well_is_not_run_again_at_once(
    trained: Observation, outcome: Outcome, message: str
) -> None:
    finding, student = by_notebook(trained, device="cuda")

    assert (finding.outcome, finding.message) == (outcome, message)
    assert len(student.asked) == 1


@pytest.mark.parametrize("told", [Raised("OutOfMemoryError"), Returned({"no_card": True})], ids=["memory", "no card"])
def test_who_speaks_of_a_card_where_there_is_none_makes_it_up(told: Observation) -> None:
    assert check(told, measured=Returned(None)).outcome is Outcome.FAILED
    assert check(told, measured=Returned(None), device="cuda").outcome is Outcome.BROKEN


def test_a_class_that_no_cell_trains_is_trained_by_the_recipe_or_fails_as_the_rubric_says() -> None:
    by_recipe, student = by_notebook(Returned({"steps": 0}))
    failed, _ = by_notebook(Returned({"steps": 0}), without_training="fail")

    assert by_recipe.outcome is Outcome.PASSED
    assert [probe.question for probe in student.asked] == ["trained", "train", "measured"]
    assert failed.outcome is Outcome.FAILED
