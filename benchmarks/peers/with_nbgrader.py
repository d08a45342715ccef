"""The homework under nbgrader: two courses of half the students each, because two processes on one gradebook.db wait
for each other."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import assertions
import homework
import nbformat
from measuring import Cost, measured
from nbformat import NotebookNode

NAME = "hw2"
_READ = """
import json, sys
from nbgrader.api import Gradebook
with Gradebook(f"sqlite:///{sys.argv[1]}") as book:
    marks = {
        each.student.id: {grade.name: grade.score for notebook in each.notebooks for grade in notebook.grades}
        for each in book.assignment_submissions(sys.argv[2])
    }
print(json.dumps(marks))
"""


class Nbgrader:
    """Two course folders below `folder`, ready to be graded."""

    def __init__(
        self, python: Path, env: Mapping[str, str], folder: Path, students: Sequence[homework.Student]
    ) -> None:
        self._python, self._env, self._folder = python, env, folder
        self._courses = [folder / f"course{number}" for number in (1, 2)]
        for course, half in zip(self._courses, (students[::2], students[1::2]), strict=True):
            _write(course / "source" / NAME, half[0])
            (course / "nbgrader_config.py").write_text("c = get_config()\nc.ExecutePreprocessor.timeout = 60\n")
            command = [python, "-m", "nbgrader", "generate_assignment", NAME, "--create"]
            subprocess.run(command, cwd=course, env=env, check=True, capture_output=True)
            for student in half:
                _write(course / "submitted" / student.id / NAME, student)

    def grade(self) -> Cost:
        """Autograde everything anew."""
        for course in self._courses:
            shutil.rmtree(course / "autograded", ignore_errors=True)
        options = ["--log-level=ERROR", "--CourseDirectory.root="]
        commands = [
            [str(self._python), "-m", "nbgrader", "autograde", NAME, "--force", options[0], f"{options[1]}{course}"]
            for course in self._courses
        ]
        return measured(commands, self._folder / "log", cwd=self._folder, env=self._env)

    def marks(self) -> Mapping[str, Mapping[str, bool]]:
        """By student and item whether it was earned."""
        found: dict[str, Mapping[str, bool]] = {}
        for course in self._courses:
            command = [self._python, "-c", _READ, course / "gradebook.db", NAME]
            read = subprocess.run(command, env=self._env, check=True, capture_output=True, text=True)
            for student, scores in json.loads(read.stdout).items():
                found[student] = {item: bool(score) for item, score in scores.items()}
        return found


def _write(folder: Path, student: homework.Student) -> None:
    folder.mkdir(parents=True)
    nbformat.write(homework.notebook(student, _written), folder / f"{NAME}.ipynb")


def _written(part: str, source: str) -> list[NotebookNode]:
    """The student's cell, and a locked cell with the assertions of each item behind it."""
    cells = [_cell(part, source, grade=False, solution=True, locked=False)]
    for item in homework.PARTS[part]:
        text = f"{assertions.source(item)}\n\nasserted({', '.join(assertions.parameters(item))})"
        cells.append(_cell(item, text, grade=True, solution=False, locked=True, points=1))
    return cells


def _cell(name: str, source: str, **kind: bool | int) -> NotebookNode:
    cell = nbformat.v4.new_code_cell(source)
    cell.metadata["nbgrader"] = {"schema_version": 3, "grade_id": name, "task": False, **kind}
    return cell
