"""`grader similar` as it is typed, and the page that it writes."""

from __future__ import annotations

import html.parser
import json
import random
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmarks.similarity.planting import Author, authors, copied
from grader import cli
from grader.reports.similarity import page
from grader.similarity import Compared, Work, compare, in_text

ROOT = Path(__file__).parents[2]
EVERYBODY = {author.name: author for author in authors()}


def notebook(author: Author, folder: Path, name: str, *more: str) -> Path:
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
        for source in (*author.sources, *more)
    ]
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}))
    return path


@pytest.fixture
def class_(tmp_path: Path) -> Path:
    for name in ("bruno", "chen", "elif"):
        notebook(EVERYBODY[name], tmp_path / "in", name)
    notebook(copied(EVERYBODY["chen"], "all of it", random.Random(1)), tmp_path / "in", "nora", "def f(:")
    return tmp_path / "in"


def similar(folder: Path, *more: str) -> int:
    out = str(folder.parent / "results")
    return cli.main(["similar", str(folder), "--out", out, "--course", str(ROOT), "--assignment", "hw2-cnn", *more])


def test_it_names_pairs_and_writes_the_page(class_: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = similar(class_)

    printed = capsys.readouterr().out.splitlines()
    text = (class_.parent / "results" / "similar.html").read_text()
    assert code == 0
    assert printed[0].startswith("chen and nora: ")
    assert printed[-2] == ("4 submissions compared: 1 pair to look at. A matter for a person, never a mark.")
    assert re.fullmatch(r"not compared: nora: nora\.ipynb, cell \d+ is not valid Python\.", printed[-3])
    assert "This is a matter for a person, and no mark depends on it." in text
    assert "section 7.2" in text and "nora: nora.ipynb, cell" in text
    assert "is not valid Python." in text


def test_what_is_given_as_expected_is_nobodys_copy(class_: Path, capsys: pytest.CaptureFixture[str]) -> None:
    similar(class_, "--expected", str(class_ / "chen.ipynb"))

    assert "0 pairs to look at" in capsys.readouterr().out


def test_the_assignments_own_code_is_nobodys_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    for student in ("ada", "bo", "cy"):
        shutil.copy(ROOT / "assignments" / "hw2-cnn" / "hw2-chapter-7.ipynb", tmp_path / "in" / f"{student}.ipynb")
    solutions = (ROOT / "reference" / "hw2_cnn" / "solutions.py").read_text()
    for student in ("di", "eva"):
        notebook(Author(student, (solutions,)), tmp_path / "in", student)

    similar(tmp_path / "in")

    assert "5 submissions compared: 0 pairs to look at" in capsys.readouterr().out


def test_grading_knows_nothing_of_it(class_: Path) -> None:
    out = class_.parent / "results"
    similar(class_)
    grade = ["grade", str(class_), "--out", str(out), "--course", str(ROOT), "--assignment", "hw2-cnn"]
    grade += ["--sandbox", "none", "--device", "cpu", "--runner", "inline", "--item", "written-7.1"]
    assert cli.main(grade) == 0
    with_it = {name: (out / name).read_bytes() for name in ("grades.csv", "items.csv")}
    shutil.rmtree(out)
    assert cli.main(grade) == 0

    assert {name: (out / name).read_bytes() for name in with_it} == with_it


@pytest.mark.parametrize("more", [["--expected", "nosuch.py"], ["--assignment", "hw9"]], ids=str)
def test_bad_input_gets_one_line(class_: Path, capsys: pytest.CaptureFixture[str], more: list[str]) -> None:
    assert similar(class_, *more) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


class Reader(html.parser.HTMLParser):
    """The elements of a page and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.marked: list[str] = []
        self._in = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        self._in = tag

    def handle_data(self, data: str) -> None:
        if self._in == "mark":
            self.marked.append(data)


def test_what_students_wrote_is_text_and_nothing_else() -> None:
    evil = EVERYBODY["bruno"].sources[0].replace("\n", "  # </pre><script>alert(1)</script>\x1b[2J\u202e\n", 1)
    works = [
        Work("<img src=x onerror=alert(1)>", "<b>Ada</b>", in_text("\n\n".join([evil, *EVERYBODY["bruno"].sources]), "<i>.py")),
        EVERYBODY["bruno"].work,
    ]  # fmt: skip

    text = page(compare(works), title="<u>HW", students=2, sections={}, unread=["<s>x"])

    assert not {"script", "img", "b1", "i", "u", "s"} & Reader(text).tags
    assert "&lt;script&gt;" in text and "\x1b" not in text and "\u202e" not in text
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert "default-src &#39;none&#39;" in policy and "script-src" not in policy and "unsafe" not in policy


def test_lines_that_match_are_marked() -> None:
    copy = copied(EVERYBODY["bruno"], "dead code", random.Random(1))
    text = page(compare([EVERYBODY["bruno"].work, copy.work]), title="HW", students=2, sections={})

    marked = "".join(Reader(text).marked)
    assert "BatchNorm2d" in marked
    assert "len(unused) &gt; 9" in text


def test_a_class_without_pairs_has_a_page_that_says_so() -> None:
    assert "Nobody shares more than the task explains." in page(Compared([], []), title="HW", students=3, sections={})
