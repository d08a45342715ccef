"""A layer has learned the expected weight."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from grader.checks.learned_weight import learned_weight
from grader.probes import Died, Missing, Observation, Probe, Raised, Returned, TimedOut, Version
from grader.records import Finding, Outcome
from tests.fakes import FakeReference, FakeSession, item

ITEM = item("learned_weight", "conv2d", id="learned-kernel")


def check(*observations: Observation, led_to: tuple[float, float] | None = None) -> Finding:
    """What is found where each observation is the state of one captured version, and a misconception leads there."""
    states = {("state", f"conv2d@{number}"): each for number, each in enumerate(observations)}
    versions = {"conv2d": [Version(10 + number, "library") for number in range(len(observations))]}
    known = {"The edges are wrong.": lambda probe: state(led_to)} if led_to else {}
    reference = FakeReference(misconceptions=known)
    return learned_weight(
        FakeSession(states, versions), reference, ITEM, shape=[1, 1, 1, 2], expected=[1.0, -1.0], within=0.15
    )


def state(*weights: tuple[float, float]) -> Returned:
    """The parameters of a module with weights of the shape asked for."""
    return Returned({f"{n}.weight": torch.tensor(pair).reshape(1, 1, 1, 2) for n, pair in enumerate(weights)})


LAZY = Returned({})  # a lazy layer has no weight before it is used


@pytest.mark.parametrize(
    "observation",
    [
        pytest.param(state((0.95, -0.97)), id="near"),
        pytest.param(state((1.0, -1.0)), id="exact"),
        pytest.param(state((5.0, 5.0), (0.9, -1.1)), id="one-of-two-layers"),
        pytest.param(Returned(torch.tensor([[[[0.9, -0.9]]]], dtype=torch.float64)), id="bare-tensor"),
        pytest.param(state((math.nan, 0.0), (1.0, -1.0)), id="beside-nan"),
    ],
)
def test_a_weight_that_is_near_passes(observation: Observation) -> None:
    finding = check(observation)

    assert (finding.outcome, finding.credit) == (Outcome.PASSED, 1.0)
    assert finding.message.startswith("The learned weight (")
    assert finding.message.endswith(") is near (1, -1).")


def test_the_version_that_learned_most_counts_and_its_cell_is_kept() -> None:
    finding = check(state((0.3, 0.2)), state((0.99, -0.98)), state((0.1, 0.1)))

    assert finding.message == "The learned weight (0.990, -0.980) is near (1, -1)."
    assert finding.evidence["cell"] == 11


def test_a_weight_that_is_too_far_off_fails_with_both_numbers() -> None:
    finding = check(state((0.84, -1.0)))

    assert (finding.outcome, finding.credit) == (Outcome.FAILED, 0.0)
    assert finding.message == FAR.format("(0.840, -1.000)")
    assert finding.evidence == {"cell": 10}


FAR = "The learned weight is {}; after ten steps it should be within 0.15 of (1, -1)."
UNUPDATED = "The weight never changes after the layer was made: is it updated in every step?"
FRESH = "The weight looks like that of a layer which was never trained: is it updated in every step?"
TOWARDS = "The weight moves towards (1, -1), but not far enough: more steps or a larger learning rate may help."
DIVERGED = "The training diverged: the learning rate is too large, or the steps go up the gradient and not down."
BIAS = "`conv2d` has a bias of its own; 7.2 asks for a layer without one."


@pytest.mark.parametrize(
    ("observations", "sentence"),
    [
        ([state((0.3, 0.2)), Returned({"w": torch.tensor([[[[0.3, 0.2]]]]), "s": torch.ones(2)})], UNUPDATED),
        ([LAZY, state((0.3, 0.2))], FRESH),
        ([state((0.3, 0.2))], FRESH),
        ([state((0.3, 0.2)), state((0.35, 0.1))], TOWARDS),
        ([state((0.3, 0.2)), state((0.7, -0.6))], TOWARDS),
        ([state((0.3, 0.2)), state((0.2, 0.3))], ""),
        ([state((0.3, 0.2)), state((0.9, 0.3))], ""),
        ([LAZY, state((0.8, 0.2))], ""),
        ([state((0.3, 0.2)), state((-40.0, 3e5))], DIVERGED),
        ([LAZY, state((math.nan, math.nan))], DIVERGED),
        ([state((0.3, 0.2)), state((math.inf, -math.inf))], DIVERGED),
        ([Returned({"weight": torch.full((1, 1, 1, 2), 0.3), "bias": torch.zeros(1)})], BIAS),
        ([Returned({"weight": torch.full((1, 1, 1, 2), 3e7), "bias": torch.zeros(1)})], BIAS),
    ],
    ids=[
        "never-updated",
        "lazy-fresh",
        "fresh",
        "a-little-nearer",
        "nearer",
        "a-little-away",
        "one-value-away",
        "elsewhere",
        "diverged",
        "nan",
        "infinity",
        "bias",
        "bias-diverged",
    ],
)
def test_what_the_versions_tell_about_the_training_is_said_first(
    observations: list[Observation], sentence: str
) -> None:
    finding = check(*observations)

    assert (finding.outcome, finding.credit) == (Outcome.FAILED, 0.0)
    assert finding.message.startswith(f"{sentence} The learned weight is (".strip())


@pytest.mark.parametrize(
    "observations",
    [
        pytest.param([LAZY, state((0.21, 0.27))], id="seen-once"),
        pytest.param([state((-0.5, 0.6)), state((0.21, 0.27))], id="trained-from-afar"),
        pytest.param([LAZY, Returned(torch.tensor([[[[0.2, 0.2]]]]))], id="bare-tensor"),
    ],
)
def test_the_misconception_that_leads_there_is_named_first(observations: list[Observation]) -> None:
    finding = check(*observations, led_to=(0.2, 0.2))

    assert finding.outcome is Outcome.FAILED
    assert finding.message.startswith("The edges are wrong. The learned weight is (0.2")


@pytest.mark.parametrize(
    "observations",
    [
        pytest.param([state((0.2, 0.2)), state((0.21, 0.18))], id="hardly-moved"),
        pytest.param([state((0.2, 0.2)), state((0.18, 0.21))], id="hardly-moved-away"),
        pytest.param([LAZY, state((0.32, 0.2))], id="too-far"),
        pytest.param([LAZY, state((math.nan, 0.2))], id="nan"),
    ],
)
def test_a_misconception_that_may_not_be_the_cause_is_not_named(observations: list[Observation]) -> None:
    finding = check(*observations, led_to=(0.2, 0.2))

    assert "edges" not in finding.message
    assert "towards" not in finding.message


def test_of_two_misconceptions_the_nearer_one_is_named() -> None:
    known = {name: lambda probe, pair=pair: state(pair) for name, pair in (("Far.", (0.3, 0.2)), ("Near.", (0.2, 0.2)))}
    student = FakeSession({("state", "conv2d@0"): state((0.23, 0.2))}, {"conv2d": [Version(1, "library")]})

    finding = learned_weight(
        student, FakeReference(misconceptions=known), ITEM, shape=[1, 1, 1, 2], expected=[1.0, -1.0], within=0.15
    )

    assert finding.message.startswith("Near. ")


def test_a_kernel_with_its_sides_swapped_is_said_so() -> None:
    finding = check(LAZY, Returned({"weight": torch.ones(1, 1, 2, 1)}), Returned({"weight": torch.ones(1, 1, 3, 3)}))

    assert finding.outcome is Outcome.FAILED
    assert finding.message == (
        "The weight of `conv2d` has the shape (1, 1, 2, 1), expected (1, 1, 1, 2): "
        "height and width of its kernel are swapped."
    )


@pytest.mark.parametrize(
    "observation",
    [
        pytest.param(LAZY, id="lazy"),
        pytest.param(Returned({"weight": torch.tensor([1.0, -1.0])}), id="flat"),
        pytest.param(Returned({"weight": torch.ones(1, 1, 1, 2, dtype=torch.complex64)}), id="complex"),
        pytest.param(Returned({"weight": [1.0, -1.0]}), id="list"),
        pytest.param(Returned(None), id="none"),
        pytest.param(Raised("RuntimeError"), id="raised"),
    ],
)
def test_without_a_weight_of_the_shape_nothing_was_learned(observation: Observation) -> None:
    finding = check(observation)

    assert finding.outcome is Outcome.FAILED
    assert finding.message == "`conv2d` never has a weight of shape (1, 1, 1, 2)."


@pytest.mark.parametrize(
    "observation", [Raised("RuntimeError"), TimedOut(1.0), Died("gone")], ids=lambda e: type(e).__name__
)
def test_a_version_that_cannot_be_looked_at_does_not_hurt_another(observation: Observation) -> None:
    assert check(observation, state((1.0, -1.0))).outcome is Outcome.PASSED


def test_a_layer_that_is_not_defined_is_said_so() -> None:
    finding = check()

    assert (finding.outcome, finding.message) == (Outcome.FAILED, "`conv2d` is not defined.")


def test_the_reason_why_it_is_not_defined_is_said() -> None:
    student = FakeSession({("state", "conv2d"): Missing("conv2d", "cell 4 does not run: SyntaxError")})

    finding = learned_weight(student, FakeReference(), ITEM, shape=[1, 1, 1, 2], expected=[1.0, -1.0], within=0.15)

    assert finding.message == "`conv2d` is not defined: cell 4 does not run: SyntaxError."


# ---- trained on what a wrong helper gives ----------------------------------------------------------------------------

EDGES = torch.ones(6, 8)
EDGES[:, 2:6] = 0
TRAINED_ON = {"target": "X, K", "input": "X", "output": "corr2d(X, K)", "steps": 10, "lr": 0.03}


def follow(weight: tuple[float, float], outputs: Observation, inputs: Observation) -> Finding:
    """What is found where the student's own helper makes these outputs of these inputs."""

    def answer(probe: Probe) -> Observation:
        if probe.question == "state":
            return state(weight)
        return inputs if probe.options["expression"] == "X" else outputs

    session = FakeSession(answer, {"conv2d": [Version(10, "library")], "X, K": [Version(9, "value")]})
    return learned_weight(
        session, FakeReference(), ITEM, shape=[1, 1, 1, 2], expected=[1.0, -1.0], within=0.15, trained_on=TRAINED_ON
    )


RIGHT = EDGES[:, :-1] - EDGES[:, 1:]


def test_a_flipped_kernel_teaches_the_opposite_and_costs_once() -> None:
    finding = follow((-0.97, 1.01), Returned(-RIGHT), Returned(EDGES))

    assert (finding.outcome, finding.hint) == (
        Outcome.PASSED,
        "Judged by your own values, which are wrong: one mistake costs once.",
    )
    assert finding.message == "The learned weight (-0.970, 1.010) is what `corr2d(X, K)` teaches."


@pytest.mark.parametrize(
    ("weight", "outputs", "inputs"),
    [
        pytest.param((-0.97, 1.01), Returned(RIGHT), Returned(EDGES), id="right-helper"),
        pytest.param((0.3, 0.2), Returned(-RIGHT), Returned(EDGES), id="untrained"),
        pytest.param((-0.97, 1.01), Raised("TypeError"), Returned(EDGES), id="helper-raises"),
        pytest.param((-0.97, 1.01), Returned(-RIGHT[1:]), Returned(EDGES), id="other-size"),
        pytest.param((-0.97, 1.01), Returned(-RIGHT), Returned(torch.zeros(6, 8)), id="nothing-to-learn-from"),
        pytest.param((-0.97, 1.01), Returned(-RIGHT + torch.arange(7.0)), Returned(EDGES), id="no-kernel-does-that"),
        pytest.param((-0.97, 1.01), Returned(RIGHT * math.nan), Returned(EDGES), id="not-a-number"),
        pytest.param((-0.97, 1.01), Returned("text"), Returned(None), id="no-tensors"),
    ],
)
def test_a_wrong_weight_that_nothing_teaches_is_wrong(
    weight: tuple[float, float], outputs: Observation, inputs: Observation
) -> None:
    assert follow(weight, outputs, inputs).outcome is Outcome.FAILED


def descended(
    image: torch.Tensor, *, seed: int = 0, steps: int = 10, lr: float = 0.03, mean: bool = False, kept: bool = False
) -> tuple[float, float]:
    """The weight that a layer of torch's has after steps on the edges of an image; `kept`: gradients are never zeroed."""
    torch.manual_seed(seed)
    layer = torch.nn.Conv2d(1, 1, (1, 2), bias=False)
    optimizer = torch.optim.SGD(layer.parameters(), lr=abs(lr), maximize=lr < 0)
    for _ in range(steps):
        if not kept:
            optimizer.zero_grad()
        errors = (layer(image[None, None]) - (image[:, :-1] - image[:, 1:])[None, None]) ** 2
        (errors.mean() if mean else errors.sum()).backward()
        optimizer.step()
    first, second = layer.weight.detach().flatten().tolist()
    return first, second


def image_of(rows: int, columns: int, black: slice) -> torch.Tensor:
    image = torch.ones(rows, columns)
    image[:, black] = 0
    return image


IMAGES = {
    "a-column-less": image_of(6, 8, slice(2, 5)),  # diverges
    "eight-by-six": image_of(8, 6, slice(2, 6)),  # does not arrive
    "larger": image_of(8, 10, slice(2, 8)),
}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
def test_ten_steps_on_another_image_end_where_they_lead_and_cost_once(image: torch.Tensor, seed: int) -> None:
    outputs = image[:, :-1] - image[:, 1:]

    finding = follow(descended(image, seed=seed), Returned(outputs), Returned(image))

    assert finding.outcome is Outcome.PASSED


def test_a_weight_far_from_the_right_one_is_told_as_where_the_steps_lead() -> None:
    image = IMAGES["a-column-less"]
    weight = descended(image)

    finding = follow(weight, Returned(image[:, :-1] - image[:, 1:]), Returned(image))

    assert (finding.outcome, finding.message, finding.hint) == (
        Outcome.PASSED,
        f"The learned weight ({weight[0]:.3f}, {weight[1]:.3f}) is where 10 such steps lead with your values.",
        "Judged by your own values, which are wrong: one mistake costs once.",
    )


@pytest.mark.parametrize("image", [EDGES, *IMAGES.values()], ids=["right", *IMAGES])
@pytest.mark.parametrize(
    "mistake",
    [{"mean": True}, {"kept": True}, {"steps": 0}, {"steps": 1}, {"lr": -0.03}, {"lr": 0.001}],
    ids=["mean", "never-zeroed", "untrained", "one-step", "up-the-gradient", "too-small"],
)
def test_other_steps_end_elsewhere(mistake: dict[str, Any], image: torch.Tensor) -> None:
    outputs = image[:, :-1] - image[:, 1:]

    found = [follow(descended(image, seed=n, **mistake), Returned(outputs), Returned(image)) for n in range(8)]

    assert {finding.outcome for finding in found} == {Outcome.FAILED}
