"""Frames between the grader and a sandbox: the one place where untrusted bytes become values.

    frame   = u32 length of header | u64 length of body | header (JSON, UTF-8) | body (raw bytes)
    tensors lie in the body, little-endian and C-contiguous; the header names dtype, shape, offset

Both sides use this module. What the sandbox sends is read strictly: lengths are checked before memory is taken,
duplicate keys and NaN literals are refused, tensors must fit the body to the byte. Nothing is ever unpickled.
"""

from __future__ import annotations

import json
import math
import os
import select
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from grader.probes import Died, Layer, Missing, Observation, Opaque, Probe, Raised, Returned, TimedOut, Value

_LENGTHS = struct.Struct("<IQ")
MAX_HEADER = 4 << 20  # bytes
MAX_BODY = 512 << 20  # bytes; a caller who knows better gives less
MAX_ANSWER = 2 << 20  # bytes of one observation; what is larger is asked for with a number of bytes
_ROOM = 64 << 10  # bytes beyond that number, for what stands beside it
_MAX_DEPTH = 12
_MAX_NODES = 50_000
_MAX_TEXT = 20_000
_MAX_SIDE = 1 << 40  # of a tensor; more elements than that fit no body

DTYPES: Mapping[str, torch.dtype] = {
    name: getattr(torch, name)
    for name in ("float16 bfloat16 float32 float64 int8 int16 int32 int64 uint8 bool complex64 complex128".split())
}
_NAMES = {dtype: name for name, dtype in DTYPES.items()}


class ProtocolError(Exception):
    """The other side sent something that is no frame of ours."""


class ChannelClosed(Exception):
    """The other side is gone."""


class ChannelTimeout(Exception):
    """No whole frame came, or could be sent, before the deadline."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message: `kind` says which, `header` holds plain JSON, `body` the bytes of its tensors."""

    kind: str
    header: Mapping[str, Any] = field(default_factory=dict)
    body: bytes = b""


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
    if type(value) is float:
        return {"float": repr(value)}
    if type(value) is str:
        return {"str": value[:_MAX_TEXT]}
    if isinstance(value, torch.Tensor):
        return _encode_tensor(value, body)
    if isinstance(value, np.ndarray | np.generic):
        return _encode_array(value, body)
    if type(value) in (list, tuple):
        return {type(value).__name__: [_encode(each, body, depth + 1, budget) for each in value]}
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


def probe_frame(probe: Probe, *, limit_s: float) -> Frame:
    """The frame that asks a probe; it may run for `limit_s` seconds."""
    body = bytearray()
    header = {
        "question": probe.question,
        "target": probe.target,
        "args": encode(list(probe.args), body),
        "kwargs": encode(dict(probe.kwargs), body),
        "seed": probe.seed,
        "options": encode(dict(probe.options), body),
        "stand_ins": dict(probe.stand_ins),
        "limit_s": limit_s,
    }
    return Frame("ask", header, bytes(body))


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


# ---- the pipe --------------------------------------------------------------------------------------------------------


class Channel:
    """Frames over a pair of file descriptors, with deadlines on the monotonic clock (None waits for ever)."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd

    def send(self, frame: Frame, deadline: float | None = None) -> None:
        """Write one frame.

        Raises:
            ChannelClosed: nobody reads any more.
            ChannelTimeout: the deadline passed first.
        """
        header = json.dumps({"kind": frame.kind, **frame.header}, allow_nan=False).encode()
        view = memoryview(_LENGTHS.pack(len(header), len(frame.body)) + header + frame.body)
        while view:
            self._wait(writing=True, deadline=deadline)
            try:
                # One pipe buffer's worth at a time never blocks after select said the pipe is writable.
                written = os.write(self._write_fd, view[:4096])
            except (BrokenPipeError, OSError):
                raise ChannelClosed("the pipe is closed") from None
            view = view[written:]

    def receive(self, deadline: float | None = None, *, max_body: int = MAX_BODY) -> Frame:
        """Read one frame.

        Raises:
            ChannelClosed: the other side closed the pipe.
            ChannelTimeout: the deadline passed first.
            ProtocolError: what came is no frame, or larger than allowed.
        """
        header_size, body_size = _LENGTHS.unpack(self._read(_LENGTHS.size, deadline))
        if header_size > MAX_HEADER or body_size > max_body:
            raise ProtocolError(f"a frame of {header_size} + {body_size} bytes is larger than allowed")
        header = strict_json(self._read(header_size, deadline))
        body = self._read(body_size, deadline)
        if not isinstance(header, dict) or not isinstance(kind := header.pop("kind", None), str):
            raise ProtocolError("a header without a kind")
        return Frame(kind, header, body)

    def hung_up(self) -> bool:
        """Whether the other side has gone, or this one."""
        if self._read_fd < 0:
            return True
        poller = select.poll()
        poller.register(self._read_fd, 0)  # tells nothing else
        return bool(poller.poll(0))

    def close(self) -> None:
        """Close both ends; closed again, it does nothing."""
        for fd in {self._read_fd, self._write_fd} - {-1}:
            try:
                os.close(fd)
            except OSError:
                continue
        self._read_fd = self._write_fd = -1

    def _read(self, size: int, deadline: float | None) -> bytes:
        pieces = bytearray()
        while len(pieces) < size:
            self._wait(writing=False, deadline=deadline)
            try:
                piece = os.read(self._read_fd, min(size - len(pieces), 1 << 20))
            except OSError:
                piece = b""
            if not piece:
                raise ChannelClosed("the pipe is closed")
            pieces += piece
        return bytes(pieces)

    def _wait(self, *, writing: bool, deadline: float | None) -> None:
        if self._read_fd < 0:
            raise ChannelClosed("the pipe is closed")
        poller = select.poll()
        poller.register(self._write_fd if writing else self._read_fd, select.POLLOUT if writing else select.POLLIN)
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            try:
                ready = poller.poll(None if left is None else left * 1000)
            except InterruptedError:
                continue
            if ready:
                return
            raise ChannelTimeout("the deadline has passed")


def strict_json(text: bytes) -> Any:
    """Parse JSON that a stranger wrote.

    Raises:
        ProtocolError: it is not UTF-8 JSON, is nested too deeply, repeats a key or uses NaN or Infinity.
    """
    try:
        return json.loads(text.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"not the JSON we expect: {str(error)[:80]}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = dict(pairs)
    if len(keys) != len(pairs):
        raise ValueError("a key occurs twice")
    return keys


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
