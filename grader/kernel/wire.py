"""What frames between the grader and a sandbox say: the one place where untrusted bytes become values.

Tensors lie in a frame's body, little-endian and C-contiguous; its header names their dtype, shape and offset. Both
sides use this module. What the sandbox sends is read strictly: tensors must fit the body to the byte. Nothing is ever
unpickled.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import torch

from grader.kernel.channel import LENGTHS, MAX_BODY, Frame, ProtocolError
from grader.probes import Died, Layer, Missing, Observation, Opaque, Probe, Raised, Returned, TimedOut, Value

MAX_ANSWER = 2 << 20  # bytes of one observation; what is larger is asked for with a number of bytes
_ROOM = 64 << 10  # bytes beyond that number, for what stands beside it
_LARGEST_KEPT, _MOST_KEPT = 64 << 10, 1 << 10  # bytes that a probe gives along, and how many such are kept
_MAX_DEPTH = 12
_MAX_NODES = 50_000
_MAX_TEXT = 20_000
_MAX_SIDE = 1 << 40  # of a tensor; more elements than that fit no body

DTYPES: Mapping[str, torch.dtype] = {
    name: getattr(torch, name)
    for name in ("float16 bfloat16 float32 float64 int8 int16 int32 int64 uint8 bool complex64 complex128".split())
}
_NAMES = {dtype: name for name, dtype in DTYPES.items()}


# ---- values ----------------------------------------------------------------------------------------------------------


def encode(value: Value, body: bytearray) -> Any:
    """Turn a value into JSON, appending tensors to `body`. An object of another kind becomes the name of its type.

    Raises:
        ValueError: the value is nested too deeply or holds too many elements.
    """
    budget = [_MAX_NODES]
    return _encode(value, body, 0, budget)


def _encode(value: Value, body: bytearray, depth: int, budget: list[int]) -> Any:
    budget[0] -= 1
    if depth > _MAX_DEPTH or budget[0] < 0:
        raise ValueError("the value is nested too deeply or has too many elements")
    # Exact types: a subclass may lie about itself, so it is taken apart by the base class or not at all.
    if value is None or value is True or value is False:
        return value
    if type(value) is int:
        return {"int": str(value)} if abs(value) < 1 << 256 else {"opaque": "int"}
    if type(value) in (float, Fraction, Decimal):
        return {"float": repr(float(value))}
    if type(value) is str:
        return {"str": value[:_MAX_TEXT]}
    if isinstance(value, torch.Tensor):
        return _encode_tensor(value, body)
    if isinstance(value, np.ndarray | np.generic):
        return _encode_array(value, body)
    if isinstance(value, list):
        return {"list": [_encode(each, body, depth + 1, budget) for each in list.__iter__(value)]}
    if isinstance(value, tuple):  # a named one as well
        return {"tuple": [_encode(each, body, depth + 1, budget) for each in tuple.__iter__(value)]}
    if isinstance(value, Mapping) and type(value).__module__ in ("builtins", "collections"):
        pairs = [[str(key)[:200], _encode(each, body, depth + 1, budget)] for key, each in value.items()]
        return {"dict": pairs}
    if type(value) is Layer:
        return {"layer": [value.name, _encode(dict(value.kwargs), body, depth + 1, budget), value.seed]}
    return {"opaque": (value.type if type(value) is Opaque else type(value).__name__)[:80]}


def _encode_tensor(value: torch.Tensor, body: bytearray) -> Any:
    with torch._C.DisableTorchFunctionSubclass(), torch.no_grad():
        if value.layout is not torch.strided:
            value = torch.Tensor.to_dense(value)
        plain = torch.Tensor.detach(value).as_subclass(torch.Tensor).cpu().resolve_conj().resolve_neg().contiguous()
        name = _NAMES.get(plain.dtype)
        if name is None:
            return {"opaque": f"Tensor of {plain.dtype}"}
        # A clone, because a single element counts as contiguous whatever its stride, and cannot be viewed as bytes.
        flat = plain.reshape(-1).clone(memory_format=torch.contiguous_format)
        raw = flat.view(torch.uint8).numpy().tobytes() if plain.numel() else b""
    offset = len(body)
    body += raw
    return {"tensor": [name, list(plain.shape), offset, len(raw)]}


def _encode_array(value: np.ndarray[Any, Any] | np.generic, body: bytearray) -> Any:
    array = np.array(value, copy=True, subok=False)
    if array.dtype.name not in DTYPES:
        return {"opaque": f"array of {array.dtype.name}"[:80]}
    return _encode_tensor(torch.from_numpy(array.astype(array.dtype.newbyteorder("="))), body)


def decode(tree: Any, body: bytes) -> Value:
    """Turn JSON made by `encode` back into a value.

    Raises:
        ProtocolError: the tree is none of ours, or its tensors are not exactly the body.
    """
    reader = _Reader(body)
    value = reader.read(tree)
    reader.finish()
    return value


class _Reader:
    """Reads the values of one frame. Every byte of the body belongs to one tensor: what is made from a frame is no
    larger than the frame, however often a stranger's header would like to use the same bytes.
    """

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0  # where the next tensor lies
        self._budget = _MAX_NODES

    def read(self, tree: Any) -> Value:
        """The next value."""
        self._budget = _MAX_NODES
        return self._value(tree, 0)

    def finish(self) -> None:
        """Check that nothing is left."""
        if self._at != len(self._body):
            raise ProtocolError("the body is longer than its tensors")

    def _value(self, tree: Any, depth: int) -> Value:
        self._budget -= 1
        if depth > _MAX_DEPTH or self._budget < 0:
            raise ProtocolError("a value is nested too deeply or has too many elements")
        if tree is None or isinstance(tree, bool):
            return tree
        if not isinstance(tree, dict) or len(tree) != 1:
            raise ProtocolError("a value is an object with one key")
        (kind, content), *_ = tree.items()
        match kind, content:
            case "int", str() if len(content) < 90:
                return _number(int, content)
            case "float", str() if len(content) < 40:
                return _number(float, content)
            case "str", str():
                return content
            case "tensor", [str() as dtype, list() as shape, int() as offset, int() as size]:
                return self._tensor(dtype, shape, offset, size)
            case "list", list():
                return [self._value(each, depth + 1) for each in content]
            case "tuple", list():
                return tuple(self._value(each, depth + 1) for each in content)
            case "dict", list():
                return {key: self._value(each, depth + 1) for key, each in _pairs(content)}
            case "layer", [str() as name, kwargs, int() as seed]:
                return Layer(name, self._value(kwargs, depth + 1), seed)
            case "opaque", str():
                return Opaque(content[:80])
            case _:
                raise ProtocolError(f"unknown kind of value {str(kind)[:20]!r}")

    def _tensor(self, name: str, shape: list[Any], offset: int, size: int) -> torch.Tensor:
        dtype = DTYPES.get(name)
        if dtype is None or len(shape) > 8 or not all(type(n) is int and 0 <= n <= _MAX_SIDE for n in shape):
            raise ProtocolError("a tensor has no proper dtype or shape")
        end = self._at + size
        if math.prod(shape) * dtype.itemsize != size or offset != self._at or end > len(self._body):
            raise ProtocolError("a tensor does not fit its bytes")
        self._at = end
        try:
            if size == 0:
                return torch.empty(shape, dtype=dtype)
            return torch.frombuffer(bytearray(self._body[offset:end]), dtype=dtype).reshape(shape)
        except RuntimeError:  # sides whose product torch cannot count, beside a side of 0
            raise ProtocolError("a tensor has no proper shape") from None


def _number(kind: type[int] | type[float], text: str) -> int | float:
    try:
        return kind(text)
    except ValueError:
        raise ProtocolError("a number is not a number") from None


def _pairs(content: list[Any]) -> list[Any]:
    if not all(isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) for pair in content):
        raise ProtocolError("a dict is a list of pairs")
    return content


# ---- probes and observations -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Given:
    """What a probe gives along, encoded: JSON of `args`, `kwargs` and `options`; their tensors; a hash of it all."""

    values: Mapping[str, Any]
    body: bytes
    sha256: bytes


_given: OrderedDict[tuple[Any, ...], tuple[tuple[Any, ...], Given]] = OrderedDict()  # with what it was made of


def given(probe: Probe) -> Given:
    """What a probe gives along. Kept while the same objects are given, as to every student: nobody changes them."""
    objects = (probe.args, probe.kwargs, *probe.options.values())
    known = (*probe.options, *map(id, objects))
    if known in _given:
        _given.move_to_end(known)
        return _given[known][1]
    body = bytearray()
    values = {
        "args": encode(list(probe.args), body),
        "kwargs": encode(dict(probe.kwargs), body),
        "options": encode(dict(probe.options), body),
    }
    text = json.dumps(values, sort_keys=True).encode()
    made = Given(values, bytes(body), hashlib.sha256(LENGTHS.pack(len(text), len(body)) + text + body).digest())
    if len(body) <= _LARGEST_KEPT:
        _given[known] = objects, made  # the objects as well, so that no id is used again
        if len(_given) > _MOST_KEPT:
            _given.popitem(last=False)
    return made


def probe_frame(probe: Probe, *, limit_s: float) -> Frame:
    """The frame that asks a probe; it may run for `limit_s` seconds."""
    along = given(probe)
    header = {
        "question": probe.question,
        "target": probe.target,
        **along.values,
        "seed": probe.seed,
        "stand_ins": dict(probe.stand_ins),
        "limit_s": limit_s,
    }
    return Frame("ask", header, along.body)


def read_probe(frame: Frame) -> Probe:
    """The probe in an `ask` frame."""
    header, reader = frame.header, _Reader(frame.body)
    probe = Probe(
        header["question"],
        header["target"],
        tuple(reader.read(header["args"])),  # read in the order in which `probe_frame` wrote them
        reader.read(header["kwargs"]),
        header["seed"],
        reader.read(header["options"]),
        header["stand_ins"],
    )
    reader.finish()
    return probe


def max_answer(probe: Probe) -> int:
    """How many bytes the answer to a probe may have: more than usual where the probe itself says so."""
    asked = probe.options.get("bytes", 0)
    return min(MAX_BODY, max(MAX_ANSWER, asked + _ROOM)) if type(asked) is int else MAX_ANSWER


def observation_frame(observation: Observation, most: int = MAX_ANSWER) -> Frame:
    """The frame that carries an observation of at most so many bytes out of the sandbox."""
    body = bytearray()
    match observation:
        case Returned(value=value):
            try:
                header: dict[str, Any] = {"returned": encode(value, body)}
            except ValueError as error:
                body.clear()
                header = {"raised": ["ValueError", "", str(error)]}
            if len(body) > most:
                body.clear()
                header = {"returned": {"opaque": "TooLarge"}}
        case Raised(type=name, line=line, message=message):
            header = {"raised": [name[:80], line[:200], message[:500]]}
        case TimedOut(seconds=seconds):
            header = {"timed_out": seconds}
        case Missing(target=target, reason=reason):
            header = {"missing": [target[:80], reason[:300]]}
        case Died(reason=reason):
            header = {"died": reason[:300]}
    return Frame("observation", header, bytes(body))


def read_observation(frame: Frame) -> Observation:
    """The observation in a frame that came out of the sandbox.

    Raises:
        ProtocolError: the frame holds none.
    """
    if frame.kind != "observation" or len(frame.header) != 1:
        raise ProtocolError(f"expected an observation, got {frame.kind[:20]!r}")
    (kind, content), *_ = frame.header.items()
    match kind, content:
        case "returned", _:
            return Returned(decode(content, frame.body))
        case "raised", [str() as name, str() as line, str() as message]:
            return Raised(name[:80], line[:200], message[:500])
        case "timed_out", float() | int() if 0 <= content < 1 << 53:
            return TimedOut(float(content))
        case "missing", [str() as target, str() as reason]:
            return Missing(target[:80], reason[:300])
        case "died", str():
            return Died(content[:300])
        case _:
            raise ProtocolError("an observation of no known kind")
