"""The pipe between the grader and a sandbox: frames of a JSON header and raw bytes, with deadlines.

    frame = u32 length of header | u64 length of body | header (JSON, UTF-8) | body (raw bytes)

Both sides use this module, and processes without torch. What the sandbox sends is read strictly: lengths are checked
before memory is taken, duplicate keys and NaN literals are refused. What frames say is wire.py's.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_JSON = json.JSONEncoder(allow_nan=False)
LENGTHS = struct.Struct("<IQ")
MAX_HEADER = 4 << 20  # bytes
MAX_BODY = 512 << 20  # bytes; a caller who knows better gives less
_PIECE = 4096  # bytes written at a time; a pipe keeps each piece in a page of its own, or with others
_LOOK_S = 3600.0  # poll(2) takes no wait of more than some weeks
_CAPACITY = getattr(fcntl, "F_GETPIPE_SZ", None)  # only Linux tells


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


class Channel:
    """Frames over a pair of file descriptors, with deadlines on the monotonic clock (None waits for ever)."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd

    @property
    def capacity(self) -> int:
        """How many bytes can be written before the other side reads; 0 where that is not known.

        64 KiB mostly, and far less once the processes of this account hold many pipes (pipe-user-pages-soft, pipe(7)).
        """
        return fcntl.fcntl(self._write_fd, _CAPACITY) if _CAPACITY is not None and self._write_fd >= 0 else 0

    def send(self, frame: Frame, deadline: float | None = None, *, room: int | None = None) -> int:
        """Write one frame, unless it takes more of the pipe than `room`.

        Returns:
            The bytes of the pipe that it takes until it is read, at most; 0 where it was not written.

        Raises:
            ChannelClosed: nobody reads any more.
            ChannelTimeout: the deadline passed first.
        """
        header = _JSON.encode({"kind": frame.kind, **frame.header}).encode()
        view = memoryview(LENGTHS.pack(len(header), len(frame.body)) + header + frame.body)
        taken = -(-len(view) // _PIECE) * _PIECE
        if room is not None and taken > room:
            return 0
        while view:
            self._wait(writing=True, deadline=deadline)
            try:
                # One pipe buffer's worth at a time never blocks after select said the pipe is writable.
                written = os.write(self._write_fd, view[:_PIECE])
            except (BrokenPipeError, OSError):
                raise ChannelClosed("the pipe is closed") from None
            view = view[written:]
        return taken

    def receive(self, deadline: float | None = None, *, max_body: int = MAX_BODY) -> Frame:
        """Read one frame.

        Raises:
            ChannelClosed: the other side closed the pipe.
            ChannelTimeout: the deadline passed first.
            ProtocolError: what came is no frame, or larger than allowed.
        """
        header_size, body_size = LENGTHS.unpack(self._read(LENGTHS.size, deadline))
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
                ready = poller.poll(None if left is None else min(left, _LOOK_S) * 1000)
            except InterruptedError:
                continue
            if ready:
                return
            if left is not None and left <= _LOOK_S:
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
