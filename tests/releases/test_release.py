"""`grader release` on a course of its own."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from grader import cli
from grader.commands.check import check
from grader.commands.release import Options, Released, release
from grader.errors import GraderError
from grader.records import Outcome
from tests.releases.conftest import ROOT, WRONG, make_course, notebook
from tests.releases.secrets import assert_no_code, assert_no_hidden_case

CONV2D = """class Conv2D(nn.Module):
    def __init__(self, kernel_size):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))
    def forward(self, x):
        return corr2d(x, self.weight) + self.bias
"""


def notebook_of(released: Released, tmp_path: Path, *cells: str) -> Path:
    """A notebook beside a copy of what was released."""
    folder = shutil.copytree(released.folder, tmp_path / "mine")
    return notebook(folder / "hw.ipynb", "import torch\nfrom torch import nn", *cells)


# ---- what is in it ---------------------------------------------------------------------------------------------------


def test_students_receive_notebooks_a_page_vectors_and_the_grader(released: Released, wheel: Path) -> None:
    assert list(released.sizes) == [
        "README.md",
        wheel.name,
        "hw2-chapter-7.ipynb",
        "vectors/hw2-cnn.json",
        "vectors/hw2-cnn.safetensors",
    ]
    assert released.later == "LeNet learns Fashion-MNIST, written answers"
    assert released.install == ""
    page = (released.folder / "README.md").read_text(encoding="utf-8")
    assert f"\npip install {wheel.name}\n" in page
    assert f"cp -r hw2-cnn/vectors . && pip install -q hw2-cnn/{wheel.name}\n" in page
    assert "grader check hw2-chapter-7.ipynb corr2d 7.2" in page
    assert "grader check hw2-chapter-7.ipynb --watch" in page
    assert "\ngrader check .\n" in page
    assert page.endswith("\n\nJudged after you hand in: LeNet learns Fashion-MNIST, written answers.\n")


def test_the_zip_holds_the_folder(released: Released) -> None:
    with zipfile.ZipFile(released.archive) as archive:
        assert {each.date_time for each in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.namelist() == sorted(archive.namelist())
    files = {path for path in released.folder.rglob("*") if path.is_file()}
    assert held(released.archive) == {
        f"hw2-cnn/{path.relative_to(released.folder).as_posix()}": path.read_bytes() for path in files
    }


def test_notebooks_keep_every_byte_where_there_is_nothing_to_leave_out(released: Released) -> None:
    name = "hw2-chapter-7.ipynb"

    assert (released.folder / name).read_bytes() == (ROOT / "assignments/hw2-cnn" / name).read_bytes()


def test_nothing_secret_is_in_it(released: Released, course: Path) -> None:
    assert_no_code(released.folder, course / "reference" / "hw2_cnn")
    assert_no_hidden_case(released.folder, course, "hw2-cnn")


def test_how_well_a_network_has_to_learn_is_not_told(released: Released) -> None:
    index = json.loads((released.folder / "vectors/hw2-cnn.json").read_text(encoding="utf-8"))
    (accuracy,) = [item for item in index["rubric"]["items"] if item["id"] == "lenet-accuracy"]

    assert (accuracy["check"], accuracy["options"]) == ("later", {})
    assert "profiles" not in json.dumps(index["rubric"])


# ---- checked by it ---------------------------------------------------------------------------------------------------


def test_a_wrong_function_is_told_by_its_own_sentence_and_what_builds_on_it_waits(
    released: Released, tmp_path: Path
) -> None:
    grade = check([notebook_of(released, tmp_path, WRONG, CONV2D)], ["7.2"], course=None, assignment=None)
    findings = {score.item.id: score.finding for score in grade.scores}

    assert findings["corr2d-values"].message.startswith("This is convolution: the kernel is flipped.")
    assert findings["corr2d-values"].evidence["picture"]["expected"]
    assert findings["conv2d-layer"].outcome is Outcome.WAITING
    assert findings["conv2d-layer"].message == "This is judged once `corr2d` is right, because it builds on it."


def test_what_is_judged_later_is_named_once_in_the_last_line(
    released: Released, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", str(notebook_of(released, tmp_path, WRONG)), "7.6"]) == 1

    *_, judged, later = capsys.readouterr().out.splitlines()
    assert judged.startswith("Local check, unofficial: 0 of ")
    assert later == "Judged after you hand in: LeNet learns Fashion-MNIST."


def test_what_is_judged_later_says_so(released: Released, tmp_path: Path) -> None:
    grade = check([notebook_of(released, tmp_path, "pass")], ["lenet-accuracy"], course=None, assignment=None)

    (score,) = grade.scores
    assert (score.finding.outcome, score.finding.message) == (Outcome.WAITING, "This is judged after you hand in.")


# ---- refused ---------------------------------------------------------------------------------------------------------


def refusal(*arguments: Any) -> str:
    with pytest.raises(GraderError) as raised:
        release(Options(*arguments))
    return str(raised.value)


def only(*ids: str) -> Any:
    """Shorten the rubric."""

    def change(rubric: dict[str, Any]) -> None:
        assignment = rubric["assignments"]["hw2-cnn"]
        assignment["items"] = [{**item, "needs": []} for item in assignment["items"] if item["id"] in ids]

    return change


def test_a_reference_that_is_wrong_is_not_released(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course", only("edge-detection", "learned-kernel"))
    solutions = course / "reference/hw2_cnn/solutions.py"
    solutions.write_text(solutions.read_text(encoding="utf-8") + "\nconv2d = torch.zeros(1, 1, 1, 2)\n")

    told = refusal("hw2-cnn", course, tmp_path / "out")

    assert told.startswith("learned-kernel: the reference's own answer does not pass: ")
    assert "grader verify" in told
    assert not (tmp_path / "out").exists()


def test_a_reference_that_fails_is_not_released(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course", only("init-cnn"))
    solutions = course / "reference/hw2_cnn/solutions.py"
    solutions.write_text(solutions.read_text(encoding="utf-8") + "\ndef init_cnn(module):\n    raise ValueError\n")

    assert refusal("hw2-cnn", course, tmp_path / "out").startswith("init-cnn: the reference's init_cnn fails")


def test_a_solution_left_in_a_notebook_is_not_released(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course", only("corr2d-values", "edge-detection"))
    right = WRONG.replace(".flip(0, 1)", "")
    notebook(course / "assignments/hw2-cnn/hw2-chapter-7.ipynb", "import torch", right)

    told = refusal("hw2-cnn", course, tmp_path / "out")

    assert told.startswith("corr2d-values: passes before anything is filled in: cell 2 of hw2-chapter-7.ipynb holds")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_else_stays_as_it_is(course: Path, released: Released, tmp_path: Path) -> None:
    shutil.copytree(released.folder.parent, tmp_path / "out")
    mine = tmp_path / "out/hw2-cnn/notes.txt"
    mine.write_text("mine")

    assert refusal("hw2-cnn", course, tmp_path / "out") == (
        f"{mine} is not of the last release; move {mine.parent} away or give --to DIR"
    )
    assert mine.read_text() == "mine"


def test_a_released_notebook_that_was_worked_in_is_not_replaced(
    course: Path, released: Released, tmp_path: Path
) -> None:
    shutil.copytree(released.folder.parent, tmp_path / "out")
    with (tmp_path / "out/hw2-cnn/hw2-chapter-7.ipynb").open("a") as file:
        file.write(" ")

    assert "hw2-chapter-7.ipynb is not of the last release" in refusal("hw2-cnn", course, tmp_path / "out")


def test_a_zip_of_somebody_elses_is_not_replaced(course: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "hw2-cnn.zip", "w") as archive:
        archive.writestr("photo.jpg", b"")

    assert "no release of ours" in refusal("hw2-cnn", course, tmp_path)


@pytest.mark.parametrize("name", ["convgrader.whl", "convgrader-0.1.0-py3-none-any.whl"])
def test_what_is_no_wheel_does_not_go_along(course: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("no zip")

    assert "is no wheel of convgrader" in refusal("hw2-cnn", course, tmp_path / "out", tmp_path / name)


def test_an_assignment_without_notebooks_has_nothing_to_release(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course")
    (course / "assignments/hw2-cnn/hw2-chapter-7.ipynb").unlink()

    assert "holds no notebook to release" in refusal("hw2-cnn", course, tmp_path / "out")


def held(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_the_same_course_is_the_same_release_and_a_changed_one_replaces_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course = make_course(tmp_path / "course", only("edge-detection"))
    picture = course / "assignments/hw2-cnn/figures/kernel.png"
    picture.parent.mkdir()
    picture.write_bytes(b"a picture")
    out = tmp_path / "out"
    command = ["release", "hw2-cnn", "--course", str(course), "--to", str(out)]

    assert cli.main(command) == 0
    first = held(out / "hw2-cnn.zip")
    assert 'check("7.2")' in first["hw2-cnn/README.md"].decode()

    picture.write_bytes(b"another picture")
    assert cli.main(command) == 0
    assert held(out / "hw2-cnn.zip") == {**first, "hw2-cnn/figures/kernel.png": b"another picture"}
    assert (out / "hw2-cnn/figures/kernel.png").read_bytes() == b"another picture"
    assert sorted(path.name for path in out.iterdir()) == ["hw2-cnn", "hw2-cnn.zip"]
    printed = capsys.readouterr().out
    assert "figures/kernel.png" in printed
    assert "and the notebooks as they are pass nothing" in printed
    assert printed.splitlines()[-1].startswith("README.md sends students to PyPI for convgrader>=")
    assert f"this grader comes from {ROOT}." in printed
