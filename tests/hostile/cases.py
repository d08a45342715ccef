"""Read the hostile notebooks and what they deserve.

    <id>/notebook.md    text is a markdown cell, a python fence is a code cell; the first line names cheat and counter
    <id>/expected.yaml  the verdict: see `Case`

In a notebook, ` ```python name.py ` is a file handed in beside it, `[honest: corr2d, discussion]` stands for the
cells of honest/notebook.md that define these names, and `@PORT@` for what the test that hands it in fills in.
README.md tells which case stands for which attack of the catalogue.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from grader.records import SourceFile, Student, Submission

HERE = Path(__file__).parent
HONEST = "honest"
_FENCE = re.compile(r"^```python *([\w./-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_BORROWED = re.compile(r"^\[honest: ([\w, ]+)\]$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Case:
    """One hostile notebook with its verdict.

    Args:
        id: the name of its folder.
        outcomes: what becomes of every item; several where a race decides.
        messages: by item, a pattern that its message has.
        said: patterns of what the attack itself reported; they prove that it ran, and how far it came.
        isolations: how it is run: forked, bubblewrap.
        limits: limits of the course that it changes.
        claims: what stands in the metadata of the notebook and of every cell, and as output of its code cells.
        hangs: how many cells and probes run until the grader kills the sandbox.
        slow: the isolations in which it takes long.
        finding: why the test fails at present; empty when it passes.
        finding_in: the isolations in which it does.
    """

    id: str
    outcomes: Mapping[str, str | list[str]]
    messages: Mapping[str, str] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    isolations: tuple[str, ...] = ("forked",)
    limits: Mapping[str, float] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)
    hangs: Mapping[str, int] = field(default_factory=dict)
    slow: tuple[str, ...] = ()
    finding: str = ""
    finding_in: tuple[str, ...] = ("forked", "bubblewrap")


@cache
def read(name: str) -> Case:
    """The case in a folder."""
    row: dict[str, Any] = yaml.safe_load((HERE / name / "expected.yaml").read_text())
    unknown = set(row) - {each.name for each in fields(Case)}
    assert not unknown, f"{name}/expected.yaml: unknown keys {unknown}"
    for key in ("said", "isolations", "slow", "finding_in"):
        if key in row:
            row[key] = tuple(row[key])
    return Case(name, **row)


def every() -> list[Case]:
    """All cases by name."""
    return [read(path.parent.name) for path in sorted(HERE.glob("*/expected.yaml"))]


def submission(name: str, *, filled_in: Mapping[str, str] | None = None) -> Submission:
    """What is handed in: the notebook as Jupyter would save it, with the files beside it."""
    text = (HERE / name / "notebook.md").read_text()
    claims = dict(read(name).claims) if (HERE / name / "expected.yaml").exists() else {}
    for mark, value in (filled_in or {}).items():
        text = text.replace(f"@{mark}@", value)
    text = _BORROWED.sub(_borrowed, text)
    cells: list[dict[str, Any]] = []
    files: list[SourceFile] = []
    end = 0
    for fence in _FENCE.finditer(text):
        cells += _written(text[end : fence.start()])
        end = fence.end()
        file, source = fence.groups()
        if file:
            files.append(SourceFile(file, source.encode()))
        else:
            outputs = [{"output_type": "execute_result", "data": {"application/json": claims}}] if claims else []
            cells.append({"cell_type": "code", "source": source, "outputs": outputs, "execution_count": None})
    cells += _written(text[end:])
    cells = [{**cell, "metadata": claims} for cell in cells]
    notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": claims, "cells": cells}
    content = json.dumps(notebook).encode()
    return Submission(
        Student(name), f"{name}.ipynb", (SourceFile(f"{name}.ipynb", content),), attachments=tuple(files), sha256=name
    )


def _written(text: str) -> list[dict[str, Any]]:
    text = text.strip()
    return [{"cell_type": "markdown", "source": text}] if text else []


def _borrowed(directive: re.Match[str]) -> str:
    pieces = _honest()
    return "\n".join(pieces[name.strip()] for name in directive.group(1).split(","))


@cache
def _honest() -> dict[str, str]:
    text = (HERE / HONEST / "notebook.md").read_text()
    pieces = {}
    for fence in _FENCE.finditer(text):
        (name,) = re.findall(r"^(?:def|class) (\w+)", fence.group(2), re.MULTILINE)
        pieces[name] = fence.group()
    pieces["discussion"] = text[text.index("### Discussion") :]
    return pieces
