"""The peers' own environment: nbgrader and otter-grader as tested, and the same torch that the grader uses.

torch, torchvision and numpy are not installed twice: a .pth file puts the grader's site-packages behind the peers'
own, so that every package of the peers (Jupyter's too) is theirs, and only what they lack is ours.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def make(folder: Path) -> Path:
    """The Python of the environment in this folder, made if it is not there as the requirements want it."""
    python, stamp = folder / "bin/python", folder / "requirements.txt"
    wanted = REQUIREMENTS.read_bytes()
    if not stamp.is_file() or stamp.read_bytes() != wanted:
        print(f"making the peers' environment in {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        quiet = ["-q", "-q", "--disable-pip-version-check"]
        subprocess.run([python, "-m", "pip", "install", *quiet, "-r", REQUIREMENTS], check=True)
        stamp.write_bytes(wanted)
    theirs = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    )
    Path(theirs.stdout.strip(), "graders_torch.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def variables(python: Path, home: Path) -> Mapping[str, str]:
    """An environment without the user's own configuration; each process computes with one thread, as ours does."""
    home.mkdir(exist_ok=True)
    return {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "JUPYTER_PLATFORM_DIRS": "1",
        "PYTHONWARNINGS": "ignore",
    }
