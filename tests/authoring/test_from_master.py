"""`grader new NAME --from MASTER`: solutions become reference and stubs, tests items or what a person decides."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch

from grader import checks, cli, rubric
from grader.answer_key import AnswerKey
from grader.authoring import masters
from grader.records import Assignment
from tests import test_assignments
from tests.authoring import master_notebooks as build

SECRETS = ("secret_answer", "concealed", "hidden_expectation", "MODEL ANSWER", "scheme", "x + 41", "11.0", "121")
EVERY = {"nbgrader": build.NBGRADER, "otter": build.OTTER_RAW, "fenced": build.OTTER_FENCED}
every_master = pytest.mark.parametrize("kind", EVERY)


@pytest.fixture
def made(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The course in which a master notebook became the assignment `hw-1`."""
    monkeypatch.chdir(tmp_path)
    Path("master.ipynb").write_text(EVERY[kind])
    assert cli.main(["new", "hw-1", "--from", "master.ipynb", "--course", str(tmp_path)]) == 0
    return tmp_path


def assignment(course: Path) -> Assignment:
    return rubric.load(course, checks.bind).assignments["hw-1"]


def notebook(course: Path) -> Path:
    return course / "assignments" / "hw-1" / "hw-1.ipynb"


def code(course: Path) -> list[str]:
    return [
        test_assignments.source(cell)
        for cell in test_assignments.cells(notebook(course))
        if cell["cell_type"] == "code"
    ]


def solutions(course: Path) -> Any:
    spec = importlib.util.spec_from_file_location("converted", course / "reference" / "hw_1" / "solutions.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def review(course: Path) -> str:
    return (course / "reference" / "hw_1" / "review.md").read_text(encoding="utf-8")


@every_master
def test_nothing_that_students_should_find_out_reaches_their_notebook(made: Path) -> None:
    text = notebook(made).read_text(encoding="utf-8")

    assert [secret for secret in SECRETS if secret in text] == []
    nbformat.validate(json.loads(text))
    test_assignments.test_metadata_are_as_nbgraders_schema_has_them(notebook(made))


@every_master
def test_the_notebook_is_not_run(made: Path) -> None:
    assert not (made / "was_run").exists()


@every_master
def test_every_test_is_kept_for_review(made: Path, kind: str) -> None:
    wanted = {
        "nbgrader": ["squares(5, power=3) == hidden_expectation", "assert total == 21", "assert Net()", "assert True"],
    }.get(kind, ["square(4)", "tensor([121.])", 'env["square"](hidden_expectation)', "area(2) == 12"])

    assert [each for each in wanted if each not in review(made)] == []


@every_master
def test_the_stubs_are_in_step_at_once(made: Path) -> None:
    assert cli.main(["stubs", "hw-1", "--course", str(made), "--check"]) == 0


def test_both_ways_to_write_otters_boundaries_say_the_same() -> None:
    assert masters.read(build.OTTER_RAW) == masters.read(build.OTTER_FENCED)


# ---- nbgrader --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["nbgrader"])
def test_nbgraders_points_and_targets_become_items(made: Path) -> None:
    found = [(item.id, item.section, item.target, item.points, item.check) for item in assignment(made).items]

    assert found == [
        ("test-squares", "2.3", "squares", 3.0, "returns_close"),
        ("test-total", "2.3", "total", 1.0, "evaluates_to"),
        ("why", "2.3", "2.3", 4.0, "answered"),
    ]
    text = (made / "rubric.yaml").read_text(encoding="utf-8")
    assert "# to decide (review.md): A class: choose module_close" in text
    assert 'target: "Net", points: 2, check: ?' in text and "points: 0.5, check: ?" in text


@pytest.mark.parametrize("kind", ["nbgrader"])
def test_nbgraders_solutions_work_with_what_they_need_of_other_cells(made: Path) -> None:
    module = solutions(made)

    assert module.squares(3) == [4, 16, 36] and module.total == 21
    assert float(module.Net()(torch.zeros(1))) == 41.0


@pytest.mark.parametrize("kind", ["nbgrader"])
def test_what_nbgrader_gives_away_is_given_still(made: Path) -> None:
    stub = next(source for source in code(made) if source.startswith("def squares"))

    assert stub.splitlines() == [
        "def squares(n, power=2):",
        '    """Give the first n squares."""',
        "    if n < 1:",
        '        raise ValueError("n is too small")',
        "    raise NotImplementedError",
    ]
    assert "assert squares(1) == [4]" in code(made)
    assert {"check(squares)", "check(total)"} <= set(code(made))


@pytest.mark.parametrize("kind", ["nbgrader"])
def test_the_arguments_in_the_tests_are_cases(made: Path) -> None:
    key = AnswerKey(made, "hw_1")

    assert [key.case("squares_inputs", 0, number)[:2] for number in range(2)] == [((1,), {}), ((5,), {"power": 3})]


# ---- otter -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["otter", "fenced"])
def test_otters_points_and_targets_become_items(made: Path) -> None:
    found = [(item.id, item.section, item.target, item.points, item.check) for item in assignment(made).items]

    assert found == [
        ("q1", "4.1", "square", 2.0, "returns_close"),
        ("q2", "4.1", "area", 3.0, "returns_close"),
        ("q3", "4.1", "4.1", 4.0, "answered"),
    ]


@pytest.mark.parametrize("kind", ["otter", "fenced"])
def test_otters_solutions_and_prompts(made: Path) -> None:
    module = solutions(made)

    assert (module.square(5), module.nine, module.area(2)) == (25, 9, 12)
    assert "def area(r):\n    pass  # use 3 for pi" in code(made)
    assert any(
        "def square(x):\n    raise NotImplementedError" in source and "nine = ..." in source for source in code(made)
    )
    assert not any("otter" in source for source in code(made))


@pytest.mark.parametrize("kind", ["otter"])
def test_the_right_answers_earn_what_was_made_of_the_tests(made: Path) -> None:
    from grader.verifying.trials import Trials

    trials = Trials(made, assignment(made))

    assert [(said.item, said.credit) for said in trials.right().said] == [("q1", 1.0), ("q2", 1.0)]


# ---- what is no master -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "is not valid JSON"),
        ("[]", "has no notebook cells"),
        (json.dumps({"cells": [build.code("x = 1")]}), "has no mark of a master notebook"),
        (
            json.dumps({"cells": [build.code("### BEGIN SOLUTION\nx = (\n### END SOLUTION", solution=True)]}),
            "is no Python",
        ),
        (
            json.dumps({"cells": [build.code("def f():\n    ### BEGIN SOLUTION\n    return 1", solution=True)]}),
            "without END",
        ),
        (json.dumps({"cells": [build.raw("# BEGIN QUESTION\nname: {")]}), "not valid YAML"),
    ],
)
def test_what_cannot_be_converted_is_one_line_and_nothing_is_written(
    content: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.ipynb").write_text(content)

    assert cli.main(["new", "hw-1", "--from", str(tmp_path / "m.ipynb"), "--course", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert told in said and said.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["m.ipynb"]


def test_a_master_of_whose_tests_nothing_can_be_made_is_an_assignment_all_the_same(tmp_path: Path) -> None:
    cells = [build.code("def f():\n    return 1", solution=True), build.code("assert True", grade=True, points=2)]
    (tmp_path / "m.ipynb").write_text(json.dumps({"cells": cells}))

    assert cli.main(["new", "hw-1", "--from", str(tmp_path / "m.ipynb"), "--course", str(tmp_path)]) == 0
    assert assignment(tmp_path).items == ()
    assert "points: 2, check: ?" in (tmp_path / "rubric.yaml").read_text(encoding="utf-8")


def test_a_notebook_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["new", "hw-1", "--from", str(tmp_path / "m.ipynb"), "--course", str(tmp_path)]) == 2
    assert "cannot be read" in capsys.readouterr().err
