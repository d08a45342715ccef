"""A course with one small function, whose generator decides how sound its rubric is."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

RUBRIC = """
version: 1
assignments:
  tiny:
    title: Tiny
    items:
      - {id: double-values, section: "1", title: doubles, target: double, points: 2, check: returns_close,
         options: {inputs: double_inputs, cases: 4}}
      - {id: written, section: "1", title: told, target: "1", points: 1, check: answered}
"""
PARTS = {
    "__init__": "",
    "solutions": '''
import torch

FACTOR = 2

def helper(X):
    """Half of the way."""
    return X + 0

def double(X):
    """Give 2 X."""
    return helper(X) * FACTOR
''',
    "inputs": """
from types import SimpleNamespace
import torch

def double_inputs(generator, case):
    return SimpleNamespace(args=(DRAWN,), kwargs={})
""",
    "misconceptions": '''
def tripled(X):
    """This is three times as much: 1 asks to double."""
    return X * 3

MISCONCEPTIONS = {"double": (tripled,)}
''',
    "stand_ins": "STAND_INS = {}\n",
    "equivalents": 'EQUIVALENTS = {"helper": {"X + 0 → X - 0": "nothing is added", "never": "stale"}}\n',
    "book_examples": """
import torch

def double(book):
    assert book.double(torch.ones(1)).tolist() == [2.0]
""",
}
STYLE = """# style: adds instead of multiplying
# %%
def double(X):
    return X + X
"""


class Make(Protocol):
    """Writes a course."""

    def __call__(self, drawn: str = ..., **parts: str) -> Path: ...


@pytest.fixture
def make_course(tmp_path: Path) -> Make:
    def make(drawn: str = "torch.randn(3, generator=generator)", **parts: str) -> Path:
        course = tmp_path / "course"
        folder = course / "reference" / "tiny"
        (folder / "styles").mkdir(parents=True)
        (course / "rubric.yaml").write_text(RUBRIC)
        for name, text in {**PARTS, **parts}.items():
            (folder / f"{name}.py").write_text(text.replace("DRAWN", drawn))
        (folder / "styles" / "adding.py").write_text(STYLE)
        return course

    return make
