"""Training on a card: leased, in sandboxes of its own, and never on the processor instead."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch

from grader import checks, datasets, rubric
from grader.commands import isolation
from grader.errors import UsageError
from grader.kernel.sandbox import Confinement
from grader.leases import Cards
from grader.records import Finding, Grade, Outcome, Profile, SourceFile, Student, Submission
from grader.runners.work import Work

ROOT = Path(__file__).parents[2]
LENET = """
class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.LazyLinear(10))
    def forward(self, X):
        return self.net(X)
model = LeNet()
"""
RECIPE = {"steps": 20, "batch": 64, "lr": 0.01, "size": 28, "train": 1280, "test": 200, "none": 0.2, "full": 0.4}

no_card = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card, so nothing is missing")


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    if problem := isolation.bubblewrap_problem():
        pytest.skip(f"{problem}: bubblewrap would run this")
    assignment = rubric.choose(rubric.load(ROOT, checks.bind), "hw2-cnn")
    (item,) = (item for item in assignment.items if item.id == "lenet-accuracy")
    options = {"data": "fashion_mnist", "profiles": {"quick": RECIPE, "full": RECIPE}}
    item = dataclasses.replace(item, needs=(), options=options)
    confinement = Confinement("bubblewrap", datasets.training_folder(), limits=assignment.limits)
    cards = Cards(("cuda:0",), 1, tmp_path / "leases", {})
    assignment = dataclasses.replace(assignment, items=(item,))
    yield Work(ROOT, assignment, None, confinement, Profile.QUICK, cards=cards)


def graded(work: Work, *cells: str) -> tuple[Grade, Finding]:
    rows: list[dict[str, Any]] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": c} for c in cells
    ]
    content = {"nbformat": 4, "nbformat_minor": 0, "metadata": {}, "cells": rows}
    files = (SourceFile("hw.ipynb", json.dumps(content).encode()),)
    with closing(work.grading()) as grading:
        grade = grading(Submission(Student("ada"), "ada", files, sha256="0"))
    return grade, grade.scores[0].finding


@no_card
@pytest.mark.parametrize("profile", list(Profile))
def test_a_card_that_cannot_be_used_is_nobodys_fault_and_the_processor_does_not_stand_in(
    work: Work, profile: Profile
) -> None:
    grade, finding = graded(dataclasses.replace(work, profile=profile), LENET)

    assert (grade.device, finding.outcome) == ("cuda", Outcome.BROKEN)
    assert finding.message.startswith("The graphics card that was asked for cannot be used in the sandbox")


def test_a_card_is_held_while_training_and_given_back(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    assert work.cards is not None
    asked: list[bool] = []
    free = Cards._free

    def noted(cards: Cards, wanted: int) -> object:
        asked.append(True)
        return free(cards, wanted)

    monkeypatch.setattr(Cards, "_free", noted)

    graded(work, LENET)

    assert asked
    with work.cards.lease() as name:  # at once, or this never ends
        assert name == "cuda:0"


def test_a_cell_that_ran_out_of_a_cards_memory_is_to_be_run_alone_and_without_a_card_not_believed(work: Work) -> None:
    """What it means where there is a card stands in tests/checks/test_learns.py."""
    cells: Sequence[str] = (
        LENET,
        "model(torch.zeros(2, 1, 28, 28))",
        "raise torch.OutOfMemoryError('CUDA out of memory')",
    )

    grade, finding = graded(dataclasses.replace(work, profile=Profile.FULL, cards=None), *cells)

    assert grade.timed_out == 1
    assert finding.outcome is Outcome.FAILED
    assert finding.message.startswith("`LeNet` raised OutOfMemoryError")


@pytest.mark.parametrize("wanted", ["gpu", "cuda:", "cuda:x", "cuda:-1", "cpu:0", ""])
def test_a_device_that_cannot_be_meant_is_one_clear_line(wanted: str) -> None:
    with pytest.raises(UsageError, match="give auto, cpu, cuda, or cuda:1 for the second card"):
        isolation.device(wanted)


@no_card
@pytest.mark.parametrize("wanted", ["cuda", "cuda:1"])
def test_a_card_that_is_asked_for_and_not_there_is_never_replaced_by_the_processor(wanted: str) -> None:
    with pytest.raises(UsageError, match=f"--device {wanted}: torch finds no CUDA device"):
        isolation.device(wanted)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU: make gpu-check")
@pytest.mark.parametrize("profile", list(Profile))
def test_a_network_is_trained_on_the_card(work: Work, profile: Profile) -> None:
    train = """
from torchvision import datasets, transforms
data = datasets.FashionMNIST('.', transform=transforms.ToTensor())
loader = torch.utils.data.DataLoader(data, 64, shuffle=True, num_workers=4)
model(next(iter(loader))[0])
model = model.cuda()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for X, y in loader:
    loss = F.cross_entropy(model(X.cuda()), y.cuda())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
    grade, finding = graded(dataclasses.replace(work, profile=profile), LENET, train)

    assert (grade.device, finding.outcome) == ("cuda", Outcome.PASSED)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU: make gpu-check")
def test_a_failed_assertion_on_the_card_costs_its_own_submission_alone(work: Work) -> None:
    bad = LENET.replace("return self.net(X)", "return self.net(X)[:, torch.tensor([99], device=X.device)]")

    with closing(work.grading()) as grading:
        rows = [bad, LENET]
        grades = []
        for number, source in enumerate(rows):
            cell: dict[str, Any] = {
                "cell_type": "code",
                "metadata": {},
                "outputs": [],
                "execution_count": None,
                "source": source,
            }
            content = {"nbformat": 4, "nbformat_minor": 0, "metadata": {}, "cells": [cell]}
            file = SourceFile("hw.ipynb", json.dumps(content).encode())
            grades.append(grading(Submission(Student(f"s{number}"), f"s{number}", (file,), sha256=str(number))))

    assert [grade.scores[0].finding.outcome for grade in grades] == [Outcome.FAILED, Outcome.PASSED]
