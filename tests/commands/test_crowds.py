"""A class that was taken for one student."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader.commands.crowds import crowds
from grader.records import Assignment, Item, SourceFile, Student, Submission

NUMBER = re.compile(r"(?<!\d)20\d{8}(?!\d)")
ITEMS = tuple(Item(name, "1", name, 1.0, "returns_close", name) for name in ("corr2d", "pool2d", "LeNet", "a, b"))
HOMEWORK = Assignment("hw2", "Homework", Path(), "hw2", ITEMS)
WHOLE = b'{"cells": [{"source": ["def corr2d(X):\\n", "class LeNet(d2l.Classifier):"]}]}'
PART = b'{"cells": [{"source": ["def corr2d(X):\\n"]}]}'


def told(**files: bytes) -> list[str]:
    notebooks = tuple(SourceFile(f"{name}.ipynb", content) for name, content in files.items())
    return [each.why for each in crowds([Submission(Student("spring"), "spring", notebooks)], HOMEWORK, NUMBER)]


def test_three_whole_answers_in_one_folder_are_told() -> None:
    (why,) = told(ada=WHOLE, bo=WHOLE, cy=WHOLE, dee=PART)

    assert why.startswith("3 of its 4 notebooks answer most of the assignment; if it is the folder of a class")


def test_notebooks_with_two_student_numbers_are_told() -> None:
    (why,) = told(hw_2019170361=PART, hw_2019170362=PART)

    assert why.startswith("its 2 notebooks are called by 2 student numbers")


@pytest.mark.parametrize(
    "files",
    [
        {"first": WHOLE, "second": WHOLE},
        {f"section{number}": PART for number in range(9)},
        {"hw_2019170361": WHOLE, "hw_2019170361_7": PART},
        {"alone": WHOLE},
    ],
    ids=["two-tries", "a-notebook-a-section", "one-number", "one-notebook"],
)
def test_one_students_own_notebooks_are_no_crowd(files: dict[str, bytes]) -> None:
    assert told(**files) == []
