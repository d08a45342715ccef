"""The assignment is found by what the submitted notebooks define; data sets that are lacking are told once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader import checks, datasets, notebook, rubric, submissions
from grader.commands import choosing
from grader.errors import DataMissing, RubricError, UsageError
from grader.notebook import cells
from grader.records import Rubric, SourceFile, Student, Submission

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def course() -> Rubric:
    return rubric.load(ROOT, checks.bind)


def handed_in(*cells: str, attached: str = "", name: str = "ada") -> Submission:
    rows = [{"cell_type": "code", "source": cell} for cell in cells]
    content = json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": rows}).encode()
    files = (SourceFile("nets.py", attached.encode()),) if attached else ()
    return Submission(Student(name), f"{name}.ipynb", (SourceFile(f"{name}.ipynb", content),), files)


def test_the_examples_are_found_to_be_what_they_are(course: Rubric) -> None:
    homework, lab = (
        submissions.read([ROOT / folder]) for folder in ("examples/submissions", "examples/lab/submissions")
    )

    assert choosing.choose(course, None, homework)[0].name == "hw2-cnn"
    assert choosing.choose(course, None, lab)[0].name == "lab-cnn"


def test_the_choice_is_said(course: Rubric) -> None:
    one = handed_in("!pip install x\nclass CNN(nn.Module):\n    pass")

    assert choosing.choose(course, None, [one])[1] == "Assignment: lab-cnn (its names fit this notebook best)"
    assert choosing.choose(course, None, [one, one])[1] == "Assignment: lab-cnn (its names fit these notebooks best)"


def test_nothing_is_said_where_the_name_was_given(course: Rubric) -> None:
    chosen, said = choosing.choose(course, "hw2-cnn", [handed_in("class CNN: pass")])

    assert (chosen.name, said) == ("hw2-cnn", "")


def test_the_only_assignment_needs_no_notebook_that_fits(course: Rubric) -> None:
    only = Rubric(course.course, {"lab-cnn": course.assignments["lab-cnn"]})

    assert choosing.choose(only, None, [])[1] == ""


def test_an_attached_module_counts(course: Rubric) -> None:
    submission = handed_in("from nets import *", attached="class CNN:\n    pass\n")

    assert choosing.choose(course, None, [submission])[0].name == "lab-cnn"


def test_only_what_is_defined_counts(course: Rubric) -> None:
    submission = handed_in("model = CNN()", "# class CNN: def corr2d", "print('def corr2d(X, K): pass')")

    with pytest.raises(RubricError, match="give --assignment NAME"):
        choosing.choose(course, None, [submission])


def test_an_unreadable_notebook_does_not_decide(course: Rubric) -> None:
    broken = Submission(Student("kofi"), "kofi.ipynb", (SourceFile("kofi.ipynb", b"%PDF-1.4"),))

    assert choosing.choose(course, None, [broken, handed_in("class CNN: pass")])[0].name == "lab-cnn"


def test_of_a_large_class_a_sample_is_read(course: Rubric, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def noted(file: SourceFile) -> notebook.Notebook:
        read.append(file.name)
        return cells.read(file)

    monkeypatch.setattr(notebook, "read", noted)
    many = [handed_in("class CNN: pass", name=f"s{number:03}") for number in range(401)]

    assert choosing.choose(course, None, many)[0].name == "lab-cnn"
    assert 30 < len(read) <= 40
    assert len(set(read)) == len(read)


def test_a_data_set_that_is_lacking_is_told_once_for_all_its_items(
    course: Rubric, monkeypatch: pytest.MonkeyPatch
) -> None:
    def folder(name: str) -> Path:
        if name == "mnist":
            return Path()
        raise DataMissing(f"data set not found: {name}; get it")

    monkeypatch.setattr(datasets, "folder", folder)
    items = {name: each.items for name, each in course.assignments.items()}

    assert list(choosing.missing_data(items["lab-cnn"])) == [
        "cifar10-accuracy will wait for staff: data set not found: cifar10; get it"
    ]
    assert list(choosing.missing_data(items["hw2-cnn"])) == [
        "lenet-accuracy, vgg-accuracy, resnet18-accuracy will wait for staff: data set not found: fashion_mnist; get it"
    ]


def test_where_nothing_can_be_read_the_broken_file_is_told_and_not_the_choice(course: Rubric, tmp_path: Path) -> None:
    (tmp_path / "hw2.ipynb").write_bytes(b"%PDF-1.7")

    with pytest.raises(UsageError) as caught:
        choosing.choose(course, None, submissions.read([tmp_path]))

    told = str(caught.value)
    assert told.startswith(
        "hw2.ipynb is a PDF, not a notebook. To have it in the table all the same, give --assignment "
    )
    assert "hw2-cnn" in told and "lab-cnn" in told


def test_of_many_broken_files_the_first_are_told(course: Rubric, tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.ipynb").write_bytes(b"")

    with pytest.raises(
        UsageError, match=r"^0\.ipynb is empty .* 2\.ipynb is empty \(0 bytes\)\. \(2 more are like that"
    ):
        choosing.choose(course, None, submissions.read([tmp_path]))
