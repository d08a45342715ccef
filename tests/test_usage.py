"""What the grader uses of the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader import usage
from grader.usage import Card

HEADER = "#!/bin/sh\n"


def smi(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for nvidia-smi, first in the path."""
    program = folder / "nvidia-smi"
    program.write_text(HEADER + script)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


def test_memory_counts_what_was_started() -> None:
    before = usage.now(with_cards=False)
    code = "import sys; kept = bytearray(200 << 20); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        during = usage.now(with_cards=False)
        child.communicate()

    assert during.processes == before.processes + 1
    assert during.memory_mb - before.memory_mb > 150


def test_cards_are_read_from_nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    smi(tmp_path, 'echo "0, 87, 11469, 143771"\necho "1, [N/A], [N/A], 143771"\n', monkeypatch)

    assert usage.now(with_cards=True).cards == (Card("0", 87.0, 11469.0, 143771.0), Card("1", None, None, 143771.0))


@pytest.mark.parametrize("script", ["exit 9\n", "echo No devices were found\n"])
def test_without_a_card_there_is_none(script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    smi(tmp_path, script, monkeypatch)

    assert usage.cards() == ()


def test_without_nvidia_smi_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert usage.cards() == ()
