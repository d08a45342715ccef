"""The assignments of this course as they are released: small, without secrets, and judging as the reference does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader import checks, rubric
from grader.answer_key import AnswerKey
from grader.checks.asking import Reference
from grader.commands.release import Options, release
from grader.records import Assignment, Finding
from grader.releases import part
from grader.releases.key import ReleasedKey
from grader.verifying.candidates import Defined
from tests.releases.conftest import ROOT
from tests.releases.secrets import assert_no_code, assert_no_hidden_case

COURSE = rubric.load(ROOT, rubric.unproven)
LARGEST = 5_000_000  # bytes of a zip that students download


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", COURSE.assignments)
def test_an_assignment_is_small_holds_no_secret_and_tells_every_mistake(name: str, tmp_path: Path) -> None:
    assignment = COURSE.assignments[name]
    released = release(Options(name, ROOT, tmp_path))

    assert released.zipped < LARGEST
    assert_no_code(released.folder, ROOT / "reference" / assignment.reference)
    assert_no_hidden_case(released.folder, ROOT, name)

    reference = AnswerKey(ROOT, assignment.reference)
    vectors = ReleasedKey(released.folder, name)
    lesser, count = [], 0
    for mistake in reference.mistakes():
        names = {**vars(reference.solutions), **mistake.names()}
        by_reference = judged(names, reference, assignment, mistake.target)
        by_vectors = judged(names, vectors, assignment, mistake.target)
        assert credits(by_vectors) == credits(by_reference), mistake.name
        count += 1
        if by_vectors != by_reference:
            lesser.append(mistake.name)
    # Where a mistake also leaves out biases, which is asked about in a variant of its own, its sentence is a lesser one.
    assert len(lesser) <= 0.05 * count, lesser


def credits(found: dict[str, tuple[str, float]]) -> dict[str, float]:
    return {item: credit for item, (_, credit) in found.items()}


def judged(
    names: dict[str, object], reference: Reference, assignment: Assignment, target: str
) -> dict[str, tuple[str, float]]:
    """What the items about a name say of these definitions."""
    found = {}
    for item in filter(part.asked, assignment.items):
        if target in (item.target, item.options.get("layers")):
            student = Defined(names, assignment.items)
            finding: Finding = checks.kinds()[item.check].check(student, reference, item, **item.options)
            # Where differences are all but equal, rounding decides which of them is called the greatest.
            found[item.id] = (re.sub(r" at index \(.*?\); \S+ is allowed", "", finding.message), finding.credit)
    return found
