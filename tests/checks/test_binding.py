"""The table of checks, and how a rubric's options are bound to them."""

from __future__ import annotations

import inspect
import re
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
import torch

from grader import checks, rubric
from grader.checks import CHECKS, GIVEN_BY_THE_RUN, bind
from grader.errors import RubricError
from grader.probes import Probe, Returned, Session, Version
from grader.records import Finding, Item, Outcome
from tests.fakes import FakeReference, FakeSession, item
from tests.test_architecture import SHARED_BY_CHECKS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_every_check_has_the_form_of_a_check_and_a_file_of_its_name(name: str) -> None:
    check = CHECKS[name].check
    parameters = list(inspect.signature(check).parameters.values())

    assert check.__name__ == name
    assert check.__module__ == f"grader.checks.{name}"
    assert [each.name for each in parameters[:3]] == ["student", "reference", "item"]
    assert all(each.kind is each.KEYWORD_ONLY for each in parameters[3:])
    assert re.match(r"[A-Z].*\.", (check.__doc__ or "").replace("\n", " "))


def test_every_file_of_a_check_is_in_the_table() -> None:
    files = {path.stem for path in Path(checks.__file__).parent.glob("*.py")}

    shared = {name.rpartition(".")[2] for name in SHARED_BY_CHECKS}
    assert files - {"__init__"} - shared == set(CHECKS)


def test_every_check_is_used_by_the_homework() -> None:
    assignment = rubric.choose(rubric.load(ROOT, bind), "hw2-cnn")

    assert {each.check for each in assignment.items} == set(CHECKS) - {"later"}  # what students see of an accuracy


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (item("learn"), "here: no check is called 'learn'; did you mean 'learns'?"),
        (item("zzz"), "here: no check is called 'zzz'; known are answered, evaluates_to, gradient_close"),
        (
            item("returns_close", inputs="a", banne=[]),
            "here: unknown option 'banne' for check 'returns_close'; did you mean 'banned'?",
        ),
        (item("gradient_close"), "here: check 'gradient_close' lacks its option 'inputs'"),
        (item("later", words=3), "here: unknown option 'words' for check 'later'; it has none"),
        (item("returns_close", inputs="a", student=1), "here: unknown option 'student' for check 'returns_close'"),
        (
            item("learns", data="a", profiles={}, device="cuda"),
            "here: unknown option 'device' for check 'learns'",
        ),
        (item("returns_close", inputs="a", cases=0), "here: cases is 0; it must be a whole number above 0"),
        (item("module_close", inputs="a", cases=2.5), "here: cases is 2.5; it must be a whole number above 0"),
    ],
    ids=["misspelt", "unknown", "option", "lacking", "none", "position", "run", "no-case", "half-a-case"],
)
def test_a_mistake_is_told_with_place_and_remedy(given: Item, message: str) -> None:
    with pytest.raises(RubricError) as caught:
        bind(given, "here")

    assert str(caught.value).startswith(message)


def test_options_with_a_default_may_be_left_out() -> None:
    assert bind(item("returns_close", inputs="a"), "here") is CHECKS["returns_close"]


def test_what_the_run_gives_is_accepted_by_some_check() -> None:
    accepted = {name for kind in CHECKS.values() for name in inspect.signature(kind.check).parameters}

    assert accepted >= GIVEN_BY_THE_RUN


def always(student: Session, reference: Session, item: Item, *, mark: float) -> Finding:
    return Finding(Outcome.PASSED, mark, "")


def test_others_add_checks_of_their_own_but_replace_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def offered(*, group: str) -> list[Any]:
        assert group == "grader.checks"
        name = f"{__name__}:always"
        return [EntryPoint("always", name, group), EntryPoint("answered", name, group)]

    monkeypatch.setattr(checks, "entry_points", offered)
    checks.kinds.cache_clear()
    try:
        assert bind(item("always", mark=1.0), "here").check is always
        assert bind(item("answered"), "here") is CHECKS["answered"]
        with pytest.raises(RubricError, match="lacks its option 'mark'"):
            bind(item("always"), "here")
    finally:
        checks.kinds.cache_clear()


# ---- options that only judge -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_options_that_judge_are_options(name: str) -> None:
    options = inspect.signature(CHECKS[name].check).parameters

    assert {path.partition(".")[0] for path in CHECKS[name].judges} <= set(options)


def test_only_checks_that_train_are_told_the_profile() -> None:
    told = {name for name, kind in CHECKS.items() if "profile" in inspect.signature(kind.check).parameters}

    assert told == {name for name, kind in CHECKS.items() if kind.trains}


def asked(name: str, **options: Any) -> list[Probe]:
    """What a check asks a student whose every answer is that of the reference, but for a hair."""
    student = FakeSession(lambda probe: Returned(_value(probe)), versions={"f": [Version(1, "value")]})
    reference = FakeReference(lambda probe: Returned(_value(probe, off=1e-3)))
    CHECKS[name].check(student, reference, item(name, **options), **options)
    return student.asked


def _value(probe: Probe, off: float = 0.0) -> Any:
    if probe.question == "operators":
        return {"names": [], "value": torch.tensor(off)}
    if probe.question == "calls":
        return []
    return {"output": [1, 10], "layers": []} if probe.question == "shapes" else torch.tensor([off])


@pytest.mark.parametrize(
    ("name", "options", "changes"),
    [
        ("returns_close", {"inputs": "a", "banned": ["book"]}, {"rtol": 1e-9, "atol": 0.0, "on_banned": "flag"}),
        ("returns_close", {"inputs": "a"}, {"credit": {"shape": 0.5}}),
        ("gradient_close", {"inputs": "a"}, {"rtol": 1e-9, "atol": 0.0}),
        ("has_shapes", {"input": [1, 1]}, {"credit": {"one_layer": 0.5}}),
        ("learned_weight", {"shape": [1], "expected": [1.0], "within": 0.5}, {"shape": [2], "expected": [0.0], "within": 9.0}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_options_that_judge_change_nothing_of_what_is_asked(
    name: str, options: dict[str, Any], changes: dict[str, Any]
) -> None:
    before = asked(name, **options)

    assert before
    for option, value in changes.items():
        assert option in CHECKS[name].judges
        assert asked(name, **{**options, option: value}) == before
