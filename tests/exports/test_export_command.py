"""`grader export` on the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grader import cli
from grader.cli.exporting import FORMATS
from grader.exports import EXPORTS
from tests.exports.classes import CHULSOO, LEO, Class, graded
from tests.exports.test_lms import CANVAS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def given(tmp_path: Path) -> Class:
    return graded(tmp_path, [(CHULSOO, (6, 4)), (LEO, (-1, 4))])


def arguments(given: Class, *more: str) -> list[str]:
    template = given.template(CANVAS, "gradebook.csv")
    where = ["--out", str(given.out), "--course", str(given.folder), "--template", str(template)]
    return ["export", "canvas", *where, "--column", "HW2", *more]


def test_the_command_knows_every_format() -> None:
    assert list(FORMATS) == list(EXPORTS)


def test_a_dry_run_shows_old_and_new_marks(given: Class, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(arguments(given, "--dry-run"))

    told = capsys.readouterr().out.splitlines()
    assert code == 1
    assert told[0] == "1 mark changes."
    assert [line.split() for line in told if "Chulsoo" in line] == [["2019170361", "Kim,", "Chulsoo", "10"]]
    assert "left out: 2019170364: not decided: corr2d" in told
    assert not (given.out / "exports").exists()


def test_the_file_lies_beside_the_gradebook_under_the_templates_name(
    given: Class, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(arguments(given))

    told = capsys.readouterr().out.splitlines()
    assert told[0] == "1 mark written, 0 stood there already."
    assert told[-1] == str(given.out / "exports/gradebook.csv")
    assert (given.folder / "gradebook.csv").read_bytes() == CANVAS.encode()


def test_the_file_goes_where_it_is_wanted(given: Class) -> None:
    cli.main(arguments(given, "-o", str(given.folder / "up.csv")))

    assert b",10,75,75" in (given.folder / "up.csv").read_bytes()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--template", "missing.csv"], "missing.csv cannot be read: No such file or directory"),
        (["--assignment", "hw3"], "no assignment is called 'hw3'"),
    ],
)
def test_a_mistake_is_one_line(given: Class, capsys: pytest.CaptureFixture[str], more: list[str], told: str) -> None:
    code = cli.main(arguments(given, *more))

    assert code == 2
    assert capsys.readouterr().err.startswith(f"grader: {told}")


def test_an_export_imports_nothing_heavy(given: Class) -> None:
    code = f"import sys; from grader import cli; cli.main({arguments(given)}); print(*sys.modules)"

    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)

    assert not {"torch", "numpy", "IPython", "pandas"} & set(ran.stdout.splitlines()[-1].split())
