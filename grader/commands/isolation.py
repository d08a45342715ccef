"""What this machine offers for running submissions: a sandbox that works, a device."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

from grader.errors import SandboxError, UsageError


def backend(wanted: str) -> str:
    """The sandbox to use: bubblewrap, or none where that was asked for.

    Raises:
        SandboxError: no sandbox works here and none was not asked for.
    """
    if wanted == "none":
        return "none"
    problem = bubblewrap_problem()
    if problem:
        raise SandboxError(f"{problem}; or give --sandbox none if you trust every submission")
    return "bubblewrap"


def bubblewrap_problem() -> str:
    """Why bubblewrap cannot be used, with the remedy; "" when it works."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return "no sandbox: bubblewrap is not installed; run `apt-get install bubblewrap`"
    command = [bwrap, "--unshare-all", "--unshare-user", "--ro-bind", "/usr", "/usr", "--ro-bind-try", "/lib", "/lib"]
    command += ["--ro-bind-try", "/lib64", "/lib64", "--", "/usr/bin/true"]
    result = subprocess.run(command, env={}, capture_output=True, text=True, timeout=20, check=False)
    if result.returncode == 0:
        return ""
    told = " ".join(result.stderr.split())[:160]
    return f"no sandbox: bubblewrap fails here ({told}); user namespaces may be forbidden by this system"


def weakness() -> str:
    """What is weak about limits here, with the remedy; "" where sessions get control groups."""
    from grader.kernel import bounds

    if bounds.strong():
        return ""
    return (
        "limits are weak here: no control groups may be made, so that memory and processes are looked at four times a "
        "second; `systemd-run --user --scope -p Delegate=yes grader grade ...` gives this account groups of its own"
    )


def device(wanted: str) -> str:
    """cpu, cuda, or cuda and the number that was asked for.

    Raises:
        UsageError: a card was asked for and is not there; falling back silently would change accuracies.
    """
    kind, _, number = wanted.partition(":")
    numbered = kind == "cuda" and number.isdigit()
    if wanted not in ("auto", "cpu", "cuda") and not numbered:
        raise UsageError(f"--device {wanted}: give auto, cpu, cuda, or cuda:1 for the second card")
    if wanted == "cpu" or (wanted == "auto" and not _driver()):
        return "cpu"
    import torch

    if not torch.cuda.is_available():
        if wanted == "auto":
            return "cpu"
        raise UsageError(f"--device {wanted}: torch finds no CUDA device; `grader doctor` says more")
    if number and int(number) >= torch.cuda.device_count():
        raise UsageError(f"--device {wanted}: torch finds {torch.cuda.device_count()} CUDA devices, numbered from 0")
    return wanted if number else "cuda"


def _driver() -> bool:
    """Whether there may be a GPU that torch can use; without a driver it need not be imported to say no."""
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return Path("/dev/kfd").exists()  # AMD's
    return True
