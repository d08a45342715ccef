"""Turn what was asked of a reference into the two files of public vectors.

A tensor that occurs twice is written once. The answers of modules are in float64 but compared to five digits
(checks/module_answers.py), so they are kept in float32; those of mistakes, which decide about a sentence and not about
right or wrong, with 16 of its 24 bits, and a tensor that comes out equal is written once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

import torch
from safetensors.torch import save

from grader import __version__
from grader.errors import ReleaseError
from grader.kernel.channel import MAX_BODY
from grader.kernel.wire import decode, encode, observation_frame
from grader.probes import Observation, Probe, Raised, Value
from grader.releases.listening import Asked, Listening
from grader.releases.vectors import FORMAT

_COARSE: Final = frozenset({"module"})  # questions whose answers are compared less exactly than float32 has them
_DROPPED: Final = 8  # of the bits of a float32's mantissa; the rounding is 2**-16, where 1e-4 is allowed


@dataclass(frozen=True, slots=True)
class Files:
    """The two files of one assignment."""

    index: bytes  # JSON
    tensors: bytes  # safetensors


def files(assignment: str, language: str, rubric: Mapping[str, Any], heard: Listening, helpers: Sequence[str]) -> Files:
    """The vectors of one assignment; the same course always gives the same bytes.

    Args:
        assignment: its name.
        language: of the course.
        rubric: the part of the rubric that students need.
        heard: everything that was asked of the reference.
        helpers: names for which the grader has a right helper.

    Raises:
        ReleaseError: the rubric holds something that is no JSON.
    """
    named = _Named({seed: f"{generator}/{number}" for generator, seed, number in heard.cases})
    index = {
        "format": FORMAT,
        "made by": f"grader {__version__}",
        "assignment": assignment,
        "language": language,
        "rubric": rubric,
        "cases": [
            [
                *known,
                *(named.value(each, f"{known[0]}/{known[2]}/{part}") for part, each in zip(_GIVEN, case, strict=True)),
            ]
            for known, case in heard.cases.items()
        ],
        "answers": named.answers(heard.answers, "expected"),
        "mistakes": {
            target: [
                [text, named.answers(asked, f"mistake {n}", rounded=True)]
                for n, (text, asked) in enumerate(mistakes, 1)
            ]
            for target, mistakes in heard.mistakes.items()
        },
        "helpers": list(helpers),
    }
    try:
        text = json.dumps(index, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise ReleaseError(f"rubric.yaml: {assignment}: an option cannot be released ({error})") from error
    return Files(f"{text}\n".encode(), save(named.tensors))


_Naming: TypeAlias = Callable[[torch.Tensor, str], str]  # a tensor and a place where it occurs
_GIVEN: Final = ("args", "kwargs", "inputs")


@dataclass(slots=True)
class _Named:
    """Values as JSON, and their tensors, each under the name by which it was first seen.

    Args:
        cases: by seed the name of a case.
    """

    cases: Mapping[int, str]
    tensors: dict[str, torch.Tensor] = field(default_factory=dict)
    _names: dict[bytes, str] = field(default_factory=dict)  # by a hash of the content
    _rounded: dict[bytes, str] = field(default_factory=dict)  # by a hash of what rounding makes of it

    def value(self, value: Value, place: str) -> Any:
        """A value as `encode` has it, only that its tensors are named."""
        body = bytearray()
        return self._tree(encode(value, body), body, place, self._exactly)

    def answers(self, asked: Asked, whose: str, *, rounded: bool = False) -> dict[str, Any]:
        """By key of a probe the observation; where it is compared less exactly, tensors may be rounded."""
        coarse = self._roughly if rounded else self._in_single
        return {name: self._answer(probe, observation, whose, coarse) for name, (probe, observation) in asked.items()}

    def _answer(self, probe: Probe, observation: Observation, whose: str, coarse: _Naming) -> Any:
        if isinstance(observation, Raised):
            observation = replace(observation, line="")  # of the reference
        variant = [str(probe.options[name]) for name in ("dtype", "bias") if name in probe.options]
        question = " ".join([probe.question, *variant, whose])
        frame = observation_frame(observation, MAX_BODY)
        place = f"{self.cases.get(probe.seed, probe.target)}/{question}"
        return self._tree(frame.header, frame.body, place, coarse if probe.question in _COARSE else self._exactly)

    def _tree(self, tree: Any, body: bytes | bytearray, place: str, name: _Naming) -> Any:
        match tree:
            case {"tensor": [str() as dtype, list() as shape, int() as offset, int() as size]}:
                tensor = decode({"tensor": [dtype, shape, 0, size]}, bytes(body[offset : offset + size]))
                return {"tensor": [name(tensor, place), dtype]}
            case {"dict": list() as pairs}:
                return {"dict": [[key, self._tree(each, body, f"{place}/{key}", name)] for key, each in pairs]}
            case Mapping():
                return {kind: self._tree(each, body, place, name) for kind, each in tree.items()}
            case list():
                return [self._tree(each, body, f"{place}/{n}", name) for n, each in enumerate(tree)]
        return tree

    def _exactly(self, tensor: torch.Tensor, place: str) -> str:
        content = _hash(tensor)
        if content not in self._names:
            self._names[content] = self._written(tensor, place)
        return self._names[content]

    def _in_single(self, tensor: torch.Tensor, place: str) -> str:
        less = _single(tensor)
        name = self._exactly(less, place)
        self._rounded.setdefault(_hash(_round(less)), name)
        return name

    def _roughly(self, tensor: torch.Tensor, place: str) -> str:
        less = _round(_single(tensor))
        content = _hash(less)
        if content not in self._rounded:
            self._rounded[content] = self._exactly(less, place)
        return self._rounded[content]

    def _written(self, tensor: torch.Tensor, place: str) -> str:
        while place in self.tensors:
            place += "'"
        self.tensors[place] = tensor
        return place


def _hash(tensor: torch.Tensor) -> bytes:
    raw = tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
    return hashlib.sha256(f"{tensor.dtype} {tuple(tensor.shape)}".encode() + raw).digest()


def _single(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.float() if tensor.dtype is torch.float64 else tensor


def _round(tensor: torch.Tensor) -> torch.Tensor:
    """To the nearest float32 whose last bits are 0, which deflates well; what is not finite stays."""
    if tensor.dtype is not torch.float32:
        return tensor
    half, whole = 1 << (_DROPPED - 1), 1 << _DROPPED
    near = ((tensor.view(torch.int32) + half) & -whole).view(torch.float32)
    return torch.where(tensor.isfinite() & near.isfinite(), near, tensor)
