"""A network is watched while it is trained: the curve, when to stop, and no trace of having been looked at."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from grader.kernel.inside.pixels import Pictures
from grader.kernel.inside.progress import Progress, evaluating

IMAGES = Pictures(torch.zeros(300, 4, 4, dtype=torch.uint8), torch.zeros(300, dtype=torch.int64), 4)


class Knowing(nn.Module):
    """Tells this share of images rightly, and in train mode none."""

    def __init__(self, share: float = 1.0) -> None:
        super().__init__()
        self.share = share
        self.dropout = nn.Dropout(0.5)
        self.norm = nn.BatchNorm2d(1)
        self.asked = 0

    def forward(self, X: Tensor) -> Tensor:
        self.asked += len(X)
        self.norm(X)
        scores = torch.zeros(len(X), 10)
        scores[: round(self.share * len(X)), 0] = 0.0 if self.training else 1.0
        scores[round(self.share * len(X)) :, 1] = 1.0
        dropped: Tensor = self.dropout(torch.ones(1))
        return scores + dropped


def run(progress: Progress, losses: list[float] | None = None) -> int:
    """Step until it is over; how many steps that took."""
    for number in range(1, 10_000):
        loss = None if losses is None else torch.tensor(losses[number - 1])
        if progress.step(loss):
            return number
    raise AssertionError("it never ended")


def test_the_budget_ends_what_never_learns() -> None:
    progress = Progress(Knowing(0.1), IMAGES, steps=30, batch=64, enough=0.45)

    assert run(progress) == 30
    assert (progress.stopped, progress.taken) == ("budget", 30)


def test_what_has_learned_enough_for_certain_ends_early() -> None:
    progress = Progress(Knowing(0.9), IMAGES, steps=30, batch=64, enough=0.45)

    assert run(progress) < 30
    assert progress.stopped == "enough"
    assert progress.accuracy == pytest.approx(0.9)


@pytest.mark.parametrize(("share", "enough"), [(0.9, None), (0.5, 0.45)], ids=["not-asked-for", "not-certain"])
def test_the_budget_is_taken_whole_unless_it_is_certain(share: float, enough: float | None) -> None:
    assert run(Progress(Knowing(share), IMAGES, steps=30, batch=64, enough=enough)) == 30


def test_the_curve_has_steps_mean_losses_and_accuracies() -> None:
    progress = Progress(Knowing(0.5), IMAGES, steps=6, batch=64)

    run(progress, [6.0, 2.0, 5.0, 1.0, 3.0, 1.0])

    assert progress.curve == [[2, 4.0, 0.5], [4, 3.0, 0.5], [6, 2.0, 0.5]]


def test_where_nobody_tells_losses_the_curve_has_none() -> None:
    progress = Progress(Knowing(0.5), IMAGES, steps=2, batch=64)

    run(progress)

    assert progress.curve[-1] == [2, None, 0.5]


@pytest.mark.parametrize("steps", [1, 25, 4690])
def test_looking_costs_little_of_the_training(steps: int) -> None:
    many = Pictures(torch.zeros(2000, 1, 1, dtype=torch.uint8), torch.zeros(2000, dtype=torch.int64), 1)
    model = Knowing(0.1)
    progress = Progress(model, many, steps=steps, batch=64)

    run(progress)

    trained = steps * 64
    assert 200 <= model.asked <= max(3 * 200, 0.35 * trained)
    assert len(progress.curve) <= 42


def test_a_network_is_settled_before_every_look_and_with_more_images_before_the_last() -> None:
    settled: list[int] = []

    run(Progress(Knowing(0.1), IMAGES, steps=6, batch=64, settle=settled.append))

    assert settled == [128, 128, 640]


@pytest.mark.parametrize("scores", [None, torch.zeros(3), torch.zeros(200, 10, 1)], ids=["nothing", "flat", "deep"])
def test_a_network_without_scores_is_trained_on_and_told_nothing_of(scores: object) -> None:
    class Odd(nn.Module):
        def forward(self, X: Tensor) -> object:
            return scores

    progress = Progress(Odd(), IMAGES, steps=3, batch=64, enough=0.1)

    assert run(progress) == 3
    assert progress.curve[-1] == [3, None, None]


def test_looking_leaves_no_trace() -> None:
    model = Knowing()
    model.dropout.eval()
    statistics = model.norm.running_mean.clone()  # type: ignore[union-attr]
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)

    with evaluating(model):
        torch.rand(7)
        modes = (model.training, model.dropout.training, torch.is_grad_enabled())
        model(torch.ones(2, 1, 4, 4))

    assert modes == (False, False, False)
    assert (model.training, model.dropout.training, model.norm.training) == (True, False, True)
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(model.norm.running_mean, statistics)  # type: ignore[arg-type]


def test_an_error_while_looking_leaves_no_trace_either() -> None:
    model = Knowing()

    with pytest.raises(KeyError), evaluating(model):
        raise KeyError

    assert model.training
