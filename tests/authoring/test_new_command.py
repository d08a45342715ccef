"""`grader new` and `grader stubs`: what they write, what they leave alone, and the line each refusal gets."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from grader import checks, cli, rubric
from tests import test_assignments


def run(*arguments: str) -> int:
    return cli.main(list(arguments))


def made(course: Path, name: str = "hw3-attention") -> Path:
    assert run("new", name, "--course", str(course)) == 0
    return course


def solutions(course: Path) -> Path:
    return course / "reference" / "hw3_attention" / "solutions.py"


def notebook(course: Path) -> Path:
    return course / "assignments" / "hw3-attention" / "hw3-attention.ipynb"


def source(path: Path, identifier: str) -> str:
    return next(test_assignments.source(cell) for cell in test_assignments.cells(path) if cell["id"] == identifier)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# ---- new -------------------------------------------------------------------------------------------------------------


def test_a_new_course_has_one_assignment_that_the_grader_reads(tmp_path: Path) -> None:
    found = rubric.load(made(tmp_path / "course"), checks.bind)

    assert [item.id for item in found.assignments["hw3-attention"].items] == ["centre-values", "written-1.1"]
    assert found.assignments["hw3-attention"].reference == "hw3_attention"


def test_its_notebook_is_valid_carries_nbgraders_metadata_and_runs_without_the_grader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = notebook(made(tmp_path))
    capsys.readouterr()

    nbformat.validate(json.loads(path.read_text(encoding="utf-8")))
    test_assignments.test_metadata_are_as_nbgraders_schema_has_them(path)
    test_assignments.test_whatever_students_fill_in_is_a_solution_and_nothing_else_is(path)
    test_assignments.test_without_the_grader_the_rest_of_a_notebook_runs(path, monkeypatch, capsys)
    assert source(path, "centre-stub").startswith("def centre(X):\n")
    assert "mean(" not in path.read_text(encoding="utf-8")


def test_a_second_assignment_is_added_and_the_rubric_keeps_its_comments(tmp_path: Path) -> None:
    course = made(tmp_path)
    path = course / "rubric.yaml"
    before = path.read_text(encoding="utf-8").replace("items:", "items:  # what we ask") + "\n# our own last word\n"
    path.write_text(before, encoding="utf-8")

    assert run("new", "lab-2", "--title", "Lab: 배치", "--course", str(course)) == 0

    after = path.read_text(encoding="utf-8")
    assert "items:  # what we ask" in after and after.endswith("\n# our own last word\n")
    assert [each.title for each in rubric.load(course, checks.bind).assignments.values()] == [
        "Hw3 attention",
        "Lab: 배치",
    ]


def test_the_course_is_found_upwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made(tmp_path) / "assignments")

    assert run("new", "lab-2") == 0
    assert (tmp_path / "assignments" / "lab-2").is_dir()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["hw3-attention"], "exists already; nothing is overwritten"),
        (["hw3_attention"], "cannot be the name of an assignment"),
        (["3rd"], "cannot be the name of an assignment"),
        (["class"], "cannot be the name of an assignment"),
        (["../other"], "cannot be the name of an assignment"),
        (["과제"], "cannot be the name of an assignment"),
        (["lab-2", "--title", 'a"""b'], "cannot be the title"),
    ],
)
def test_a_name_that_cannot_be_taken_is_one_line_and_nothing_is_written(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(made(tmp_path))
    capsys.readouterr()

    assert run("new", *arguments, "--course", str(tmp_path)) == 2

    said = capsys.readouterr().err
    assert told in said and said.count("\n") == 1
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("text", ["version: 1\n", "assignments: {\n", "version: 1\nassignments: {a: {title: b}}\n"])
def test_a_rubric_that_cannot_be_added_to_is_one_line_and_nothing_is_written(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rubric.yaml").write_text(text)

    assert run("new", "lab-2", "--course", str(tmp_path)) == 2

    assert capsys.readouterr().err.startswith(f"grader: {tmp_path}/rubric.yaml: ")
    assert snapshot(tmp_path) == {str(tmp_path / "rubric.yaml"): text.encode()}


# ---- stubs -----------------------------------------------------------------------------------------------------------


def test_stubs_follow_the_reference_and_every_other_cell_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course = made(tmp_path)
    path, text = solutions(course), notebook(course).read_text(encoding="utf-8")
    path.write_text(path.read_text().replace("centre(X: torch.Tensor)", "centre(X: torch.Tensor, dim: int = 0)"))
    capsys.readouterr()

    assert run("stubs", "hw3-attention", "--course", str(course), "--check") == 1
    assert notebook(course).read_text(encoding="utf-8") == text
    assert run("stubs", "hw3-attention", "--course", str(course)) == 0

    assert capsys.readouterr().out.splitlines() == [
        "hw3-attention.ipynb: centre is out of step",
        "hw3-attention.ipynb: centre written anew",
    ]
    assert notebook(course).read_text(encoding="utf-8") == text.replace("def centre(X):", "def centre(X, dim=0):")


def test_a_second_time_nothing_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    course = made(tmp_path)
    notebook(course).write_text(json.dumps(json.loads(notebook(course).read_text(encoding="utf-8"))))  # another layout
    before = snapshot(course)

    assert run("stubs", "hw3-attention", "--course", str(course)) == 0
    assert run("stubs", "hw3-attention", "--course", str(course), "--check") == 0
    assert snapshot(course) == before
    assert "are those of its reference" in capsys.readouterr().out


def test_what_is_asked_for_and_in_no_notebook_is_added_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    course = made(tmp_path)
    with solutions(course).open("a") as file:
        file.write('\n\ndef scale(X):\n    """Scale X."""\n    return X\n\n\ndef helper(X):\n    return X\n')
    rows = (course / "rubric.yaml").read_text()
    row = "      - {id: s, section: '1.1', title: s, target: scale, points: 1, check: gradient_close, options: {inputs: i}}\n"
    (course / "rubric.yaml").write_text(rows + row)

    assert run("stubs", "hw3-attention", "--course", str(course)) == 0
    assert "scale added at the end" in capsys.readouterr().out
    assert [cell["id"] for cell in test_assignments.cells(notebook(course))][-2:] == ["scale-stub", "scale-check"]
    before = snapshot(course)
    assert run("stubs", "hw3-attention", "--course", str(course)) == 0
    assert snapshot(course) == before


def test_a_name_that_the_reference_has_lost_is_told_and_its_cell_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course = made(tmp_path)
    solutions(course).write_text("def other():\n    pass\n")
    before = snapshot(course)

    assert run("stubs", "hw3-attention", "--course", str(course), "--check") == 1
    assert "centre is not in the reference any more" in capsys.readouterr().out
    assert snapshot(course) == before


def test_notebooks_written_by_hand_are_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("stubs", "hw2-cnn", "--course", str(test_assignments.ROOT), "--check") == 0
    assert "No cell of hw2-cnn is made of the reference" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("part", "text", "told"),
    [
        ("solutions", "def f(:\n", "solutions.py: line 1: "),
        ("notebook", "{", "is no notebook"),
        ("notebook", "[]", "is no notebook"),
        ("name", "", "no assignment is called"),
    ],
)
def test_files_that_cannot_be_read_are_one_line(
    part: str, text: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course = made(tmp_path)
    if part != "name":
        {"solutions": solutions, "notebook": notebook}[part](course).write_text(text)
    capsys.readouterr()

    assert run("stubs", "hw4" if part == "name" else "hw3-attention", "--course", str(course)) == 2
    said = capsys.readouterr().err
    assert told in said and said.count("\n") == 1
