"""Where the grader came from, and what an instructor is told of how students get it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grader.releases import origin
from tests.releases.conftest import ROOT


def installed(folder: Path, *what: str) -> Path:
    """A folder into which pip has put the grader alone."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(folder), *what], check=True, timeout=120)
    return folder


def test_a_checkout_is_told_by_its_folder() -> None:
    assert origin.source() == str(ROOT)


def test_a_wheel_given_to_pip_is_told_and_one_of_an_index_is_not(wheel: Path, tmp_path: Path) -> None:
    assert origin.source_of(installed(tmp_path / "direct", str(wheel))) == str(wheel)

    by_name = installed(tmp_path / "by name", "--find-links", str(wheel.parent), origin.requirement())
    assert origin.source_of(by_name) == ""


def test_a_record_that_cannot_be_read_counts_as_no_index(wheel: Path, tmp_path: Path) -> None:
    packages = installed(tmp_path / "direct", str(wheel))
    (record,) = packages.glob("*.dist-info/direct_url.json")
    for content in ("", "[1]", "{"):
        record.write_text(content or "\n")
        assert origin.source_of(packages) == str(packages)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("", "Students install the grader from PyPI (convgrader>=0.1.0); `--wheel FILE` gives it along instead."),
        ("/home/me/grader", "this grader comes from /home/me/grader. Unless that version is published, they cannot"),
        ("/home/me/grader", "`python -m build --wheel` in its source folder makes dist/convgrader-….whl for `--wheel"),
        ("/home/me/convgrader-0.1.0-py3-none-any.whl", "along: `--wheel /home/me/convgrader-0.1.0-py3-none-any.whl`."),
    ],
    ids=["index", "folder", "folder, how", "wheel"],
)
def test_an_instructor_reads_how_students_get_the_grader(
    source: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(origin, "source", lambda: source)

    assert told in origin.told()
    assert "\n" not in origin.told()
