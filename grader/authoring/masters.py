"""A master notebook, in which solutions, tests and texts stand together, as parts that say what they are for.

    nbgrader    cell.metadata.nbgrader; ### BEGIN SOLUTION, ### BEGIN HIDDEN TESTS, ### BEGIN MARK SCHEME
    otter       cells that begin with # BEGIN QUESTION and the like, raw or fenced as ```otter in a text; # HIDDEN

The formats are those of nbgrader's schema version 3 and of otter-assign's format v1. Nothing of a notebook is ever run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from grader import documents
from grader.authoring.stubs import is_marked

_REGION = r"^[ \t]*#+\s*BEGIN {0}[ \t]*$.*?^[ \t]*#+\s*END {0}[ \t]*$\n?"
_HIDDEN = re.compile(_REGION.format("HIDDEN TESTS"), re.MULTILINE | re.DOTALL | re.IGNORECASE)
_SCHEME = re.compile(_REGION.format("MARK SCHEME"), re.MULTILINE | re.DOTALL | re.IGNORECASE)
_BOUNDARY = re.compile(r"\s*#\s+(?P<which>BEGIN|END)\s+(?P<block>QUESTION|PROMPT|SOLUTION|TESTS)\b", re.IGNORECASE)
_CONFIG = re.compile(r"\s*#\s+ASSIGNMENT\s+CONFIG\b", re.IGNORECASE)
_FENCED = re.compile(r"^```otter[ \t]*\n(.*?)^```[ \t]*$\n?", re.MULTILINE | re.DOTALL)
_TEST_CONFIG = re.compile(
    r"\A\s*(?:\"\"\"|''')\s*#\s*BEGIN TEST CONFIG\s*\n(?P<yaml>.*?)\n"
    r"\s*(?:\"\"\"|''');?\s*#\s*END TEST CONFIG[ \t]*\n?",
    re.DOTALL | re.IGNORECASE,
)
_HIDDEN_LINE = re.compile(r"\A\s*#+\s*HIDDEN\b.*\n?", re.IGNORECASE)
_IGNORED = re.compile(r"^.*#\s*IGNORE[ \t]*$\n?", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Test:
    """What a master notebook looks for: shown to students, or hidden from them."""

    shown: str
    hidden: str
    printed: str = ""  # what the last run printed, where that is what is expected


@dataclass(frozen=True, slots=True)
class Part:
    """One cell of a master notebook.

    Args:
        kind: text and given are for students as they are; solution is what they write as code, written as text.
        source: the cell; empty for what students write as text.
        question: what it belongs to: a grade_id, or the name of a question; parts of one question follow each other.
        points: of the question, where this part tells them.
        tests: what is looked for, for the kind test.
        by_hand: whether a person marks it.
    """

    kind: Literal["text", "given", "solution", "written", "test"]
    source: str
    question: str = ""
    points: float | None = None
    tests: tuple[Test, ...] = ()
    by_hand: bool = False


NO_MASTER: Final = (
    "it has no mark of a master notebook: neither nbgrader's metadata and ### BEGIN SOLUTION, "
    "nor otter's # BEGIN QUESTION"
)


def read(text: str) -> Sequence[Part]:
    """The parts of a master notebook, in order.

    Raises:
        ValueError: it is no notebook, or no master; one line.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not valid JSON") from error
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        raise ValueError("it is JSON, but it has no notebook cells")
    rows = [row for cell in content["cells"] if isinstance(cell, dict) for row in _unfenced(cell)]
    if any(row.kind == "raw" and _BOUNDARY.match(row.source) for row in rows):
        return _otter(rows)
    if any(row.nbgrader or is_marked(row.source) for row in rows):
        return [part for row in rows for part in _of_nbgrader(row)]
    raise ValueError(NO_MASTER)


@dataclass(frozen=True, slots=True)
class _Row:
    kind: str
    source: str
    nbgrader: Mapping[str, Any] = field(default_factory=dict)
    printed: str = ""


def _unfenced(cell: Mapping[str, Any]) -> Iterator[_Row]:
    """A cell; a text cell with fenced blocks as texts and raw cells, because Colab has none of these."""
    source = cell.get("source", "")
    text = (source if isinstance(source, str) else "".join(map(str, source))).replace("\r\n", "\n")
    metadata = cell.get("metadata")
    marked = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    row = _Row(str(cell.get("cell_type")), text, marked if isinstance(marked, dict) else {}, _printed(cell))
    pieces = _FENCED.split(text) if row.kind == "markdown" else [text]
    if len(pieces) == 1:
        yield row
        return
    for number, piece in enumerate(pieces):
        if piece.strip():
            yield _Row("raw" if number % 2 else "markdown", piece.strip("\n"))


def _printed(cell: Mapping[str, Any]) -> str:
    found = []
    for output in cell.get("outputs") or ():
        if isinstance(output, dict):
            value = output.get("text") or (output.get("data") or {}).get("text/plain") or ""
            found.append(value if isinstance(value, str) else "".join(map(str, value)))
    return "".join(found)


# ---- nbgrader --------------------------------------------------------------------------------------------------------


def _of_nbgrader(row: _Row) -> Iterator[Part]:
    flags = row.nbgrader
    graded, solved = bool(flags.get("grade")), bool(flags.get("solution"))
    name = str(flags.get("grade_id", ""))
    points = _number(flags.get("points")) if graded or flags.get("task") else None
    text = _SCHEME.sub("", row.source)
    if row.kind == "markdown":
        if flags.get("task"):
            yield Part("text", text, name)
        if solved or flags.get("task"):
            yield Part("written", "", name, points or 0.0, by_hand=True)
        else:
            yield Part("text", text)
    elif row.kind == "code" and graded and not solved:
        hidden = "\n".join(match.group().strip("\n") for match in _HIDDEN.finditer(text))
        shown = _HIDDEN.sub("", text).strip("\n")
        yield Part("test", "", name, points or 0.0, (Test(shown, hidden),))
    elif row.kind == "code":
        given = _HIDDEN.sub("", text)
        kind: Literal["solution", "given"] = "solution" if solved or is_marked(given) else "given"
        yield Part(kind, given, name, points, by_hand=graded)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None


# ---- otter -----------------------------------------------------------------------------------------------------------


def _otter(rows: Sequence[_Row]) -> list[Part]:
    parts: list[Part] = []
    question: Mapping[str, Any] = {}
    block, name = "", ""
    tests: list[tuple[Test, float | None]] = []
    for row in rows:
        boundary = _BOUNDARY.match(row.source) if row.kind == "raw" else None
        if boundary is None:
            if row.kind == "code" and block == "TESTS":
                tests.append(_test(row))
            elif row.kind in ("code", "markdown"):
                parts += _in_block(row, block, name, bool(question.get("manual")))
            continue
        begins, which = boundary["which"].upper() == "BEGIN", boundary["block"].upper()
        if which != "QUESTION":
            block = which if begins else ""
        elif begins:
            question, tests = _settings(row.source), []
            name = str(question.get("name", f"question-{len(parts) + 1}"))
        else:
            _end(parts, name, question, tests)
            question, name = {}, ""
    return parts


def _in_block(row: _Row, block: str, name: str, by_hand: bool) -> Iterator[Part]:
    if row.kind == "markdown":
        if block == "SOLUTION":
            yield Part("written", "", name, by_hand=True)
        elif block != "PROMPT" or not by_hand:  # the prompt of a written answer is the cell where it is written
            yield Part("text", row.source, name)
    elif block == "SOLUTION" or is_marked(row.source):
        yield Part("solution", row.source, name, by_hand=by_hand)
    else:
        yield Part("given", row.source, name)


def _end(parts: list[Part], name: str, question: Mapping[str, Any], tests: Sequence[tuple[Test, float | None]]) -> None:
    """What a question is worth, told by its written answer or by its tests."""
    by_hand = bool(question.get("manual"))
    worth = _worth(question.get("points"), [points for _, points in tests])
    written = [number for number, part in enumerate(parts) if part.kind == "written" and part.question == name]
    if written and not tests:
        parts[written[0]] = replace(parts[written[0]], points=worth)
    elif tests or by_hand:
        parts.append(Part("test", "", name, worth, tuple(test for test, _ in tests), by_hand))


def _worth(points: Any, each: Sequence[float | None]) -> float:
    """The points of a question: said of it as a number, a list or {each: number}, or of its tests; else 1."""
    match points:
        case dict() if (one := _number(points.get("each"))) is not None:
            return one * max(1, len(each))
        case list():
            return sum(number or 0.0 for number in map(_number, points))
    total = _number(points)
    if total is not None:
        return total
    told = [number for number in each if number is not None]
    return sum(told) if told else 1.0


def _test(row: _Row) -> tuple[Test, float | None]:
    source = row.source
    settings: Mapping[str, Any] = {}
    if found := _TEST_CONFIG.match(source):
        settings, source = _settings(found["yaml"]), source[found.end() :]
    hidden = bool(_HIDDEN_LINE.match(source)) or bool(settings.get("hidden"))
    code = _IGNORED.sub("", _HIDDEN_LINE.sub("", source)).strip("\n")
    test = Test("", code, row.printed) if hidden else Test(code, "", row.printed)
    return test, _number(settings.get("points"))


def _settings(text: str) -> Mapping[str, Any]:
    found = documents.load(text)
    return found if isinstance(found, dict) else {}
