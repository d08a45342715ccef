"""By which hyper-parameters a notebook trains a class, read from its source."""

from __future__ import annotations

import json

import pytest

from grader import notebook
from grader.notebook.recipes import Recipe, recipes
from grader.records import SourceFile

LENET = """
class LeNet(d2l.Classifier):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
"""
LOOP = """
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(num_epochs):
    for X, y in train_loader:
        optimizer.zero_grad()
        loss(model(X), y).backward()
        optimizer.step()
"""
FUNCTION = """
def train_epoch(net, loader, opt):
    for i, (X, y) in enumerate(tqdm(loader)):
        opt.zero_grad()
        loss(net(X), y).backward()
        opt.step()
def train(net, loader, epochs, lr=0.05):
    opt = torch.optim.SGD(net.parameters(), lr=lr)
    for epoch in range(epochs):
        train_epoch(net, loader, opt)
"""


def read(*cells: str, name: str = "LeNet") -> tuple[Recipe, ...]:
    rows = [{"cell_type": "code", "metadata": {}, "source": cell} for cell in cells]
    content = json.dumps({"nbformat": 4, "nbformat_minor": 0, "metadata": {}, "cells": rows}).encode()
    return recipes(notebook.read(SourceFile("hw.ipynb", content)), name)


BOOK = "trainer = d2l.Trainer(max_epochs=10, num_gpus=1)\ndata = d2l.FashionMNIST(batch_size=128)\n"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ((LENET, BOOK + "model = LeNet(lr=0.1)\ntrainer.fit(model, data)"), [(2, 10, 0.1, 128)]),
        ((LENET, BOOK + "trainer.fit(LeNet(), data)"), [(2, 10, 0.1, 128)]),
        ((LENET, BOOK + "trainer.fit(LeNet(0.9).to(device), data=data)"), [(2, 10, 0.9, 128)]),
        ((LENET, "lr, n = 0.01, 5 * 2", "b = 2 * 64", "d2l.Trainer(n).fit(LeNet(lr), d2l.FashionMNIST(b))"), [(4, 10, 0.01, 128)]),
        ((LENET + "class Mine(LeNet):\n    pass\n", BOOK + "trainer.fit(Mine(), data)"), [(2, 10, 0.1, 128)]),
        ((LENET, "class T(d2l.Trainer):\n    pass\n" + BOOK.replace("d2l.Trainer", "T") + "trainer.fit(LeNet(), data)"), [(2, 10, 0.1, 128)]),
        ((LENET, BOOK + "trainer.fit(LeNet(), data)", "trainer.fit(LeNet(lr=1), data)"), [(2, 10, 0.1, 128), (3, 10, 1, 128)]),
        ((LENET, "model = LeNet()\nnum_epochs = 30\ntrain_loader = DataLoader(data, batch_size=64)" + LOOP), [(2, 30, 1e-3, 64)]),
        ((LENET, FUNCTION, "train(LeNet(), torch.utils.data.DataLoader(data, 32, shuffle=True), 7)"), [(3, 7, 0.05, 32)]),
        ((LENET, "a, b = d2l.load_data_fashion_mnist(batch_size=256)\nd2l.train_ch6(LeNet(), a, b, 10, 0.9, d2l.try_gpu())"), [(2, 10, 0.9, 256)]),
        ((LENET, "def run():\n    model = LeNet(lr=0.3)\n    d2l.Trainer(2).fit(model, d2l.FashionMNIST(8))\nrun()"), [(2, 2, 0.3, 8)]),
        (("if True:\n" + LENET.strip().replace("\n", "\n    ").join(["    ", ""]), BOOK + "trainer.fit(LeNet(), data)"), [(2, 10, 0.1, 128)]),
    ],
    ids=["book", "defaults", "positions", "names", "subclass", "own-trainer", "twice", "loop", "functions", "train_ch6", "in-a-function", "in-an-if"],
)  # fmt: skip
def test_what_the_source_tells(cells: tuple[str, ...], expected: list[tuple[float, ...]]) -> None:
    assert read(*cells) == tuple(Recipe(*row) for row in expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ((LENET, "trainer = make()\ntrainer.fit(LeNet(), data)"), []),
        ((LENET, BOOK + "trainer.fit(Modern(), data)"), []),
        ((LENET, "d2l.Trainer(max_epochs=settings['n']).fit(LeNet(**kwargs), data)"), [(2, None, None, None)]),
        ((LENET + "    def configure_optimizers(self):\n        return torch.optim.Adam(self.parameters(), 1e-3)\n", BOOK + "trainer.fit(LeNet(), data)"), [(2, 10, None, 128)]),
        ((LENET, BOOK + "trainer.fit(LeNet(), "), []),
        (("%%bash\nls", LENET, "while True:\n    pass\n"), []),
        ((LENET, "def f(n):\n    return f(n)\n", "d2l.Trainer(f(1)).fit(LeNet(), d2l.FashionMNIST(f(2)))"), [(3, None, 0.1, None)]),
    ],
    ids=["unknown-trainer", "other-class", "by-dictionary", "own-optimiser", "no-python", "nothing", "endless"],
)  # fmt: skip
def test_what_it_does_not_tell_is_none(cells: tuple[str, ...], expected: list[tuple[float | None, ...]]) -> None:
    assert read(*cells) == tuple(Recipe(*row) for row in expected)  # type: ignore[arg-type]
