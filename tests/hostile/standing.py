"""What must stand unharmed after every hostile notebook: secrets, folders, processes, control groups, clocks."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader import listing, packing
from grader.records import Grade

_GONE_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Secrets:
    """Strings that no grade may hold, by the place they lie in. Notebooks look for `CANARY-` and what follows it."""

    by_place: Mapping[str, str]

    @classmethod
    def new(cls, *places: str) -> Secrets:
        """One of its own for each place, so that a leak says where it comes from."""
        return cls({place: f"CANARY-{secrets.token_hex(16)}" for place in places})

    def leaked(self, grade: Grade) -> list[str]:
        """The places whose secret occurs in a grade, as text, as the bytes of a tensor or in base64."""
        everything = repr(grade).encode() + grade.observations
        found = []
        for place, secret in self.by_place.items():
            forms = (secret.encode(), secret.encode()[::-1], base64.b64encode(secret.encode()).rstrip(b"="))
            if any(form in everything for form in forms):
                found.append(place)
        return found


def said(grade: Grade) -> str:
    """What a session answered, without the code that was handed in, which lies beside it."""
    kept = packing.split(grade.observations)
    return b"".join(answers for item, answers in kept.items() if item != listing.ITEM).decode(errors="replace")


def fingerprint(*folders: Path) -> str:
    """A hash of every name, mode and byte below some folders."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if "__pycache__" in path.parts:
                continue
            digest.update(f"{path.relative_to(folder)} {path.lstat().st_mode}\0".encode())
            digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def descendants() -> set[int]:
    """The living processes below this one; a zombie is none."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                content = Path("/proc", entry, "stat").read_text()
            except OSError:
                continue
            state, parent = content[content.rindex(")") + 2 :].split()[:2]
            if state not in "ZX":
                children.setdefault(int(parent), []).append(int(entry))
    found: set[int] = set()
    waiting = [os.getpid()]
    while waiting:
        below = children.get(waiting.pop(), [])
        found.update(below)
        waiting += below
    return found


def survivors(before: set[int]) -> set[int]:
    """The processes below this one that were not there before, once they have had time to end."""
    deadline = time.monotonic() + _GONE_WITHIN_S
    while (left := descendants() - before) and time.monotonic() < deadline:
        os.sched_yield()
    return left


def control_groups() -> set[Path]:
    """The control groups that this grader has made, in whichever hierarchy.

    Those of another, living or killed, are its own affair: other tests kill graders beside this one.
    """
    found = Path("/sys/fs/cgroup").glob(f"**/grader-{os.getpid()}-*")
    return {path for path in found if path.is_dir()}
