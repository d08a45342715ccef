"""rubric.yaml → Rubric. Every mistake in it is one line that names the place and the remedy."""

from __future__ import annotations

import dataclasses
import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from grader import documents, lateness, policy
from grader.errors import RubricError
from grader.mappings import known as _known
from grader.mappings import mapping as _mapping
from grader.mappings import sequence as _sequence
from grader.records import LANGUAGES, Assignment, Intake, Item, LatePolicy, Limits, Rubric
from grader.spelling import hint

FILE = "rubric.yaml"
_ASSIGNMENT_KEYS = {"title", "notebooks", "reference", "prelude", "limits", "items", "due", "late", "policy"}
_INTAKE_KEYS = {"student_number", "time_zone", "roster"}
_ITEM_KEYS = {"id", "section", "title", "target", "points", "check", "options", "needs"}
_REQUIRED = ("id", "section", "title", "target", "points", "check")


BindCheck = Callable[[Item, str], object]


def find_course(start: Path) -> Path:
    """The nearest folder at or above `start` that holds a rubric.yaml.

    Raises:
        RubricError: there is none.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / FILE).is_file():
            return folder
    raise RubricError(f"no {FILE} in {start.resolve()} or above; go to the course's folder or give --course DIR")


def unproven(item: Item, where: str) -> None:
    """A `bind` that proves nothing and so imports no check: for an item that has been proven before."""


def load(course: Path, bind: BindCheck) -> Rubric:
    """Read a course's rubric; `bind` proves that each item's options fit its check.

    Raises:
        RubricError: the file is missing, is no YAML, or says something that it cannot mean.
    """
    path = course / FILE
    try:
        content = documents.load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RubricError(f"{path} does not exist; give --course DIR") from None
    except OSError as error:
        raise RubricError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RubricError(f"{path}: not valid YAML: {error}") from error
    except ValueError as error:
        raise RubricError(f"{path}: {error}") from error
    return read(content, course, bind)


def read(content: Any, course: Path, bind: BindCheck) -> Rubric:
    """What a rubric says, as plain values; `bind` proves that each item's options fit its check.

    Raises:
        RubricError: it says something that it cannot mean.
    """
    top = _mapping(content, FILE)
    _known(top, {"version", "language", "intake", "policy", "assignments"}, FILE)
    if top.get("version") != 1:
        raise RubricError(f"{FILE}: version is {top.get('version')!r}; this grader reads version 1")
    assignments = _mapping(top.get("assignments"), f"{FILE}: assignments")
    intake = _intake(top.get("intake", {}), course)
    zone = time_zone(intake)
    general = _mapping(top.get("policy", {}), f"{FILE}: policy")
    read = {name: _assignment(course, name, row, bind, zone, general) for name, row in assignments.items()}
    return Rubric(course, read, intake, _language(top.get("language", "en")))


def time_zone(intake: Intake) -> tzinfo | None:
    """The zone in which the course writes its times; None for this machine's.

    Raises:
        RubricError: no zone is called so, or this machine has no table of zones.
    """
    try:
        return ZoneInfo(intake.time_zone) if intake.time_zone else None
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        told = f"{FILE}: intake: time_zone {intake.time_zone!r} is not known here; expected a name such as Asia/Seoul"
        raise RubricError(told) from error


def _language(content: Any) -> str:
    if not isinstance(content, str) or content not in LANGUAGES:
        raise RubricError(f"{FILE}: language is {content!r}; there are {', '.join(LANGUAGES)}")
    return content


def choose(
    rubric: Rubric, name: str | None, submitted: Sequence[Collection[str]] = (), *, by: str = "give --assignment NAME"
) -> Assignment:
    """The assignment of that name, or the only one, or the one whose targets fit what was submitted best.

    Args:
        rubric: the course's.
        name: what the user asks for, if anything.
        submitted: the names that each submission defines, of all submissions or of some.
        by: how the user says which.

    Raises:
        RubricError: no such assignment, or several to choose from and none that fits best.
    """
    known = ", ".join(rubric.assignments)
    if name is not None:
        if name not in rubric.assignments:
            close = hint(name, rubric.assignments)
            raise RubricError(
                f"no assignment is called {name!r}; the rubric has {known}{close if 'did you mean' in close else ''}"
            )
        return rubric.assignments[name]
    if len(rubric.assignments) == 1:
        return next(iter(rubric.assignments.values()))
    fitting = _fitting(rubric, submitted)
    if fitting is None:
        raise RubricError(f"the rubric has several assignments ({known}); {by}")
    return fitting


def _fitting(rubric: Rubric, submitted: Sequence[Collection[str]]) -> Assignment | None:
    """What most submissions define the most targets of; None where that is undecided.

    Every submission has one vote, so that a wrong homework among them does not decide for the others.
    """
    targets = {name: {item.target for item in each.items} for name, each in rubric.assignments.items()}
    votes: Counter[str] = Counter()
    for names in submitted:
        if winner := _only_greatest({name: len(wanted.intersection(names)) for name, wanted in targets.items()}):
            votes[winner] += 1
    winner = _only_greatest(votes)
    return rubric.assignments[winner] if winner else None


def _only_greatest(counts: Mapping[str, int]) -> str:
    """The name with the greatest count; empty where none is counted or two share it."""
    greatest = max(counts.values(), default=0)
    names = [name for name, count in counts.items() if count == greatest > 0]
    return names[0] if len(names) == 1 else ""


def _assignment(
    course: Path, name: str, content: Any, bind: BindCheck, zone: tzinfo | None, general: Mapping[str, Any]
) -> Assignment:
    where = f"{FILE}: {name}"
    row = _mapping(content, where)
    _known(row, _ASSIGNMENT_KEYS, where)
    items: list[Item] = []
    for index, each in enumerate(_sequence(row.get("items"), f"{where}.items")):
        item = _item(each, f"{where}.items[{index}]", items)
        bind(item, f"{where}.items[{index}] ({item.id})")
        items.append(item)
    return Assignment(
        name=name,
        title=str(row.get("title", name)),
        notebooks=course / str(row.get("notebooks", f"assignments/{name}")),
        reference=str(row.get("reference", name.replace("-", "_"))),
        items=tuple(items),
        prelude=tuple(str(line) for line in _sequence(row.get("prelude", []), f"{where}.prelude")),
        limits=_limits(row.get("limits", {}), f"{where}.limits"),
        due=_due(row["due"], f"{where}.due", zone) if "due" in row else None,
        late=_late(row["late"], f"{where}.late") if "late" in row else None,
        policy=policy.read(general, row.get("policy", {}), [item.id for item in items], FILE, where),
    )


def _intake(content: Any, course: Path) -> Intake:
    where = f"{FILE}: intake"
    row = _mapping(content, where)
    _known(row, _INTAKE_KEYS, where)
    texts = {key: _text(row, key, where) for key in row}
    try:
        re.compile(texts.get("student_number", ""))
    except re.error as error:
        raise RubricError(f"{where}: student_number is no regular expression: {error}") from error
    roster = course / texts["roster"] if "roster" in texts else None
    return Intake(texts.get("student_number", ""), texts.get("time_zone", ""), roster)


def _due(value: Any, where: str, zone: tzinfo | None) -> datetime:
    try:
        return lateness.deadline(value, zone)
    except ValueError as error:
        raise RubricError(f"{where} is {value!r}; expected a time such as 2026-10-03 23:59") from error


def _late(content: Any, where: str) -> LatePolicy:
    row = _mapping(content, where)
    _known(row, {field.name for field in dataclasses.fields(LatePolicy)}, where)
    for key, value in row.items():
        if key == "of_possible":
            if not isinstance(value, bool):
                raise RubricError(f"{where}: {key} is {value!r}; it must be true or false")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise RubricError(f"{where}: {key} is {value!r}; it must be a number, 0 or more")
        elif key == "cap_percent" and value > 100:
            raise RubricError(f"{where}: {key} is {value!r}; no more than 100 % can be taken off")
    return LatePolicy(**row)


def _item(content: Any, where: str, before: list[Item]) -> Item:
    row = _mapping(content, where)
    _known(row, _ITEM_KEYS, where)
    for key in _REQUIRED:
        if key not in row:
            raise RubricError(f"{where}: {key!r} is missing")
    points = row["points"]
    if isinstance(points, bool) or not isinstance(points, int | float) or not 0 <= points < math.inf:
        raise RubricError(f"{where}: points is {points!r}; it must be a number, 0 or more")
    earlier = {item.id for item in before}
    identifier = _text(row, "id", where)
    if identifier in earlier:
        raise RubricError(f"{where}: the id {identifier!r} occurs twice")
    needs = tuple(str(need) for need in _sequence(row.get("needs", []), f"{where}.needs"))
    for need in needs:
        if need not in earlier:
            raise RubricError(f"{where}: needs {need!r}, which is no item before it{hint(need, earlier)}")
    return Item(
        id=identifier,
        section=_text(row, "section", where),
        title=_text(row, "title", where),
        points=float(points),
        check=_text(row, "check", where),
        target=_text(row, "target", where),
        options=_mapping(row.get("options", {}), f"{where}.options"),
        needs=needs,
    )


_LEAST = {"memory_mb": 256, "processes": 4}  # torch's own needs


def _limits(content: Any, where: str) -> Limits:
    row = _mapping(content, where)
    usual = dataclasses.asdict(Limits())
    _known(row, set(usual), where)
    for key, value in row.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            raise RubricError(f"{where}: {key} is {value!r}; it must be a number above 0")
        if isinstance(usual[key], int) and not isinstance(value, int):
            raise RubricError(f"{where}: {key} is {value!r}; it must be a whole number")
        if value < (least := _LEAST.get(key, 0)):
            raise RubricError(f"{where}: {key} is {value!r}; no notebook runs with less than {least}")
    return Limits(**row)


def _text(row: Mapping[str, Any], key: str, where: str) -> str:
    """A name; unquoted numbers such as 7.2 are taken as they are written."""
    value = row[key]
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        raise RubricError(f"{where}: {key} is {value!r}; it must be a text")
    return str(value)
