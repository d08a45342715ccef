"""The seeds of cases: hidden ones from a gradebook's secret, public ones from nothing but the item's name."""

from __future__ import annotations

import hashlib
import hmac


def hidden(secret: bytes, item: str, number: int) -> int:
    """The seed of one case of one item by HMAC, so that a regrade repeats it."""
    return int.from_bytes(hmac.new(secret, f"{item}/{number}".encode(), "sha256").digest()[:6], "little")


def public(item: str, number: int) -> int:
    """The seed of a case that students may see."""
    return int.from_bytes(hashlib.sha256(f"public/{item}/{number}".encode()).digest()[:6], "little")
