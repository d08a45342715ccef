"""The training pass of profile `full`: the notebook's own cells train, by whatever loop, and the right network counts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader import checks, pipeline, rubric
from grader.answer_key import AnswerKey
from grader.kernel.template import Sandboxes
from grader.records import Finding, Outcome, Profile, SourceFile, Student, Submission

ROOT = Path(__file__).parents[1]
RECIPE = {"steps": 200, "batch": 128, "lr": 0.005, "size": 28, "train": 12800, "test": 1000}
RAMP = {"none": 0.20, "full": 0.45, "enough": 0.49}

LENET = """
class LeNet(d2l.Classifier):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            nn.LazyConv2d(6, kernel_size=5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2, 2),
            nn.LazyConv2d(16, kernel_size=5), nn.Sigmoid(), nn.AvgPool2d(2, 2), nn.Flatten(),
            nn.LazyLinear(120), nn.Sigmoid(), nn.LazyLinear(84), nn.Sigmoid(), nn.LazyLinear(num_classes))
"""
ADAM = """
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.005)
"""
DATA = """
data = d2l.FashionMNIST(batch_size=128)
"""
MODEL = """
model = LeNet()
model.apply_init([next(iter(data.train_dataloader()))[0]], d2l.init_cnn)
"""
FIT = """
trainer = d2l.Trainer(max_epochs=1, num_gpus=1)
trainer.fit(model, data)
finished = True
"""
OWN_TRAINER = """
class Mine(d2l.Trainer):
    def fit_epoch(self):
        self.model.train()
        for batch in self.train_dataloader:
            loss = self.model.training_step(self.prepare_batch(batch))
            self.optim.zero_grad()
            loss.backward()
            self.optim.step()
trainer = Mine(max_epochs=1)
trainer.fit(model, data)
"""
OWN_STEP = """
    def training_step(self, batch):
        l = self.loss(self(*batch[:-1]), batch[-1])
        return l
"""
LOOP = """
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
for epoch in range(1):
    for X, y in data.train_dataloader():
        optimizer.zero_grad()
        F.cross_entropy(model.net(X), y).backward()
        optimizer.step()
"""
BY_HAND = """
for epoch in range(1):
    for number, (X, y) in enumerate(data.train_dataloader()):
        F.cross_entropy(model.net(X), y).backward()
        for parameter in model.parameters():
            parameter.data -= 0.1 * parameter.grad
            parameter.grad = None
        if number == 150:
            break
"""
TORCHVISION = """
from torchvision import datasets, transforms
from torch.utils.data import DataLoader
transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.25,))])
loader = DataLoader(datasets.FashionMNIST('.', train=True, transform=transform, download=True),
                    batch_size=128, shuffle=True, num_workers=2)
model = LeNet()
model.net(next(iter(loader))[0])
model.net.apply(d2l.init_cnn)
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
criterion = nn.CrossEntropyLoss()
def train(epochs):
    for _ in range(epochs):
        for X, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(X), y)
            loss.backward()
            optimizer.step()
train(1)
"""


@pytest.fixture(scope="module")
def course(forked: Sandboxes) -> pipeline.Course:
    assignment = rubric.choose(rubric.load(ROOT, checks.bind), "hw2-cnn")
    (item,) = (item for item in assignment.items if item.id == "lenet-accuracy")
    item = replace(item, needs=(), options={"data": "fashion_mnist", "profiles": {"full": {**RECIPE, **RAMP}}})
    assignment = replace(assignment, items=(item,))
    key = AnswerKey(ROOT, assignment.reference, secret=b"of these tests")
    return pipeline.Course(assignment, key, forked, "cpu", Profile.FULL)


def changed(course: pipeline.Course, recipe: dict[str, float] | None = None, **options: Any) -> pipeline.Course:
    (item,) = course.assignment.items
    profiles = {"full": {**item.options["profiles"]["full"], **(recipe or {})}}
    item = replace(item, options={**item.options, "profiles": profiles, **options})
    return replace(course, assignment=replace(course.assignment, items=(item,)))


def graded(course: pipeline.Course, *cells: str) -> Finding:
    rows: list[dict[str, Any]] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": c} for c in cells
    ]
    content = {"nbformat": 4, "nbformat_minor": 0, "metadata": {}, "cells": rows}
    submission = Submission(Student("ada"), "ada", (SourceFile("hw.ipynb", json.dumps(content).encode()),), sha256="0")
    return pipeline.grade(submission, course).scores[0].finding


@pytest.mark.parametrize(
    "cells",
    [
        (LENET + ADAM, DATA, MODEL, FIT),
        (LENET + ADAM, DATA + MODEL + FIT.replace("fit(model, data)", "fit(model, data); trainer.fit(model, data)")),
        (LENET + ADAM + OWN_STEP, DATA, MODEL, OWN_TRAINER),
        (LENET, DATA, MODEL, LOOP),
        (LENET, TORCHVISION),
        (LENET + ADAM, DATA, "class Mine(LeNet):\n    pass", MODEL.replace("LeNet()", "Mine()"), FIT),
        (LENET + ADAM, (LENET + ADAM).replace("LeNet", "Copy"), DATA, MODEL.replace("LeNet()", "Copy()"), FIT),
        (LENET + ADAM, DATA, MODEL, FIT, MODEL.replace("apply_init", "eval() #"), "del model, trainer"),
        (DATA + LENET + ADAM, MODEL.replace("model", "lenet"), FIT.replace("model", "lenet"), "LeNet = None"),
        (LENET + ADAM, DATA, MODEL, FIT.replace("fit(model", "fit(nn.Sequential(model)[0]"), LENET + ADAM),
    ],
    ids=[
        "trainer", "fit-twice", "own-trainer-and-step", "loop", "torchvision", "subclass", "copy", "rebound",
        "other-name", "defined-again",
    ],
)  # fmt: skip
def test_however_the_notebook_trains_its_network_counts(course: pipeline.Course, cells: tuple[str, ...]) -> None:
    finding = graded(course, *cells)

    assert finding.outcome is Outcome.PASSED, finding
    assert finding.evidence["stopped"] == "enough"
    assert 0 < finding.evidence["steps"] < 200
    assert finding.evidence["curve"][-1][2] > 0.49


def test_a_training_that_learns_nothing_takes_its_budget_and_earns_nothing(course: pipeline.Course) -> None:
    finding = graded(changed(course, {"steps": 60}), LENET, DATA, MODEL, FIT)  # lr 0.1 by SGD: too little for sigmoids

    assert (finding.outcome, finding.credit) == (Outcome.FAILED, 0.0)
    assert (finding.evidence["stopped"], finding.evidence["steps"]) == ("budget", 60)


def test_a_notebook_that_trains_less_than_the_budget_is_measured_as_it_ends(course: pipeline.Course) -> None:
    few = LOOP.replace(
        "        optimizer.step()", "        optimizer.step()\n        if (n := globals().get('n', 0) + 1) == 12: break"
    )

    finding = graded(course, LENET, DATA, MODEL, few)

    assert (finding.evidence["stopped"], finding.evidence["steps"]) == ("end", 12)
    assert finding.credit < 1


def test_a_network_that_the_notebook_never_trains_is_trained_by_the_recipe_or_fails(course: pipeline.Course) -> None:
    by_recipe = graded(course, LENET, "model = LeNet()")
    failed = graded(changed(course, without_training="fail"), LENET, "model = LeNet()")

    assert by_recipe.outcome is Outcome.PASSED
    assert failed.outcome is Outcome.FAILED
    assert failed.message == "The notebook trains no `LeNet`: no cell takes a step of an optimiser on one."


def test_who_trains_by_hand_first_is_not_taken_for_one_who_brings_weights_along(course: pipeline.Course) -> None:
    relu = LENET.replace("Sigmoid", "ReLU")
    finding = graded(course, relu, DATA, MODEL, BY_HAND, LOOP)

    assert finding.outcome is Outcome.PASSED, finding
    assert finding.evidence["steps"] > 1  # of the recipe: the notebook's own last training was over at its first look


def test_other_networks_are_stopped_at_once_and_what_stands_below_still_runs(course: pipeline.Course) -> None:
    other = LENET.replace("LeNet", "Modern").replace("Sigmoid", "ReLU")
    counting = "steps = []\nfrom torch.optim import optimizer as o\no.register_optimizer_step_post_hook(lambda *a: steps.append(0))"
    modern = MODEL.replace("model", "modern").replace("LeNet", "Modern")
    cell = LOOP.replace("model", "modern") + MODEL + LOOP.replace("0.005", "0.005 if len(steps) <= 1 else 0.0")

    finding = graded(changed(course, without_training="fail"), LENET, other, DATA, counting, modern, cell)

    assert finding.outcome is Outcome.PASSED
    assert finding.evidence["stopped"] == "enough"


def test_a_training_stopped_by_the_clock_is_nobodys_fault(course: pipeline.Course) -> None:
    limits = replace(course.assignment.limits, train_s=6.0)
    slow = LOOP.replace("optimizer.step()", "optimizer.step(); import time; time.sleep(0.5)")
    hurried = replace(course, assignment=replace(course.assignment, limits=limits))

    finding = graded(hurried, LENET, DATA, MODEL, slow)

    assert finding.outcome is Outcome.BROKEN
    assert finding.message == "Training in the notebook did not end within the limit of time on this machine."
