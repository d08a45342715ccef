"""Data that came with a submission is told: in cells, in modules, in files of their own."""

from __future__ import annotations

import json

import pytest

from grader.notebook import carried, read
from grader.records import SourceFile

TABLE = "TABLE = {" + ", ".join(f"'{number:012x}': {number % 10}" for number in range(2000)) + "}"
WEIGHTS = f"WEIGHTS = '{'A' * 30_000}'"


def told(*sources: str, files: tuple[SourceFile, ...] = ()) -> list[str]:
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": each}
        for each in sources
    ]
    content = json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}).encode()
    return carried([read(SourceFile("ada.ipynb", content))], files)


@pytest.mark.parametrize(("source", "amount"), [(TABLE, "26,000"), (WEIGHTS, "30,000")], ids=["table", "weights"])
def test_a_cell_full_of_data_is_told(source: str, amount: str) -> None:
    assert told("x = 1", source) == [f"Cell 2 of ada.ipynb holds {amount} characters of data."]


@pytest.mark.parametrize(
    "file",
    [
        SourceFile("weights.pt", bytes(50_000)),
        SourceFile("lib/table.py", WEIGHTS.encode()),
        SourceFile("big.py", b"#" * 300_000),
    ],
    ids=["weights", "module", "module-too-long-to-read"],
)
def test_a_file_of_data_is_told(file: SourceFile) -> None:
    (sentence,) = told(files=(file,))

    assert sentence.startswith(f"{file.name} holds ")


def test_of_many_modules_only_so_much_is_looked_into() -> None:
    code = "a.b;" * 12_000  # no data, as far as anybody looks
    files = tuple(SourceFile(f"m{number:02}.py", code.encode()) for number in range(20))

    assert told(files=files) == [f"m{number:02}.py holds 48,000 bytes of data." for number in range(12, 20)]


def test_ordinary_code_pictures_and_texts_are_no_data() -> None:
    code = '"""' + "A long explanation. " * 200 + '"""\n' + "\n".join(f"x{n} = {n} * {n}" for n in range(500))
    files = (
        SourceFile("me.png", bytes(90_000)),
        SourceFile("notes.md", b"a" * 90_000),
        SourceFile("help.py", b"y = 2"),
    )

    assert told(code, "def broken(:" + "a" * 30_000, files=files) == []
