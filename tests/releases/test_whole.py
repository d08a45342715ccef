"""The assignments of this course as they are released: small, without secrets, and judging as the reference does."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from grader import rubric
from grader.answer_key import AnswerKey
from grader.commands.release import Options, release
from grader.releases import vectors, writing
from grader.releases.key import ReleasedKey
from grader.verifying import releasing
from tests.releases.conftest import ROOT
from tests.releases.secrets import assert_no_code, assert_no_hidden_case
from tests.releases.sentences import unlike

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

    compared, found = unlike(AnswerKey(ROOT, assignment.reference), ReleasedKey(released.folder, name), assignment)
    assert compared > 50
    assert found == []


def test_a_mistake_in_a_module_without_idle_biases_reads_its_own_sentence(tmp_path: Path) -> None:
    """By what a student leaves out the check asks other variants; those of the mistakes have to be there, too."""
    whole = COURSE.assignments["hw2-cnn"]
    assignment = dataclasses.replace(whole, items=tuple(i for i in whole.items if i.id == "residual-1x1"))
    reference = AnswerKey(ROOT, assignment.reference)
    heard = releasing.heard(reference, assignment, lambda item: None)
    written = writing.files("hw2-cnn", "en", {"items": []}, heard, [])
    (tmp_path / vectors.FOLDER).mkdir()
    (tmp_path / vectors.FOLDER / "hw2-cnn.json").write_bytes(written.index)
    (tmp_path / vectors.FOLDER / "hw2-cnn.safetensors").write_bytes(written.tensors)

    compared, found = unlike(reference, ReleasedKey(tmp_path, "hw2-cnn"), assignment)

    assert compared > 10
    assert found == []
