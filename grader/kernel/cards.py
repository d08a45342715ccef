"""The graphics card as a sandbox is given it: device nodes, the driver's libraries, and which card it is.

A driver consists of nodes in /dev, libraries that match the kernel's module exactly (so they are the machine's own,
never the virtual environment's), and what both say about themselves in /proc/driver/nvidia and /sys. NVIDIA's container
toolkit hands out the same. Nothing here starts CUDA: a process that has done so cannot be forked.
"""

from __future__ import annotations

import ctypes
import functools
import glob
import os
from collections.abc import Mapping
from pathlib import Path

# Cards, control, unified memory, the parts of a divided card (MIG); Windows' subsystem for Linux has one for all.
_NODES = (
    "/dev/nvidia[0-9]*",
    "/dev/nvidiactl",
    "/dev/nvidia-uvm",
    "/dev/nvidia-uvm-tools",
    "/dev/nvidia-caps",
    "/dev/dxg",
)
# Below /sys, beside what the driver reads of buses and processors: names of other control groups, the machine's keys.
_NOT_TOLD = ("/sys/fs", "/sys/firmware", "/sys/kernel/security", "/sys/kernel/debug", "/sys/kernel/tracing")
_DRIVER = "libcuda.so.1"


def nodes() -> list[str]:
    """The device nodes of this machine's cards, none where there is no card."""
    return sorted(path for pattern in _NODES for path in glob.glob(pattern))


def mounts() -> list[str]:
    """What bubblewrap has to show beside a sandbox's own folders for CUDA to work."""
    command = ["--ro-bind", "/sys", "/sys"]
    for folder in filter(os.path.isdir, _NOT_TOLD):
        command += ["--tmpfs", folder, "--remount-ro", folder]
    for node in nodes():
        command += ["--dev-bind", node, node]
    for folder in _folders():
        if not folder.startswith("/usr/"):
            command += ["--ro-bind", folder, folder]
    return command


def variables(device: str) -> dict[str, str]:
    """The environment that lets CUDA see one card, or none.

    Args:
        device: cpu, cuda, cuda:1 for the second of the cards that the grader itself may see, or cuda: and a UUID.
    """
    told = {"CUDA_VISIBLE_DEVICES": visible(device, os.environ)}
    if told["CUDA_VISIBLE_DEVICES"]:
        # To ask how many cards there are must not start CUDA: sessions are forked.
        told["PYTORCH_NVML_BASED_CUDA_CHECK"] = "1"
        if order := os.environ.get("CUDA_DEVICE_ORDER"):  # so that a number means the same card inside
            told["CUDA_DEVICE_ORDER"] = order
        if searched := [folder for folder in _folders() if folder in _library_path()]:
            told["LD_LIBRARY_PATH"] = os.pathsep.join(searched)
    return told


def visible(device: str, environment: Mapping[str, str]) -> str:
    """The value of CUDA_VISIBLE_DEVICES that shows one card alone: its number, or its UUID where we have that."""
    kind, _, number = device.partition(":")
    if kind != "cuda":
        return ""
    if number and not number.isdigit():
        return number
    if (given := environment.get("CUDA_VISIBLE_DEVICES")) is None:
        return number or "0"
    cards = [card.strip() for card in given.split(",") if card.strip()]
    wanted = int(number or 0)
    return cards[wanted] if wanted < len(cards) else ""


def closed() -> list[str]:
    """The device nodes that not everybody may open, and so nothing in a sandbox, where nobody is root or in a group."""
    return [node for node in nodes() if not os.path.isdir(node) and os.stat(node).st_mode & 0o006 != 0o006]


@functools.cache
def _folders() -> tuple[str, ...]:
    """Where the driver's library lies: as the loader found it, and behind its links."""
    try:
        ctypes.CDLL(_DRIVER)  # loaded, not started
    except OSError:
        return ()
    lines = Path("/proc/self/maps").read_text().splitlines()
    found = {os.path.dirname(line.split(None, 5)[5]) for line in lines if "/libcuda.so" in line}
    named = {folder for folder in _library_path() if os.path.exists(os.path.join(folder, _DRIVER))}
    return tuple(sorted(found | named))


def _library_path() -> list[str]:
    return [folder for folder in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if folder]
