"""The definitions of a submission, and what of them is compared; nothing that is handed in costs more than a line."""

from __future__ import annotations

import json

import pytest

from grader.records import SourceFile, Student, Submission
from grader.similarity import definitions_of, in_text


def submission(*cells: str, attachments: tuple[SourceFile, ...] = ()) -> Submission:
    content = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": []}
    content["cells"] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": cell} for cell in cells
    ]
    file = SourceFile("ada.ipynb", json.dumps(content).encode())
    return Submission(Student("ada"), "ada.ipynb", (file,), attachments)


def texts(source: str) -> list[str]:
    return [token.text for each in in_text(source, "x.py") for token in each.tokens]


def test_definitions_come_with_place_lines_and_decorators() -> None:
    cell = "%matplotlib inline\n!pip install d2l\nif True:\n    @d2l.add_to_class(ResNet)\n    def block(self, n):\n        return n\n\nclass A: pass"

    found, problems = definitions_of(submission("x = 1", cell))

    assert problems == []
    assert [(each.name, each.where) for each in found] == [
        ("ResNet.block", "ada.ipynb, cell 2"),
        ("A", "ada.ipynb, cell 2"),
    ]
    assert found[0].lines == ("    @d2l.add_to_class(ResNet)", "    def block(self, n):", "        return n")
    assert max(token.line for token in found[0].tokens) == 2


def test_attached_modules_are_looked_into() -> None:
    found, _ = definitions_of(submission(attachments=(SourceFile("helper.py", b"def f(a): return a"),)))

    assert [(each.name, each.where) for each in found] == [("f", "helper.py")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f(a):\n  b = a\n  return b", "def g(x):\n    # said\n    y = x\n\n    return y"),
        ('def f(a):\n  """Why."""\n  return a', "def f(a):\n  return a"),
        ("def f(a: int) -> int:\n  b: int = a\n  return b", "def f(a):\n  b = a\n  return b"),
        ("import torch\ndef f(a):\n  return torch.nn.Linear(a, 1)", "from torch import nn\ndef f(a):\n  return nn.Linear(a, 1)"),
        ("def f(a):\n  a += 1\n  return a", "def f(a):\n  a = a + 1\n  return a"),
        ("def f(a):\n  print(a)\n  return a", "def f(a):\n  return a"),
        ("class A:\n  def f(self): self.a = 1", "class B:\n  def g(self): self.b = 1"),
    ],
)  # fmt: skip
def test_what_is_only_written_differently_is_the_same(one: str, other: str) -> None:
    assert texts(one) == texts(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f(a): return a.sum()", "def f(a): return a.mean()"),
        ("def f(a): return a + 1", "def f(a): return a + 2"),
        ("def f(a): return range(a)", "def f(a): return len(a)"),
        ("def f(a): return a(x=1)", "def f(a): return a(y=1)"),
    ],
)
def test_what_does_something_else_is_another(one: str, other: str) -> None:
    assert texts(one) != texts(other)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("def f(:\n  pass", "cell 1 is not valid Python"),
        ("def f():\n  return " + "(" * 5000 + ")" * 5000, "cell 1 is not valid Python"),
        ("def f():\n  return " + "x.a" * 1 + "".join(".b" for _ in range(50_000)), ""),
        ("def f():\n  return '" + "x" * (10 << 20) + "'", "more than 10 MB"),
        ("def f():\n  return '" + "x" * (1 << 20) + "'", "too long to be looked into"),
        ("def f():\n  return [" + "1, " * 30_000 + "]", "too long to be compared"),
        ("\n".join(f"def f{n}(): pass" for n in range(500)), "500 definitions"),
        ("def f():\n  '''\x00\ud800", "not valid Python"),
    ],
    ids=["syntax", "nested", "chained", "10 MB", "1 MB", "list", "many", "surrogates"],
)
def test_hostile_sources_cost_nothing_but_their_own_line(cell: str, told: str) -> None:
    found, problems = definitions_of(submission(cell))
    others, none = definitions_of(submission("def corr2d(X, K): return X"))

    assert len(problems) <= 1 and len(found) <= 400
    assert told in " ".join(problems)
    assert [each.name for each in others] == ["corr2d"] and none == []


def test_one_bad_cell_does_not_hide_the_others() -> None:
    found, problems = definitions_of(submission("def f(:", "def corr2d(X, K): return X"))

    assert [each.name for each in found] == ["corr2d"]
    assert problems == ["ada.ipynb, cell 1 is not valid Python."]


def test_what_is_no_notebook_is_said() -> None:
    broken = Submission(Student("bo"), "bo.ipynb", (SourceFile("bo.ipynb", b"{"),), unreadable=("x.pdf is a PDF.",))

    assert definitions_of(broken) == ([], ["x.pdf is a PDF.", "bo.ipynb is not valid JSON (line 1)."])
