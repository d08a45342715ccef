"""Hashes of short runs of tokens, the same in every process, with the lines that they cover."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Mapping, Sequence
from typing import Final

from grader.similarity.tokens import Token

RUN: Final = 6  # tokens; chosen by benchmarks/similarity


def fingerprints(tokens: Sequence[Token], run: int = RUN) -> Mapping[int, frozenset[int]]:
    """By hash the lines on which such a run stands; a definition shorter than a run has none."""
    codes = [_code(token.text) for token in tokens]
    found: dict[int, set[int]] = {}
    for start in range(len(codes) - run + 1):
        # A tuple of numbers has the same hash in every process, as texts have not.
        lines = found.setdefault(hash(tuple(codes[start : start + run])), set())
        lines.update(token.line for token in tokens[start : start + run])
    return {each: frozenset(lines) for each, lines in found.items()}


@functools.lru_cache(maxsize=100_000)
def _code(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "backslashreplace"))
