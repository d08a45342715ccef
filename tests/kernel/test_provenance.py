"""Where weights come from: before training, from training, or from elsewhere."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from grader.kernel.inside.provenance import Provenance


def network(value: float) -> nn.Sequential:
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(8, 3))
    fill(model, value)
    return model


@torch.no_grad()
def fill(model: nn.Module, value: float) -> None:
    for parameter in model.parameters():
        parameter.fill_(value)


def first(model: nn.Module) -> float:
    return float(next(model.parameters()).detach().flatten()[0])


def before(provenance: Provenance, model: nn.Module) -> float:
    with provenance.before():
        return first(model)


def step(provenance: Provenance, model: nn.Module, to: float) -> None:
    provenance.stepping()
    fill(model, to)
    provenance.stepped()


def test_what_a_network_was_before_its_training_can_be_asked_and_is_left_again() -> None:
    model = network(1.0)
    provenance = Provenance(model)
    step(provenance, model, 2.0)
    step(provenance, model, 3.0)

    assert before(provenance, model) == 1.0
    assert first(model) == 3.0


def test_weights_that_come_from_elsewhere_between_steps_are_a_new_beginning() -> None:
    model = network(1.0)
    provenance = Provenance(model)
    step(provenance, model, 2.0)
    fill(model, 7.0)
    step(provenance, model, 7.1)

    assert before(provenance, model) == 7.0


def test_a_few_weights_kept_within_a_bound_are_no_new_beginning() -> None:
    model = network(1.0)
    provenance = Provenance(model)
    step(provenance, model, 2.0)
    with torch.no_grad():
        model[0].bias.clamp_(max=1.5)  # type: ignore[operator]
    step(provenance, model, 2.1)

    assert before(provenance, model) == 1.0


def test_what_replaces_the_weights_after_the_last_step_is_undone() -> None:
    model = network(1.0)
    provenance = Provenance(model)
    step(provenance, model, 2.0)
    provenance.keep()
    fill(model, 9.0)

    provenance.settle()

    assert first(model) == 2.0


def test_what_training_made_stays() -> None:
    model = network(1.0)
    provenance = Provenance(model)
    step(provenance, model, 2.0)
    provenance.keep()
    step(provenance, model, 3.0)

    provenance.settle()

    assert first(model) == 3.0


def test_a_copy_that_is_trained_on_was_before_what_the_first_one_was() -> None:
    model = network(1.0)
    provenance = Provenance(model)
    step(provenance, model, 2.0)
    trained_on, stranger = copy.deepcopy(model), network(5.0)

    assert provenance.same(trained_on)
    assert not provenance.same(stranger)
    assert not provenance.same(nn.Linear(2, 2))
    assert before(Provenance(trained_on, provenance), trained_on) == 1.0


def test_running_statistics_are_of_the_state_too() -> None:
    model = network(1.0)
    norm = model[1]
    assert isinstance(norm, nn.BatchNorm2d) and isinstance(norm.running_mean, Tensor)
    provenance = Provenance(model)
    norm.running_mean.fill_(4.0)

    with provenance.before():
        assert float(norm.running_mean[0]) == 0.0
    assert float(norm.running_mean[0]) == 4.0
