"""What a session does between the opening frame and the first cell: lay out files, take limits, place data."""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.kernel.channel import Channel
from grader.kernel.inside import images

Cell = tuple[int, str]  # its number in the notebook, its source


def received(channel: Channel) -> tuple[dict[str, Any], list[Cell]]:
    """Read the opening frame and make room for the notebook; the frame's header and the cells."""
    frame = channel.receive()
    opening = dict(frame.header)
    folder = Path(opening["folder"])
    _lay_out(folder, opening["files"], frame.body)
    _enter(folder, Path(opening["notebook"]).parent)
    _restrict(opening["limits"])
    data = opening["data"]
    images.configure(data["folder"], train=data["train"], val=data["val"], max_steps=data["max_steps"])
    cells = [
        (number, frame.body[offset : offset + size].decode("utf-8", "surrogatepass"))
        for number, offset, size in opening.pop("cells")
    ]
    return opening, cells


def _lay_out(folder: Path, files: list[list[Any]], body: bytes) -> None:
    """Write attached files; the working folder is the sandbox's own."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, offset, size in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body[offset : offset + size])


def _enter(folder: Path, below: Path) -> None:
    """Work where the notebook lay, beside the files that it was handed in with."""
    os.chdir(folder / below if (folder / below).is_dir() else folder)


def _restrict(limits: Mapping[str, Any]) -> None:
    """Take the limits that a process can set on itself; children inherit them."""
    megabyte = 1 << 20
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: limits["disk_mb"] * megabyte,
        resource.RLIMIT_NOFILE: 1024,
        resource.RLIMIT_NPROC: limits["processes"],
    }
    if not os.environ.get("CUDA_VISIBLE_DEVICES"):  # CUDA reserves address space far beyond what it uses
        wanted[resource.RLIMIT_DATA] = limits["memory_mb"] * megabyte
    for kind, value in wanted.items():
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
