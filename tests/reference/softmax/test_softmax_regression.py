"""Softmax regression, the assignment that was made with `grader new`: in step, right, and found by its names."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch
from torch.nn import functional as F

from grader import checks, cli, datasets, notebook, rubric
from grader.commands import choosing
from grader.commands.isolation import bubblewrap_problem
from grader.errors import DataMissing
from grader.records import Assignment, SourceFile, Student, Submission
from grader.verifying import styles
from reference.softmax_regression import inputs, misconceptions, solutions, stand_ins

ROOT = Path(__file__).parents[3]
NOTEBOOK = ROOT / "assignments" / "softmax-regression" / "softmax-regression.ipynb"
STYLES = ROOT / "reference" / "softmax_regression" / "styles"
CASES = range(20)


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return rubric.choose(rubric.load(ROOT, checks.bind), "softmax-regression")


def drawn(name: str, case: int) -> tuple[Any, ...]:
    args: tuple[Any, ...] = getattr(inputs, name)(torch.Generator().manual_seed(case), case).args
    return args


# ---- what students receive -------------------------------------------------------------------------------------------


def test_the_stubs_are_those_of_the_reference(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["stubs", "softmax-regression", "--course", str(ROOT), "--check"]) == 0, capsys.readouterr().out


def test_the_notebook_asks_for_every_target_and_checks_it(assignment: Assignment) -> None:
    content = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    read = notebook.read(SourceFile("handed-in.ipynb", NOTEBOOK.read_bytes()))
    sources = [cell.source for cell in read.code]
    targets = {item.target for item in assignment.items if item.check != "answered"}

    nbformat.validate(content)
    # The notebook's own `check` stands in for a grader that is not installed.
    assert {name for source in sources for name in notebook.definitions(source)} == targets | {"check"}
    assert {f"check({name})" for name in targets} <= set(sources)


def test_it_is_found_by_its_names() -> None:
    course = rubric.load(ROOT, checks.bind)
    handed_in = Submission(Student("ada"), "a.ipynb", (SourceFile("a.ipynb", NOTEBOOK.read_bytes()),))

    assert choosing.choose(course, None, [handed_in])[0].name == "softmax-regression"


# ---- the reference, against torch ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_the_functions_agree_with_those_of_torch(case: int) -> None:
    (X,) = drawn("softmax_inputs", case)
    y_hat, y = drawn("cross_entropy_inputs", case)
    scores, labels = drawn("accuracy_inputs", case)

    torch.testing.assert_close(solutions.softmax(X), torch.softmax(X, dim=1))
    torch.testing.assert_close(solutions.cross_entropy(y_hat, y), F.nll_loss(y_hat.log(), y))
    right = sum(int(row.topk(1).indices) == int(label) for row, label in zip(scores, labels, strict=True))
    assert float(solutions.accuracy(scores, labels)) == pytest.approx(right / len(labels))


@pytest.mark.parametrize("case", range(10))
def test_a_step_is_that_of_torchs_optimiser(case: int) -> None:
    W, b, X, y, lr = drawn("train_step_inputs", case)
    mine = W.clone().requires_grad_(), b.clone().requires_grad_()
    optimizer = torch.optim.SGD(mine, lr=lr)
    F.cross_entropy(X @ mine[0] + mine[1], y).backward()
    optimizer.step()

    for ours, theirs in zip(solutions.train_step(W, b, X, y, lr), mine, strict=True):
        torch.testing.assert_close(ours, theirs.detach())


@pytest.mark.parametrize("name", sorted(stand_ins.STAND_INS))
@pytest.mark.parametrize("case", CASES)
def test_a_stand_in_gives_what_the_solution_gives(name: str, case: int) -> None:
    args = drawn(f"{name}_inputs", case)

    torch.testing.assert_close(stand_ins.STAND_INS[name](*args), getattr(solutions, name)(*args))


def test_accuracies_of_all_kinds_are_asked_for_and_none_hangs_on_a_tie() -> None:
    found = set()
    for case in CASES:
        scores, labels = drawn("accuracy_inputs", case)
        if scores.shape[1] > 1:
            best = scores.topk(2, dim=1).values
            assert bool((best[:, 0] > best[:, 1]).all())
        found.add(float(solutions.accuracy(scores, labels)))

    assert 1.0 in found and min(found) < 0.3 and len(found) > 4


def test_every_misconception_has_a_sentence_of_its_own() -> None:
    every = [each for versions in misconceptions.MISCONCEPTIONS.values() for each in versions]
    sentences = [" ".join((each.__doc__ or "").split()) for each in every]

    assert len(set(sentences)) == len(sentences) > 40
    assert all(sentence.endswith(".") and len(sentence) < 140 for sentence in sentences)


# ---- end to end ------------------------------------------------------------------------------------------------------


def test_the_books_own_class_whose_parameters_are_plain_tensors_learns(assignment: Assignment, tmp_path: Path) -> None:
    if problem := bubblewrap_problem():
        pytest.skip(f"{problem}: bubblewrap would run this")
    try:
        datasets.folder("fashion_mnist")
    except DataMissing as error:
        pytest.skip(f"{error} would run this")
    style = next(each for each in styles.load(STYLES, assignment) if each.name == "as_in_the_book")
    (tmp_path / "ada.ipynb").write_bytes(style.submission.notebooks[0].content)

    out = tmp_path / "results"
    arguments = ["grade", str(tmp_path / "ada.ipynb"), "--out", str(out), "--course", str(ROOT)]
    cli.main([*arguments, "--assignment", "softmax-regression", "--item", "softmax-accuracy", "--profile", "quick"])

    with (out / "items.csv").open(encoding="utf-8-sig") as file:
        rows = {row["item"]: row for row in csv.DictReader(file)}
    assert rows["softmax-accuracy"]["outcome"] == "passed", rows["softmax-accuracy"]["message"]
