"""Graphics cards as a resource that is lent: one training a card, on all graders of this machine and account together.

A lease is a lock on a file, one file for each share of a card:

    <folder>/<machine>/GPU-8f3c....0        the kernel frees it however its holder ends

Who wants one tries all cards in turn and waits; nobody is ever sent to the processor instead.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

_WAIT_S: Final = 0.05
_LISTED = re.compile(r"^(?P<part>\s*)(?P<kind>GPU|MIG) .*\(UUID: (?P<uuid>[A-Za-z0-9/-]+)\)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cards:
    """The cards that trainings are lent.

    Args:
        names: as `Confinement.device` takes them: cuda:0, or cuda:MIG-... for a part of a divided card.
        shares: how many trainings may be on one card at a time.
        folder: where the locks lie.
        identities: by name what the card is called whoever asks; the name itself where that is not known.
    """

    names: tuple[str, ...]
    shares: int
    folder: Path
    identities: Mapping[str, str]

    @contextlib.contextmanager
    def lease(self, *, alone: bool = False) -> Iterator[str]:
        """Wait for a share of a card, or for a whole one, and hold it; the card's name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        while (found := self._free(self.shares if alone else 1)) is None:
            time.sleep(_WAIT_S)
        name, locks = found
        try:
            yield name
        finally:
            _released(locks)

    def _free(self, wanted: int) -> tuple[str, list[IO[bytes]]] | None:
        """A card with so many free shares, and the locks on them."""
        for name in self.names:
            locks = [lock for share in range(self.shares) if (lock := self._locked(name, share)) is not None]
            if len(locks) >= wanted:
                _released(locks[wanted:])
                return name, locks[:wanted]
            _released(locks)
        return None

    def _locked(self, name: str, share: int) -> IO[bytes] | None:
        identity = re.sub(r"[^A-Za-z0-9-]", "_", self.identities.get(name, name))
        file = (self.folder / f"{identity}.{share}").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file


def cards(device: str, folder: Path, *, shares: int = 1) -> Cards:
    """The cards that `--device` means: `cuda` any, `cuda:1` the second.

    Args:
        device: cuda, or cuda and a number among the cards that this process may see.
        folder: where the locks lie; other machines may have it, too.
        shares: trainings on one card at a time.
    """
    found = visible(listed(), os.environ)
    wanted = device.partition(":")[2]
    names = (device,) if wanted else tuple(found) or ("cuda:0",)
    return Cards(names, shares, folder / (platform.node() or "here"), found)


def visible(uuids: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """The cards that CUDA shows this process: by name their UUIDs.

    A number means a card among those that CUDA_VISIBLE_DEVICES leaves; parts of a divided card have no numbers.
    """
    given = environment.get("CUDA_VISIBLE_DEVICES")
    chosen = list(uuids)
    if given is not None:
        told = [each.strip() for each in given.split(",") if each.strip()]
        by_number = [uuids[int(each)] if each.isdigit() and int(each) < len(uuids) else each for each in told]
        chosen = [next((uuid for uuid in uuids if uuid.startswith(each)), each) for each in by_number]
    divided = any(uuid.startswith("MIG") for uuid in chosen)  # then CUDA numbers nothing but the first part
    return {f"cuda:{uuid if divided else number}": uuid for number, uuid in enumerate(chosen)}


def listed() -> list[str]:
    """The UUIDs of this machine's cards, or of their parts where they are divided; none where nobody knows."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return []
    try:
        told = subprocess.run([command, "-L"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return read_list(told.stdout)


def read_list(text: str) -> list[str]:
    """What `nvidia-smi -L` says: a line a card, followed by one for each of its parts, which then stand for it."""
    rows: list[str] = []
    for row in _LISTED.finditer(text):
        if row["kind"] == "MIG" and rows and rows[-1].startswith("GPU"):
            rows.pop()
        rows.append(row["uuid"])
    return rows


def _released(locks: Sequence[IO[bytes]]) -> None:
    for lock in locks:
        lock.close()
