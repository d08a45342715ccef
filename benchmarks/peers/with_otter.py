"""The homework under otter-grader: `otter run`, its way without Docker, one process after the other in two queues."""

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

_QUEUE = """
import subprocess, sys
otter, autograder, *names = sys.argv[1:]
for name in names:
    command = [sys.executable, "-m", "otter", "run", "--no-logo", "-a", autograder, "-o", f"results/{name}"]
    subprocess.run([*command, f"submissions/{name}.ipynb"], check=True)
"""
_TEST = """
from otter.test_files import test_case

OK_FORMAT = False
name = {name!r}
points = 1

{source}

@test_case()
def asks({names}):
    asserted({names})
"""


class Otter:
    """Submissions and an autograder.zip below `folder`, ready to be graded."""

    def __init__(
        self, python: Path, env: Mapping[str, str], folder: Path, students: Sequence[homework.Student]
    ) -> None:
        self._python, self._env, self._folder = python, env, folder
        self._names = [student.id for student in students]
        (folder / "tests").mkdir(parents=True)
        (folder / "submissions").mkdir()
        for item in homework.ITEMS:
            names = ", ".join(assertions.parameters(item))
            text = _TEST.format(name=_name(item), source=assertions.source(item), names=names)
            (folder / f"tests/{_name(item)}.py").write_text(text)
        for student in students:
            nbformat.write(homework.notebook(student, _written), folder / f"submissions/{student.id}.ipynb")
        command = [python, "-m", "otter", "generate", "-t", "tests", "-o", "autograder.zip"]
        subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)

    def grade(self) -> Cost:
        """Run everything anew."""
        shutil.rmtree(self._folder / "results", ignore_errors=True)
        for name in self._names:
            (self._folder / "results" / name).mkdir(parents=True)
        start = [str(self._python), "-c", _QUEUE, "otter", "autograder.zip"]
        commands = [[*start, *names] for names in (self._names[::2], self._names[1::2])]
        return measured(commands, self._folder / "log", cwd=self._folder, env=self._env)

    def marks(self) -> Mapping[str, Mapping[str, bool]]:
        """By student and item whether it was earned."""
        items = {_name(item): item for item in homework.ITEMS}
        found: dict[str, Mapping[str, bool]] = {}
        for name in self._names:
            tests = json.loads((self._folder / f"results/{name}/results.json").read_text())["tests"]
            scores = {test["name"].split()[0]: test.get("score", 0) for test in tests}
            found[name] = {item: bool(scores[each]) for each, item in items.items()}
        return found


def _written(part: str, source: str) -> list[NotebookNode]:
    """The student's cell with the tests that `otter run` is to ask behind it, as `otter assign` notes them."""
    cell = nbformat.v4.new_code_cell(source)
    cell.metadata["otter"] = {"tests": [_name(item) for item in homework.PARTS[part]]}
    return [cell]


def _name(item: str) -> str:
    return item.replace("-", "_")
