"""Reading rubric.yaml: what it means, and the one line that each mistake in it gives."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

from grader import checks, rubric
from grader.errors import RubricError
from grader.records import Assignment, Intake, LatePolicy, Limits, Policy, Rubric

ROOT = Path(__file__).parents[1]
Row: TypeAlias = dict[str, Any]


def item(**changes: Any) -> Row:
    row = {"id": "values", "section": "7.2", "title": "corr2d", "target": "corr2d", "points": 4}
    return {**row, "check": "returns_close", "options": {"inputs": "corr2d_inputs"}, **changes}


def write(course: Path, *items: Any, **assignment: Any) -> None:
    """Write a rubric of one assignment."""
    row = {"items": list(items), **assignment}
    (course / "rubric.yaml").write_text(yaml.safe_dump({"version": 1, "assignments": {"hw1": row}}))


def load(course: Path) -> Rubric:
    return rubric.load(course, checks.bind)


def mistake(course: Path) -> str:
    """The message about the course's rubric."""
    with pytest.raises(RubricError) as caught:
        load(course)
    return str(caught.value)


# ---- the repository's own --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def homework() -> Assignment:
    return rubric.choose(load(ROOT), "hw2-cnn")


def test_the_homework_is_worth_a_hundred_points(homework: Assignment) -> None:
    assert homework.possible == 100
    assert sum(each.points for each in homework.items if each.check == "answered") == 15


def test_the_ids_of_the_homework_are_unique_names(homework: Assignment) -> None:
    ids = [each.id for each in homework.items]

    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9.-]+", each) for each in ids)


def test_the_paths_of_the_homework_exist(homework: Assignment) -> None:
    assert homework.notebooks.is_dir()
    assert (ROOT / "reference" / homework.reference).is_dir()


def test_every_item_of_the_homework_has_points_and_its_section_in_order(homework: Assignment) -> None:
    sections = [each.section for each in homework.items]

    assert all(each.points > 0 for each in homework.items)
    assert sections == sorted(sections)


def test_the_lab_is_worth_forty_points_and_asks_for_one_name() -> None:
    lab = rubric.choose(load(ROOT), "lab-cnn")

    assert lab.possible == 40
    assert {each.target for each in lab.items if each.check != "answered"} == {"CNN"}
    assert lab.notebooks.is_dir()
    assert (ROOT / "reference" / lab.reference).is_dir()


# ---- what a rubric may leave out -------------------------------------------------------------------------------------


def test_what_is_left_out_has_a_sensible_meaning(tmp_path: Path) -> None:
    write(tmp_path, item())

    (name, assignment), *_ = load(tmp_path).assignments.items()

    assert name == "hw1"
    assert assignment.title == "hw1"
    assert assignment.notebooks == tmp_path / "assignments/hw1"
    assert assignment.reference == "hw1"
    assert assignment.limits == Limits()
    assert assignment.prelude == ()
    assert assignment.items[0].needs == ()


def test_what_is_written_is_kept(tmp_path: Path) -> None:
    second = item(id="gradient", points=2.5, needs=["values"])
    write(tmp_path, item(), second, title="One", reference="one", limits={"cell_s": 2.5}, prelude=["import torch"])

    assignment = load(tmp_path).assignments["hw1"]

    assert (assignment.title, assignment.reference, assignment.prelude) == ("One", "one", ("import torch",))
    assert assignment.limits == Limits(cell_s=2.5)
    assert assignment.items[1].points == 2.5
    assert assignment.items[1].needs == ("values",)
    assert assignment.items[0].options == {"inputs": "corr2d_inputs"}


def test_numbers_without_quotes_are_names_too(tmp_path: Path) -> None:
    write(tmp_path, item(id=1, section=7.2), item(id="b", needs=[1]))

    first, second = load(tmp_path).assignments["hw1"].items

    assert (first.id, first.section) == ("1", "7.2")
    assert second.needs == ("1",)


# ---- mistakes --------------------------------------------------------------------------------------------------------

ITEM_MISTAKES = [
    pytest.param([item(titel="x")], "items[0]: unknown key 'titel'; did you mean 'title'?", id="unknown-key"),
    pytest.param([item(zzz=1)], "items[0]: unknown key 'zzz'; known are check, id, needs", id="strange-key"),
    *(
        pytest.param(
            [{k: v for k, v in item().items() if k != key}], f"items[0]: '{key}' is missing", id=f"missing-{key}"
        )
        for key in ("id", "section", "title", "target", "points", "check")
    ),
    pytest.param([item(), item()], "items[1]: the id 'values' occurs twice", id="duplicate-id"),
    pytest.param([item(id=1), item(id=1)], "items[1]: the id '1' occurs twice", id="duplicate-id-number"),
    pytest.param([item(id=["a"])], "items[0]: id is ['a']; it must be a text", id="id-is-a-list"),
    pytest.param([item(title=None)], "items[0]: title is None; it must be a text", id="title-is-empty"),
    pytest.param([item(target=True)], "items[0]: target is True; it must be a text", id="target-is-a-bool"),
    pytest.param(
        [item(needs=["later"]), item(id="later")],
        "items[0]: needs 'later', which is no item before it",
        id="need-comes-later",
    ),
    pytest.param(
        [item(), item(id="b", needs=["value"])],
        "items[1]: needs 'value', which is no item before it; did you mean 'values'?",
        id="need-misspelt",
    ),
    pytest.param([item(needs=["values"])], "items[0]: needs 'values', which is no item", id="needs-itself"),
    pytest.param([item(needs="values")], "items[0].needs: expected a list, found str", id="needs-is-a-text"),
    pytest.param([item(needs=[["values"]])], "items[0]: needs", id="need-is-a-list"),
    pytest.param([item(points=-1)], "items[0]: points is -1; it must be a number, 0 or more", id="negative-points"),
    pytest.param([item(points=True)], "items[0]: points is True", id="bool-points"),
    pytest.param([item(points="4")], "items[0]: points is '4'", id="quoted-points"),
    pytest.param([item(points=float("nan"))], "items[0]: points is nan", id="nan-points"),
    pytest.param([item(points=float("inf"))], "items[0]: points is inf", id="infinite-points"),
    pytest.param(
        [item(check="return_close")],
        "items[0] (values): no check is called 'return_close'; did you mean 'returns_close'?",
        id="unknown-check",
    ),
    pytest.param(
        [item(options={"inputs": "a", "case": 3})],
        "items[0] (values): unknown option 'case' for check 'returns_close'; did you mean 'cases'?",
        id="unknown-option",
    ),
    pytest.param(
        [item(check="later", options={"words": 3})],
        "items[0] (values): unknown option 'words' for check 'later'; it has none",
        id="option-where-there-is-none",
    ),
    pytest.param(
        [item(options={})], "items[0] (values): check 'returns_close' lacks its option 'inputs'", id="missing-option"
    ),
    pytest.param(
        [item(options=["inputs"])], "items[0].options: expected keys with values, found list", id="list-options"
    ),
    pytest.param(["values"], "items[0]: expected keys with values, found str", id="item-is-a-text"),
]


@pytest.mark.parametrize(("items", "message"), ITEM_MISTAKES)
def test_a_mistake_in_an_item_names_place_and_remedy(tmp_path: Path, items: list[Any], message: str) -> None:
    write(tmp_path, *items)

    said = mistake(tmp_path)

    assert said.startswith(f"rubric.yaml: hw1.{message}")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"limit": {}}, ": unknown key 'limit'; did you mean 'limits'?", id="unknown-key"),
        pytest.param(
            {"limits": {"cells": 3}}, ".limits: unknown key 'cells'; did you mean 'cell_s'?", id="unknown-limit"
        ),
        pytest.param({"limits": {"cell_s": 0}}, ".limits: cell_s is 0; it must be a number above 0", id="zero-limit"),
        pytest.param(
            {"limits": {"memory_mb": 10}}, ".limits: memory_mb is 10; no notebook runs with less than 256", id="small"
        ),
        pytest.param({"limits": {"cell_s": -1}}, ".limits: cell_s is -1", id="negative-limit"),
        pytest.param({"limits": {"cell_s": True}}, ".limits: cell_s is True", id="bool-limit"),
        pytest.param({"limits": {"cell_s": "60"}}, ".limits: cell_s is '60'", id="quoted-limit"),
        pytest.param({"limits": {"cell_s": float("nan")}}, ".limits: cell_s is nan", id="nan-limit"),
        pytest.param(
            {"limits": {"memory_mb": 0.5}},
            ".limits: memory_mb is 0.5; it must be a whole number",
            id="fraction-of-a-mb",
        ),
        pytest.param({"limits": [60]}, ".limits: expected keys with values, found list", id="list-limits"),
        pytest.param({"prelude": "import torch"}, ".prelude: expected a list, found str", id="text-prelude"),
        pytest.param({"items": None}, ".items: expected a list, found NoneType", id="no-items"),
        pytest.param({"items": {"id": "values"}}, ".items: expected a list, found dict", id="items-are-keys"),
    ],
)
def test_a_mistake_in_an_assignment_names_place_and_remedy(tmp_path: Path, changes: Row, message: str) -> None:
    write(tmp_path, item(), **changes)

    said = mistake(tmp_path)

    assert said.startswith(f"rubric.yaml: hw1{message}")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", r"rubric\.yaml: expected keys with values, found NoneType", id="empty"),
        pytest.param("- version: 1", r"rubric\.yaml: expected keys with values, found list", id="list"),
        pytest.param(
            "version: 2\nassignments: {}", r"rubric\.yaml: version is 2; this grader reads version 1", id="version"
        ),
        pytest.param("assignments: {}", r"rubric\.yaml: version is None", id="no-version"),
        pytest.param("version: 1", r"rubric\.yaml: assignments: expected keys with values", id="no-assignments"),
        pytest.param(
            "version: 1\nassignment: {}",
            r"rubric\.yaml: unknown key 'assignment'; did you mean 'assignments'\?",
            id="key",
        ),
        pytest.param(
            "version: 1\nassignments: {7: {}}", r"rubric\.yaml: assignments: the key 7 is no text", id="number-for-name"
        ),
        pytest.param("version: [1", r"not valid YAML: .*line 1", id="no-yaml"),
        pytest.param("version: 1\n\tassignments:", r"not valid YAML: .*line 2", id="tab"),
        pytest.param("version: 1\nversion: 1", r"the key 'version' occurs twice.*line 2", id="key-twice"),
        pytest.param("version: 2024-02-31", r"not valid YAML: ", id="date-that-does-not-exist"),
        pytest.param("version: !!python/object/apply:os.getcwd []", r"not valid YAML: ", id="python-object"),
    ],
)
def test_a_file_that_is_no_rubric_gives_one_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "rubric.yaml").write_text(text)

    said = mistake(tmp_path)

    assert re.search(message, said)
    assert "\n" not in said


def test_a_file_that_is_no_text_gives_one_line(tmp_path: Path) -> None:
    (tmp_path / "rubric.yaml").write_bytes(b"version: \xff")

    assert "not valid YAML" in mistake(tmp_path)


def test_a_course_without_a_rubric_says_which_file_is_missing(tmp_path: Path) -> None:
    assert mistake(tmp_path) == f"{tmp_path / 'rubric.yaml'} does not exist; give --course DIR"


def test_a_course_that_is_a_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "course").write_text("")

    assert "cannot be read" in mistake(tmp_path / "course")


# ---- finding and choosing --------------------------------------------------------------------------------------------


def test_the_course_is_found_upwards(tmp_path: Path) -> None:
    write(tmp_path, item())
    below = tmp_path / "assignments" / "hw1"
    below.mkdir(parents=True)

    assert rubric.find_course(below) == tmp_path.resolve()
    assert rubric.find_course(tmp_path) == tmp_path.resolve()


def test_the_nearest_course_counts(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    write(tmp_path, item())
    write(inner, item())

    assert rubric.find_course(inner) == inner.resolve()


def test_without_a_course_the_message_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RubricError, match=r"no rubric\.yaml in .* or above; .*--course DIR"):
        rubric.find_course(tmp_path)


def several(tmp_path: Path) -> Rubric:
    row = {"items": [item()]}
    (tmp_path / "rubric.yaml").write_text(yaml.safe_dump({"version": 1, "assignments": {"hw1": row, "hw2": row}}))
    return load(tmp_path)


def test_the_only_assignment_needs_no_name(tmp_path: Path) -> None:
    write(tmp_path, item())

    assert rubric.choose(load(tmp_path), None).name == "hw1"


def test_an_assignment_is_chosen_by_its_name(tmp_path: Path) -> None:
    assert rubric.choose(several(tmp_path), "hw2").name == "hw2"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (None, r"several assignments \(hw1, hw2\); give --assignment NAME"),
        ("hw3", "called 'hw3'; the rubric has hw1, hw2"),
    ],
    ids=["several", "unknown"],
)
def test_a_name_that_settles_nothing_gives_the_known_ones(tmp_path: Path, name: str | None, message: str) -> None:
    with pytest.raises(RubricError, match=message):
        rubric.choose(several(tmp_path), name)


HOMEWORK, LAB = {"corr2d", "pool2d", "LeNet"}, {"CNN", "train"}


@pytest.mark.parametrize(
    ("submitted", "name"),
    [
        ([HOMEWORK], "hw2-cnn"),
        ([LAB], "lab-cnn"),
        ([HOMEWORK | {"CNN"}], "hw2-cnn"),
        ([LAB, HOMEWORK, LAB], "lab-cnn"),  # one of them handed in the wrong homework
        ([set(), {"main"}, LAB], "lab-cnn"),
    ],
    ids=["homework", "lab", "an experiment of the same name", "the wrong homework", "empty notebooks"],
)
def test_without_a_name_the_assignment_that_fits_most_submissions_is_chosen(
    submitted: list[set[str]], name: str
) -> None:
    assert rubric.choose(load(ROOT), None, submitted).name == name


@pytest.mark.parametrize(
    "submitted",
    [[], [set()], [{"main"}], [{"CNN", "LeNet"}], [HOMEWORK, LAB]],
    ids=["nothing", "an empty one", "strange names", "one of each", "as many for the other"],
)
def test_without_a_best_fit_the_assignment_has_to_be_named(submitted: list[set[str]]) -> None:
    with pytest.raises(
        RubricError, match=r"several assignments \(hw2-cnn, lab-cnn, softmax-regression\); give --assignment NAME"
    ):
        rubric.choose(load(ROOT), None, submitted)


def test_a_name_comes_before_what_fits() -> None:
    assert rubric.choose(load(ROOT), "hw2-cnn", [LAB]).name == "hw2-cnn"


def test_each_item_is_bound_with_its_place(tmp_path: Path) -> None:
    write(tmp_path, item(), item(id="b"))
    places: list[tuple[str, str]] = []

    rubric.load(tmp_path, lambda each, where: places.append((each.id, where)))

    assert places == [("values", "rubric.yaml: hw1.items[0] (values)"), ("b", "rubric.yaml: hw1.items[1] (b)")]


# ---- dates and intake ------------------------------------------------------------------------------------------------


def write_course(course: Path, text: str) -> Path:
    (course / "rubric.yaml").write_text(f"version: 1\n{text}", encoding="utf-8")
    return course


def test_a_due_date_is_meant_in_the_courses_time_zone(tmp_path: Path) -> None:
    text = """
intake: {time_zone: Asia/Seoul, roster: people.csv, student_number: "A[0-9]{4}"}
assignments:
  hw1:
    items: []
    due: 2026-10-03 23:59
    late: {grace_minutes: 15, percent_per_day: 10, cap_percent: 50, cut_off_days: 7, of_possible: true}
"""

    found = load(write_course(tmp_path, text))

    assert found.intake == Intake("A[0-9]{4}", "Asia/Seoul", tmp_path / "people.csv")
    assert found.assignments["hw1"].due == datetime(2026, 10, 3, 14, 59, tzinfo=UTC)
    assert found.assignments["hw1"].late == LatePolicy(15, 10, 50, 7, of_possible=True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("intake: {time_zone: Seoul}", "time_zone 'Seoul' is not known here; expected a name such as Asia/Seoul"),
        ("intake: {time_zone: ../../etc/passwd}", "time_zone '../../etc/passwd' is not known here"),
        ("intake: {zone: Asia/Seoul}", "unknown key 'zone'"),
        ("intake: {student_number: '('}", "student_number is no regular expression"),
        ("assignments: {hw1: {items: [], due: soon}}", "hw1.due is 'soon'; expected a time such as 2026-10-03 23:59"),
        (
            "assignments: {hw1: {items: [], late: {grace_minute: 5}}}",
            "unknown key 'grace_minute'; did you mean 'grace_minutes'",
        ),
        ("assignments: {hw1: {items: [], late: {percent_per_day: -1}}}", "it must be a number, 0 or more"),
        ("assignments: {hw1: {items: [], late: {cap_percent: 120}}}", "no more than 100 % can be taken off"),
        ("assignments: {hw1: {items: [], late: {of_possible: 1}}}", "it must be true or false"),
    ],
)
def test_a_mistake_in_dates_or_intake_is_one_line(tmp_path: Path, text: str, told: str) -> None:
    both = text if "assignments" in text else f"{text}\nassignments: {{}}"

    assert told in mistake(write_course(tmp_path, both))


def test_a_policy_is_read_for_the_course_and_for_an_assignment(tmp_path: Path) -> None:
    homework = {"items": [item()], "policy": {"void": ["values"]}}
    content = {"version": 1, "policy": {"out_of": 10}, "assignments": {"hw1": homework, "hw2": {"items": [item()]}}}
    (tmp_path / "rubric.yaml").write_text(yaml.safe_dump(content))

    found = load(tmp_path).assignments

    assert found["hw1"].policy == Policy(void=("values",), out_of=Decimal(10))
    assert found["hw2"].policy == Policy(out_of=Decimal(10))
