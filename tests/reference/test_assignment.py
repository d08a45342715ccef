"""The notebooks students receive: valid, empty of outputs, and complete with respect to the rubric."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from reference.hw2_cnn import solutions
from tests.reference.asking import ASKED, ITEMS, ROOT, answers, same, solution
from tests.reference.solving import ANSWER, DISCUSSION, solve, stubbed_names

FILES = sorted((ROOT / "assignments" / "hw2-cnn").glob("*.ipynb"))
NOTEBOOKS: dict[str, dict[str, Any]] = {file.stem: json.loads(file.read_text()) for file in FILES}
every_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS.values(), ids=NOTEBOOKS)


def sources(notebook: dict[str, Any], kind: str) -> list[str]:
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


CODE = [source for notebook in NOTEBOOKS.values() for source in sources(notebook, "code")]
MARKDOWN = [source for notebook in NOTEBOOKS.values() for source in sources(notebook, "markdown")]


def test_there_is_one_notebook_for_each_chapter() -> None:
    assert list(NOTEBOOKS) == ["hw2-chapter-7", "hw2-chapter-8"]


@every_notebook
def test_a_notebook_is_valid_and_has_cell_ids(notebook: dict[str, Any]) -> None:
    nbformat.validate(notebook)

    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])


@every_notebook
def test_a_notebook_was_not_run(notebook: dict[str, Any]) -> None:
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]

    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


@every_notebook
def test_the_first_code_cell_holds_the_imports_of_the_rubric(notebook: dict[str, Any]) -> None:
    prelude = ["import torch", "from torch import nn", "from torch.nn import functional as F"]

    first = [line.strip() for line in sources(notebook, "code")[0].splitlines()]

    assert {*prelude, "from d2l import torch as d2l", "from grader import check"} <= set(first)


@pytest.mark.parametrize("target", sorted({item["target"] for item in ASKED}))
def test_a_definition_has_a_stub_and_a_check(target: str) -> None:
    assert sum(target in stubbed_names(source) for source in CODE if "NotImplementedError" in source) == 1
    assert CODE.count(f"check({target})") == 1


@pytest.mark.parametrize(("name", "cells"), [("X", 1), ("K", 1), ("conv2d", 1), ("pool2d", 4)])
def test_a_name_that_the_rubric_looks_at_is_left_open(name: str, cells: int) -> None:
    assert sum(name in stubbed_names(source) for source in CODE) == cells


@pytest.mark.parametrize("section", [item["section"] for item in ITEMS if item["check"] == "answered"])
def test_a_section_has_a_heading_and_one_cell_for_its_discussion(section: str) -> None:
    assert sum(text.startswith(f"## {section} ") for text in MARKDOWN) == 1
    assert MARKDOWN.count(f"### Discussion {section}\n\n{DISCUSSION}") == 1


def test_every_target_of_the_rubric_has_its_place() -> None:
    code = {name for source in CODE for name in stubbed_names(source)}
    targets = {name for item in ITEMS if item["check"] != "answered" for name in item["target"].split(", ")}

    assert targets <= code


@every_notebook
def test_a_solved_notebook_leaves_nothing_open(notebook: dict[str, Any]) -> None:
    solved = solve(notebook)

    nbformat.validate(solved)
    assert not [source for source in sources(solved, "code") if stubbed_names(source)]
    assert not [text for text in sources(solved, "markdown") if DISCUSSION in text]
    assert any(ANSWER in text for text in sources(solved, "markdown"))


@every_notebook
def test_solving_leaves_the_assignment_as_it_was(notebook: dict[str, Any]) -> None:
    before = json.dumps(notebook)

    solve(notebook)

    assert json.dumps(notebook) == before


class Classifier(nn.Module):
    """As much of the book's class as the answers need."""

    net: nn.Module

    def save_hyperparameters(self) -> None: ...

    def layer_summary(self, shape: tuple[int, ...]) -> None: ...

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.net(X)
        return scores


class Book:
    """As much of d2l as the answers need; the book's corr2d gives float32 whatever it gets."""

    Classifier = Classifier
    init_cnn = staticmethod(solutions.init_cnn)

    @staticmethod
    def corr2d(X: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
        return solutions.corr2d(X, K).float()


@pytest.fixture(scope="module")
def defined() -> dict[str, Any]:
    """Run the solved notebooks without imports, checks and training, and keep the first binding of each open name."""
    torch.manual_seed(0)
    first: dict[str, Any] = {}
    for notebook in NOTEBOOKS.values():
        namespace: dict[str, Any] = {"torch": torch, "nn": nn, "F": F, "d2l": Book}
        for cell, solved in zip(notebook["cells"], solve(notebook)["cells"], strict=True):
            source = "".join(solved["source"])
            if solved["cell_type"] == "code" and not any(word in source for word in ("import", "check(", "Trainer")):
                exec(source, namespace)
                for name in stubbed_names("".join(cell["source"])):
                    value = namespace[name]
                    first.setdefault(name, value.clone() if isinstance(value, torch.Tensor) else value)
    return first


@pytest.mark.parametrize("item", ASKED, ids=lambda item: item["id"])
def test_a_solved_notebook_answers_like_the_reference(item: dict[str, Any], defined: dict[str, Any]) -> None:
    student, reference = (answers(item, target) for target in (defined[item["target"]], solution(item["target"])))

    assert all(map(same, student, reference))


def test_a_solved_notebook_learns_the_kernel_it_found_the_edges_with(defined: dict[str, Any]) -> None:
    assert torch.equal(defined["X"], solutions.X)
    assert torch.equal(defined["K"], solutions.K)
    torch.testing.assert_close(defined["conv2d"].weight.data[0, 0], solutions.K, rtol=0, atol=0.15)
