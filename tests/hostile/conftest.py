"""A course with secrets planted around it, and sandboxes kept warm for all hostile notebooks."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader import checks, datasets, pipeline, rubric
from grader.answer_key import AnswerKey
from grader.commands import isolation
from grader.kernel.sandbox import Confinement
from grader.kernel.template import Sandboxes
from grader.records import Assignment, Grade, Profile, Submission
from tests.hostile import cases
from tests.hostile.standing import Secrets


@dataclass(frozen=True, slots=True)
class Ground:
    """Where hostile notebooks are graded: a course, a folder of results, and the secrets in and around them."""

    course: Path
    results: Path
    secrets: Secrets
    assignment: Assignment


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A course folder of its own. One secret lies in it, one among the results, one at home, one in the environment."""
    if problem := isolation.bubblewrap_problem():
        pytest.skip(problem)
    secrets = Secrets.new("course", "results", "home", "environment")
    course, results = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("results")
    shutil.copy(cases.HERE / "course" / "rubric.yaml", course)
    shutil.copytree(cases.HERE.parent.parent / "reference", course / "reference")
    (course / "reference" / "answers.txt").write_text(secrets.by_place["course"])
    (results / "gradebook.db").write_text(secrets.by_place["results"])
    for folder in (course, results):
        folder.chmod(0o755)  # whoever sees it may read it, so that only the mounts protect it
    home = Path.home() / f".{secrets.by_place['home'][:16].lower()}"
    home.write_text(secrets.by_place["home"])
    os.environ["GRADER_CANARY"] = secrets.by_place["environment"]
    try:
        assignment = rubric.choose(rubric.load(course, checks.bind), None)
        yield Ground(course, results, secrets, assignment)
    finally:
        del os.environ["GRADER_CANARY"]
        home.unlink()


@dataclass(frozen=True, slots=True)
class Desk:
    """Grades one submission after another in the same sandboxes, as a worker does."""

    course: pipeline.Course

    def grade(self, submission: Submission, **limits: float) -> Grade:
        """The grade, under other limits where wanted."""
        assignment = self.course.assignment
        changed = dataclasses.replace(assignment, limits=dataclasses.replace(assignment.limits, **limits))  # type: ignore[arg-type]  # fields are int or float
        return pipeline.grade(submission, dataclasses.replace(self.course, assignment=changed))


class Desks:
    """Desks kept warm, one for each isolation; set up anew where an attack has closed one."""

    def __init__(self, ground: Ground, stack: ExitStack) -> None:
        self._ground = ground
        self._stack = stack
        self._key = AnswerKey(ground.course, ground.assignment.reference, secret=b"of this gradebook")
        self._desks: dict[str, Desk] = {}

    def __getitem__(self, isolation: str) -> Desk:
        if isolation not in self._desks or self._desks[isolation].course.sandboxes.isolation.split()[0] != isolation:
            self._desks[isolation] = self._set_up(isolation)
        return self._desks[isolation]

    def _set_up(self, isolation: str) -> Desk:
        confinement = Confinement(
            backend="bubblewrap",
            data=datasets.training_folder(),
            limits=self._ground.assignment.limits,
            secrets=(self._ground.course, self._ground.results),
        )
        sandboxes = self._stack.enter_context(Sandboxes(confinement, warm=isolation == "forked"))
        desk = Desk(pipeline.Course(self._ground.assignment, self._key, sandboxes, "cpu", Profile.QUICK))
        if isolation == "forked":
            desk.grade(cases.submission(cases.HONEST))  # so that the template is there
        return desk


@pytest.fixture(scope="session")
def desks(ground: Ground) -> Iterator[Desks]:
    """Where hostile notebooks are graded one after the other."""
    with ExitStack() as stack:
        yield Desks(ground, stack)
