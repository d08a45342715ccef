"""The two files of public vectors: read as a stranger's, because anybody may have changed them.

A value is JSON as wire.py has it, only that a tensor is named, with the dtype that it is given out in:

    {"tensor": ["corr2d_inputs/3/call expected", "float32"]}
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from grader.errors import ReleaseError
from grader.kernel.channel import ProtocolError, strict_json

FOLDER: Final = "vectors"
FORMAT: Final = 2  # to be raised when a file of an earlier grader would be misread, or probes get other keys
_LARGEST: Final = {".json": 32 << 20, ".safetensors": 256 << 20}  # bytes
_NAME = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True)
class Index:
    """What the JSON file holds, its values still as JSON.

    Args:
        tensors: where the other file lies.
        assignment: its name.
        language: of the course.
        rubric: the part of the rubric that students need.
        cases: generator, seed and number of each case, and what it gives: arguments, keywords, module inputs.
        answers: by key of a probe the observation.
        mistakes: by target, in order, the sentence of each mistake and by key of a probe its observation.
        helpers: names for which the grader has a right helper where a student's is wrong; the release has none.
    """

    tensors: Path
    assignment: str
    language: str
    rubric: Mapping[str, Any]
    cases: Mapping[tuple[str, int, int], Sequence[Any]]
    answers: Mapping[str, Any]
    mistakes: Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]]
    helpers: frozenset[str]


def lies_in(folder: Path) -> bool:
    """Whether a folder is one that was released."""
    return any(True for _ in _indices(folder))


def read_all(folder: Path) -> list[Index]:
    """The vectors of every assignment in a released folder; several may have been unpacked into one.

    Raises:
        ReleaseError: a file is damaged, or of another version.
    """
    return [_read(path) for path in _indices(folder)]


def read(folder: Path, assignment: str) -> Index:
    """The vectors of one assignment.

    Raises:
        ReleaseError: there are none, or they are damaged or of another version.
    """
    return _read(folder / FOLDER / f"{assignment}.json")


def _indices(folder: Path) -> Iterator[Path]:
    for path in sorted((folder / FOLDER).glob("*.json")):
        if path.with_suffix(".safetensors").is_file():
            yield path


def damaged(path: Path, why: str) -> ReleaseError:
    """What is said of a file that is not as it was released."""
    return ReleaseError(f"{path} is damaged ({why}); unpack what your course gave you once more")


def content(path: Path) -> bytes:
    """A file of vectors as it is, if it is no larger than one may be.

    Raises:
        ReleaseError: it is, or it cannot be read.
    """
    try:
        if path.stat().st_size > _LARGEST[path.suffix]:
            raise damaged(path, f"it is larger than {_LARGEST[path.suffix] >> 20} MB")
        return path.read_bytes()
    except OSError as error:
        raise ReleaseError(f"{path} cannot be read: {error.strerror}") from error


def _read(path: Path) -> Index:
    try:
        tree = strict_json(content(path))
    except ProtocolError as error:
        raise damaged(path, str(error)) from None
    match tree:
        case {"format": int() as version} if version != FORMAT:
            raise ReleaseError(
                f"{path} is of format {version}, this grader reads {FORMAT}: "
                + ("install a newer grader" if version > FORMAT else "ask your course for a new release")
            )
        case {
            "format": int(),  # this one
            "assignment": str() as name,
            "language": str() as language,
            "rubric": dict() as rubric,
            "cases": list() as cases,
            "answers": dict() as answers,
            "mistakes": dict() as mistakes,
            "helpers": list() as helpers,
        } if _NAME.fullmatch(name):
            return Index(
                path.with_suffix(".safetensors"),
                name,
                language,
                rubric,
                dict(_case(row, path) for row in cases),
                answers,
                {target: [_mistake(row, path) for row in _rows(rows, path)] for target, rows in mistakes.items()},
                frozenset(map(str, helpers)),
            )
    raise damaged(path, "it is no file of vectors")


def _rows(rows: Any, path: Path) -> list[Any]:
    if not isinstance(rows, list):
        raise damaged(path, "a list is something else")
    return rows


def _case(row: Any, path: Path) -> tuple[tuple[str, int, int], Sequence[Any]]:
    match row:
        case [str() as generator, int() as seed, int() as number, args, kwargs, inputs]:
            return (generator, seed, number), (args, kwargs, inputs)
    raise damaged(path, "a case is something else")


def _mistake(row: Any, path: Path) -> tuple[str, Mapping[str, Any]]:
    match row:
        case [str() as text, dict() as answers]:
            return text, answers
    raise damaged(path, "a mistake is something else")
