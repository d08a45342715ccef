"""Submissions of every shape: what the notebook holds is found, and what is missing is told.

<case>/expected.yaml   what grading gives: see `Case`
<case>/hw2.py          a notebook in the percent format: a file that begins with `# %%`
<case>/...             everything else is handed in as it is
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader import checks, pipeline, rubric, submissions
from grader.answer_key import AnswerKey
from grader.kernel.template import Sandboxes
from grader.records import Profile, Submission

ROOT = Path(__file__).parents[1]
CASES = Path(__file__).parent / "submissions"
MARKER = "# %%"


@dataclass(frozen=True, slots=True)
class Case:
    """What grading a folder gives.

    Args:
        why: what is unusual about the submission.
        outcomes: by item; only these items are graded.
        says: by item, a piece of its message or hint.
        cells: by item, the cell whose version counts.
        problem: a piece of the sentence that says why nothing could be graded.
    """

    why: str
    outcomes: Mapping[str, str] = field(default_factory=dict)
    says: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""


def read(name: str) -> Case:
    row: dict[str, Any] = yaml.safe_load((CASES / name / "expected.yaml").read_text(encoding="utf-8"))
    unknown = set(row) - {each.name for each in fields(Case)}
    assert not unknown, f"{name}/expected.yaml: unknown keys {unknown}"
    return Case(**row)


def notebook(text: str) -> bytes:
    """The notebook of a percent-format source; line ends stay as they are."""
    cells = []
    for block in f"\n{text}".split(f"\n{MARKER}")[1:]:
        title, _, body = block.partition("\n")
        kind = "markdown" if "[markdown]" in title else "code"
        cells.append({"cell_type": kind, "metadata": {}, "source": body.splitlines(keepends=True)})
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}).encode()


def lay_out(name: str, target: Path) -> None:
    """Write what a student hands in."""
    for path in sorted((CASES / name).rglob("*")):
        if path.is_dir() or path.name == "expected.yaml":
            continue
        content = path.read_bytes()
        place = target / path.relative_to(CASES / name)
        if path.suffix == ".py" and content.startswith(MARKER.encode()):
            place, content = place.with_suffix(".ipynb"), notebook(content.decode())
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


NAMES = sorted(path.parent.name for path in CASES.glob("*/expected.yaml"))


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Submission]:
    folder = tmp_path_factory.mktemp("handed-in")
    for name in NAMES:
        lay_out(name, folder / name)
    return {submission.student.id: submission for submission in submissions.read([folder])}


def _fewer(options: Mapping[str, Any]) -> dict[str, Any]:
    """Less to ask: that the checks are right is tested elsewhere."""
    return {**options, "cases": min(options["cases"], 3)} if "cases" in options else dict(options)


@pytest.fixture(scope="module")
def course(forked: Sandboxes) -> pipeline.Course:
    """The course itself, with sandboxes kept warm for all cases."""
    assignment = rubric.choose(rubric.load(ROOT, checks.bind), "hw2-cnn")
    items = tuple(replace(item, options=_fewer(item.options)) for item in assignment.items)
    assignment = replace(assignment, items=items)
    key = AnswerKey(ROOT, assignment.reference, secret=b"of no gradebook")
    return pipeline.Course(assignment, key, forked, "cpu", Profile.QUICK)


@pytest.mark.parametrize("name", NAMES)
def test_a_submission_of_this_shape_gets_its_marks(
    name: str, handed_in: Mapping[str, Submission], course: pipeline.Course
) -> None:
    case = read(name)

    grade = pipeline.grade(handed_in[name], course, only=tuple(case.outcomes) or ("none",))

    findings = {score.item.id: score.finding for score in grade.scores}
    told = {item: f"{finding.message} {finding.hint}" for item, finding in findings.items()}
    assert {item: str(finding.outcome) for item, finding in findings.items()} == dict(case.outcomes), told
    assert {item: piece for item, piece in case.says.items() if piece not in told[item]} == {}, told
    assert {item: findings[item].evidence.get("cell") for item in case.cells} == dict(case.cells), told
    assert case.problem in grade.problem and bool(case.problem) == bool(grade.problem)
