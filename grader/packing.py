"""Frames one after the other as one text of bytes: how recordings and kept answers lie on disk.

Whoever only looks for one of them need not import what knows their contents, which is torch.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping

from grader.kernel.channel import LENGTHS, Frame, ProtocolError, strict_json


def joined(recordings: Mapping[str, bytes]) -> bytes:
    """The recordings of several items as one text of bytes, for `split`."""
    return b"".join(packed(Frame("item", {"item": item}, content)) for item, content in recordings.items())


def split(content: bytes) -> dict[str, bytes]:
    """The recordings of items by id.

    Raises:
        ProtocolError: it is damaged.
    """
    recordings: dict[str, bytes] = {}
    for header, body in frames(content):
        match header:
            case {"item": str() as item}:
                recordings[item] = body
            case _:
                raise ProtocolError("the recordings hold something that is none of ours")
    return recordings


def frames(content: bytes) -> Iterator[tuple[object, bytes]]:
    """Header and body of each of the frames that `packed` wrote one after the other.

    Raises:
        ProtocolError: the content is damaged.
    """
    stream = io.BytesIO(content)
    while lengths := stream.read(LENGTHS.size):
        if len(lengths) < LENGTHS.size:
            raise ProtocolError("the recording is cut off")
        header_size, body_size = LENGTHS.unpack(lengths)
        header, body = strict_json(stream.read(header_size)), stream.read(body_size)
        if len(body) < body_size:
            raise ProtocolError("the recording is cut off")
        yield header, body


def packed(frame: Frame) -> bytes:
    """A frame as bytes, but for its kind."""
    header = json.dumps(frame.header).encode()
    return LENGTHS.pack(len(header), len(frame.body)) + header + frame.body
