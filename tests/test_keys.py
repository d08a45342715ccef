"""What the key of a score depends on, and what it does not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from grader import keys
from grader.errors import DataMissing
from grader.keys import Conditions, Key, Keys
from grader.records import Assignment, Item, Limits, Policy, Profile

ROOT = Path(__file__).parents[1]
CONDITIONS = Conditions(b"secret", Profile.QUICK, "cpu", sandboxed=True)
RECIPES = {"quick": {"steps": 1, "none": 0.1, "full": 0.9}, "full": {"steps": 9, "none": 0.5, "full": 0.8}}


def item(id: str, check: str = "returns_close", needs: tuple[str, ...] = (), **options: Any) -> Item:
    return Item(id, "7.2", f"about {id}", 1.0, check, "f", options, needs)


ITEMS = (
    item("a", inputs="g", cases=2, rtol=0.1),
    item("b", needs=("a",), inputs="g"),
    item("c", needs=("b",), inputs="g"),
    item("accuracy", "learns", profiles=RECIPES),
    item("theirs", "a_check_of_others", shares={"full": 0.5}),
)
HOMEWORK = Assignment("hw", "Homework", Path("hw"), "small", ITEMS, prelude=("import torch",))


@pytest.fixture
def course(tmp_path: Path) -> Path:
    (tmp_path / "reference/small/styles").mkdir(parents=True)
    (tmp_path / "reference/small/solutions.py").write_text("def f(): return 1\n")
    return tmp_path


def of(course: Path, assignment: Assignment = HOMEWORK, conditions: Conditions = CONDITIONS) -> Keys:
    return keys.of(course, assignment, conditions)


def others(before: Keys, after: Keys) -> tuple[set[str], set[str]]:
    """The items that are asked otherwise, and those that are judged otherwise."""
    asked = {id for id in after.asked if after.asked[id] != before.asked.get(id)}
    return asked, {id for id in after.judged if after.judged[id] != before.judged.get(id)}


def with_item(id: str, **changes: Any) -> Assignment:
    return replace(HOMEWORK, items=tuple(replace(each, **changes) if each.id == id else each for each in ITEMS))


EVERY = {each.id for each in ITEMS}


def test_other_code_that_asks_asks_everything_anew_and_keeps_no_answer(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, answers = of(course), keys.answers_hash(course, "small")
    again = keys.answers_hash(course, "small")

    monkeypatch.setattr(keys, "_asking_code", lambda: "other code")

    assert others(before, of(course)) == (EVERY, set())
    assert answers == again != keys.answers_hash(course, "small")


def test_other_code_that_judges_asks_nothing_anew(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, answers = of(course), keys.answers_hash(course, "small")

    monkeypatch.setattr(keys, "_judging_code", lambda: "other code")

    assert others(before, of(course)) == (set(), EVERY)
    assert keys.answers_hash(course, "small") == answers


def test_code_is_told_by_every_file_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "__file__", str(tmp_path / "keys.py"))
    (tmp_path / "room").mkdir()
    (tmp_path / "alone.py").write_text("A = 1")
    (tmp_path / "room/one.py").write_text("B = 1")
    codes = [keys._code("alone.py", "room")]
    for path in ("alone.py", "room/one.py", "room/new.py"):
        (tmp_path / path).write_text("C = 2")
        codes.append(keys._code("alone.py", "room"))

    assert len(set(codes)) == 4


def test_what_students_received_changes_what_they_are_said_to_have_written(course: Path) -> None:
    (course / "hw").mkdir()
    written = replace(HOMEWORK, notebooks=course / "hw", items=(*ITEMS, item("written", "answered")))
    before = of(course, written)

    for content in ("first", "second"):
        (course / "hw/hw.ipynb").write_text(content)
        after = of(course, written)
        assert others(before, after) == ({"written"}, set())
        assert of(course, written) == after
        before = after


def test_the_data_that_an_item_names_are_in_its_key(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = with_item("a", options={"inputs": "g", "data": "digits"})

    def missing(name: str) -> str:
        raise DataMissing(name)

    asked = []
    for found in (lambda name: f"{name} of May", lambda name: f"{name} of June", missing):
        monkeypatch.setattr("grader.datasets.fingerprint", found)
        asked.append(of(course, named))

    assert [others(asked[0], each)[0] for each in asked] == [set(), {"a", "b", "c"}, {"a", "b", "c"}]
    assert others(asked[1], asked[2])[0] == {"a", "b", "c"}


def test_a_policy_is_in_no_key(course: Path) -> None:
    policy = Policy(void=("a",), bonus=("b",), out_of=Decimal(10), cap=Decimal(100))

    assert of(course, replace(HOMEWORK, policy=policy)) == of(course)


@pytest.mark.parametrize(
    ("assignment", "asked", "judged"),
    [
        pytest.param(with_item("a", points=9.0), set(), set(), id="points"),
        pytest.param(with_item("a", title="another"), set(), set(), id="title"),
        pytest.param(with_item("a", section="7.3"), set(), {"a"}, id="section"),
        pytest.param(with_item("a", options={"inputs": "g", "cases": 2, "rtol": 0.2}), set(), {"a"}, id="tolerance"),
        pytest.param(with_item("a", options={"cases": 2, "rtol": 0.1, "inputs": "g"}), set(), set(), id="order"),
        pytest.param(with_item("a", options={"inputs": "g", "cases": 3, "rtol": 0.1}), {"a", "b", "c"}, set(), id="cases"),
        pytest.param(with_item("b", target="h"), {"b", "c"}, set(), id="target"),
        pytest.param(with_item("b", check="gradient_close"), {"b", "c"}, set(), id="check"),
        pytest.param(with_item("c", needs=()), {"c"}, set(), id="needs"),
        pytest.param(
            with_item("accuracy", options={"profiles": {**RECIPES, "quick": {"steps": 1, "none": 0.2, "full": 0.9}}}),
            set(),
            {"accuracy"},
            id="ramp",
        ),
        pytest.param(
            with_item("accuracy", options={"profiles": {**RECIPES, "quick": {"steps": 2, "none": 0.1, "full": 0.9}}}),
            {"accuracy"},
            set(),
            id="steps",
        ),
        pytest.param(with_item("theirs", options={"shares": {"full": 0.6}}), {"theirs"}, set(), id="others-check"),
        pytest.param(replace(HOMEWORK, prelude=()), EVERY, set(), id="prelude"),
        pytest.param(replace(HOMEWORK, limits=Limits(probe_s=1)), EVERY, set(), id="limits"),
        pytest.param(replace(HOMEWORK, title="Exam"), set(), set(), id="title-of-all"),
        pytest.param(replace(HOMEWORK, items=(*ITEMS, item("new"))), {"new"}, {"new"}, id="another-item"),
        pytest.param(replace(HOMEWORK, items=ITEMS[3:]), set(), set(), id="items-less"),
    ],
)  # fmt: skip
def test_a_changed_rubric_changes_the_keys_of_what_depends_on_it(
    course: Path, assignment: Assignment, asked: set[str], judged: set[str]
) -> None:
    assert others(of(course), of(course, assignment)) == (asked, judged)


@pytest.mark.parametrize(
    ("conditions", "asked"),
    [
        pytest.param(replace(CONDITIONS, secret=b"another"), EVERY, id="secret"),
        pytest.param(replace(CONDITIONS, device="cuda"), EVERY, id="device"),
        pytest.param(replace(CONDITIONS, sandboxed=False), EVERY, id="sandbox"),
        pytest.param(replace(CONDITIONS, profile=Profile.FULL), {"accuracy", "theirs"}, id="profile"),
    ],
)
def test_another_run_changes_what_is_asked(course: Path, conditions: Conditions, asked: set[str]) -> None:
    assert others(of(course), of(course, conditions=conditions)) == (asked, set())


@pytest.mark.parametrize("what", ["__version__", "_software", "_data"])
def test_another_grader_library_or_data_set_changes_what_is_asked(
    course: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    before = of(course)
    monkeypatch.setattr(keys, what, "another" if what == "__version__" else lambda *given: "another")

    assert others(before, of(course)) == (EVERY, set())


@pytest.mark.parametrize(
    ("file", "judged"),
    [("solutions.py", EVERY), ("table.csv", EVERY), ("styles/loops.py", set()), ("__pycache__/solutions.pyc", set())],
)
def test_another_reference_judges_otherwise(course: Path, file: str, judged: set[str]) -> None:
    before = of(course)
    path = course / "reference/small" / file
    path.parent.mkdir(exist_ok=True)
    path.write_text("another")

    assert others(before, of(course)) == (set(), judged)


def test_the_place_of_a_course_changes_nothing(course: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(course, tmp_path / "elsewhere")

    assert of(moved) == of(course)


def test_a_key_depends_on_the_submission_and_on_the_needed_items_that_failed(course: Path) -> None:
    found = of(course)
    key = found.key("c", "sha", ["a", "b"])

    assert found.key("c", "sha", ["b", "a"]) == key
    assert found.key("c", "other", ["a", "b"]).asked != key.asked
    assert found.key("c", "other", ["a", "b"]).judged == key.judged
    assert found.key("c", "sha", ["b"]) == Key(key.asked, found.judged_of("c", ["b"])) != key
    assert Key.parse(str(key)) == key


@pytest.mark.parametrize("text", ["", "k1", "."])
def test_what_no_grader_wrote_equals_no_key(course: Path, text: str) -> None:
    assert Key.parse(text) != of(course).key("a", "sha", [])
