"""Where a notebook's home is, and who knows the right answers there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save

from grader import checks, homes, rubric
from grader.answer_key import AnswerKey
from grader.errors import ReleaseError, RubricError
from grader.releases.key import ReleasedKey
from grader.releases.vectors import FORMAT

ROOT = Path(__file__).parents[1]
ROW: dict[str, Any] = {
    "title": "A homework",
    "items": [
        {
            "id": "f-values",
            "section": "1",
            "title": "f doubles",
            "target": "f",
            "points": 1,
            "check": "returns_close",
            "options": {"inputs": "numbers", "cases": 1},
        }
    ],
}


def released(folder: Path, name: str = "hw9", **changes: Any) -> Path:
    """A released folder that holds no answers."""
    vectors = folder / "vectors"
    vectors.mkdir(parents=True, exist_ok=True)
    index = {
        "format": FORMAT,
        "assignment": name,
        "language": "en",
        "rubric": ROW,
        "cases": [],
        "answers": {},
        "mistakes": {},
        "helpers": [],
        **changes,
    }
    (vectors / f"{name}.json").write_text(json.dumps(index), encoding="utf-8")
    (vectors / f"{name}.safetensors").write_bytes(save({"none": torch.zeros(1)}))
    return folder


def test_the_nearest_home_above_a_notebook_is_taken(tmp_path: Path) -> None:
    course = tmp_path / "course"
    below = released(course / "released" / "hw9") / "mine"
    below.mkdir()
    (course / "rubric.yaml").touch()

    assert homes.find(below) == (course / "released" / "hw9").resolve()
    assert homes.find(course / "released") == course.resolve()


def test_no_home_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"says what is asked: keep the notebook in the folder .* or give --course"):
        homes.find(tmp_path)


def test_vectors_whose_tensors_are_gone_are_no_home(tmp_path: Path) -> None:
    (released(tmp_path) / "vectors" / "hw9.safetensors").unlink()

    with pytest.raises(ReleaseError):
        homes.find(tmp_path)


def test_a_course_asks_what_its_rubric_says_and_its_reference_knows() -> None:
    found = homes.load(ROOT, checks.bind)

    assert found == rubric.load(ROOT, checks.bind)
    assert isinstance(homes.key(ROOT, found.assignments["lab-cnn"]), AnswerKey)


def test_a_released_folder_asks_and_knows_as_well(tmp_path: Path) -> None:
    released(tmp_path)
    found = homes.load(tmp_path, checks.bind)
    (assignment,) = found.assignments.values()

    assert (assignment.name, assignment.title, assignment.items[0].target) == ("hw9", "A homework", "f")
    assert isinstance(homes.key(tmp_path, assignment), ReleasedKey)


def test_assignments_unpacked_into_one_folder_are_both_there(tmp_path: Path) -> None:
    released(released(tmp_path, "hw8"), "hw9")

    assert list(homes.load(tmp_path, checks.bind).assignments) == ["hw8", "hw9"]


def test_a_folder_that_is_no_home_lacks_a_rubric(tmp_path: Path) -> None:
    with pytest.raises(RubricError, match=r"rubric\.yaml does not exist"):
        homes.load(tmp_path, checks.bind)
