"""`grader check --watch` at a terminal, as a student uses it."""

from __future__ import annotations

import io
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.test_cli import RIGHT, ROOT, write_notebook

WRONG = RIGHT.replace("(u * K)", "(u * K.flip(0, 1))")
RAN = "import os\nwith open({log!r}, 'a') as log:\n  print(os.getpid(), file=log)"
ENDLESS = "import time\nwhile True:\n  time.sleep(1)"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Student:
    """Saves a notebook whose every run writes down its process, and sees what the terminal says."""

    def __init__(self, folder: Path) -> None:
        self.notebook = folder / "hw.ipynb"
        self._log = folder / "ran"
        self._seen = io.StringIO()

    def save(self, *cells: str) -> None:
        """As an editor that writes another file and renames it."""
        written = write_notebook(self.notebook.with_suffix(".tmp"), RAN.format(log=str(self._log)), *cells)
        written.replace(self.notebook)

    def watch(self, *arguments: str) -> pexpect.spawn[str]:
        command = ["-m", "grader", "check", str(self.notebook), *arguments, "--watch"]
        person = pexpect.spawn(sys.executable, command, cwd=ROOT, dimensions=(40, 100), encoding="utf-8", timeout=100)
        person.logfile_read = self._seen
        return person

    @property
    def screen(self) -> str:
        return ESCAPES.sub("", self._seen.getvalue())

    @property
    def runs(self) -> list[int]:
        """The process of each run."""
        return [int(line) for line in self._log.read_text().split()] if self._log.exists() else []


@pytest.fixture
def student(tmp_path: Path) -> Student:
    return Student(tmp_path)


@pytest.fixture
def person(student: Student) -> Iterator[pexpect.spawn[str]]:
    student.save("import torch", WRONG)
    opened = student.watch("corr2d-values", "--course", str(ROOT))
    try:
        yield opened
    finally:
        opened.close(force=True)


def test_a_wrong_save_then_a_right_one_then_ctrl_c_amid_a_run(student: Student, person: pexpect.spawn[str]) -> None:
    person.expect("Waiting for the next save; Ctrl-C ends.")
    student.save("import torch", RIGHT)
    person.expect("Waiting for the next save")
    student.save("import torch", WRONG, ENDLESS)
    person.expect(r"\d\d:\d\d:\d\d  hw.ipynb")
    while len(student.runs) < 3:
        assert person.isalive()
        time.sleep(0.05)
    person.sendintr()
    while person.isalive():  # and again and again, until it has ended
        time.sleep(0.02)
        person.sendintr()
    person.expect(pexpect.EOF)
    person.close()

    _, first, second, third = re.split(r"─+ \d\d:\d\d:\d\d  hw\.ipynb ─+", student.screen)
    assert "no     7.2  corr2d computes the cross-correlation" in first
    assert "This is convolution: the kernel is flipped." in first
    assert "unofficial: 0 of 1 passed. Hidden" in first
    assert "passes now:       7.2  corr2d computes the cross-correlation" in second
    assert "unofficial: 1 of 1 passed (0 before)." in second
    assert not third.replace("^C", "").strip()
    assert person.exitstatus == 0  # that of the last run which was over
    assert len(set(student.runs)) == 3
    assert not [pid for pid in student.runs if os.path.exists(f"/proc/{pid}")]


def test_what_is_not_there_or_no_notebook_is_one_line(tmp_path: Path) -> None:
    person = Student(tmp_path).watch("--course", str(ROOT))
    person.expect("does not exist")
    person.expect(pexpect.EOF)
    person.close()

    assert person.exitstatus == 2
