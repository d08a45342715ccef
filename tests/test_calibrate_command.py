"""`grader calibrate` from the command line: real images, a few steps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from grader import cli, datasets
from grader.errors import DataMissing
from grader.kernel.inside import images

ROOT = Path(__file__).parents[1]
RECIPE = {
    "steps": 3, "batch": 16, "lr": 0.003, "size": 28, "train": 256, "test": 200, "none": 0.0, "full": 0.9, "enough": 0.95
}  # fmt: skip


@pytest.fixture
def course(tmp_path: Path) -> Iterator[Path]:
    try:
        datasets.folder("fashion_mnist")
    except DataMissing as error:
        pytest.skip(f"{error} would run this")
    (tmp_path / "reference").symlink_to(ROOT / "reference")
    row = {"section": "7.6", "title": "learns", "target": "LeNet", "points": 1, "check": "learns"}
    recipes = {"quick": RECIPE, "full": RECIPE}
    items = [
        {**row, "id": "lenet", "options": {"data": "fashion_mnist", "profiles": recipes}},
        {**row, "id": "photographs", "options": {"data": "cifar10", "profiles": recipes}},
    ]
    rubric = {"version": 1, "assignments": {"hw": {"reference": "hw2_cnn", "items": items}}}
    (tmp_path / "rubric.yaml").write_text(yaml.safe_dump(rubric))
    yield tmp_path
    images.configure(None)


def test_floors_are_proposed_with_what_every_seed_reached(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = course / "calibration.md"

    code = cli.main(["calibrate", "hw", "--course", str(course), "--seeds", "2", "--report", str(page)])

    said = capsys.readouterr()
    assert code == 2  # three steps do not reach what this rubric asks for
    assert "rubric none 0.00 full 0.90, too high" in said.out
    assert "[1/3] lenet: seed 1 of 2 reaches 0." in said.err
    assert "photographs is not calibrated: data set not found: cifar10" in said.err
    text = page.read_text(encoding="utf-8")
    assert "`grader calibrate hw --profile quick --device cpu --seeds 2`" in text
    assert "By seed: 0." in text
    assert "## hw, lenet, full, cuda\n\nNot calibrated" in text


def test_an_item_that_is_not_there_gets_one_line(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["calibrate", "hw", "--course", str(course), "--item", "vgg"])

    assert code == 2
    assert capsys.readouterr().err == "grader: no accuracy item was calibrated; the names of items are in rubric.yaml\n"
