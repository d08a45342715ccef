"""docs/your-own-assignment.md, done as it says: its code is written where it says, its commands are run in its order."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import checks, rubric
from grader.commands.isolation import bubblewrap_problem
from grader.verifying.trials import Trials

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "your-own-assignment.md"
LONG = ("verify", "release")  # they start sandboxes, or compute all public answers


def blocks() -> list[tuple[str, str]]:
    """What stands behind the fence, and the text."""
    found: list[tuple[str, str]] = re.findall(
        r"^```(\S[^\n]*)\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.M | re.S
    )
    return found


def commands() -> Iterator[str]:
    for kind, text in blocks():
        if kind == "sh":
            yield from text.splitlines()


def follow(course: Path, *, all_of_it: bool) -> list[str]:
    """Do what the guide says; the commands that were run."""
    ran = []
    for kind, text in blocks():
        if kind != "sh":
            path = course / kind.split()[1]
            path.write_text(
                f"{path.read_text().rstrip()}\n{'' if path.suffix == '.yaml' else chr(10) * 2}{text}"
                if path.exists()
                else text
            )
            continue
        for line in text.splitlines():
            program, *arguments = shlex.split(line)
            assert program == "grader"
            if all_of_it or arguments[0] not in LONG:
                environment = {**os.environ, "PYTHONPATH": str(ROOT)}
                command = [sys.executable, "-m", "grader", *arguments]
                done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True, check=False)
                assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
                assert arguments[0] != "verify" or ("No hole" in done.stdout and "survivor:" not in done.stdout)
                ran.append(line)
    return ran


def test_whoever_follows_the_guide_has_a_sound_assignment(tmp_path: Path) -> None:
    ran = follow(tmp_path, all_of_it=False)
    assignment = rubric.load(tmp_path, checks.bind).assignments["hw3-attention"]
    trials = Trials(tmp_path, assignment)

    assert len(ran) == 3
    assert [(said.item, said.credit) for said in trials.right().said] == [("centre-values", 1), ("attention-scores", 1)]
    mistaken = list(trials.mistaken())
    assert len(mistaken) == 6
    assert all(verdict.said[0].message.startswith(verdict.sentence) for verdict in mistaken)
    assert [verdict.name for item in trials.items for verdict in trials.made_up(item) if not verdict.caught] == []
    assert len(trials.mutants) > 20
    assert [mutant.change for mutant in trials.mutants if not trials.mutated(mutant).caught] == []


def test_the_guide_leaves_out_no_step() -> None:
    assert [shlex.split(line)[1] for line in commands()] == ["new", "verify", "stubs", "stubs", "verify", "release"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_command_of_the_guide_does_what_it_says(tmp_path: Path) -> None:
    if problem := bubblewrap_problem():
        pytest.skip(f"{problem}: bubblewrap would run this")

    assert follow(tmp_path, all_of_it=True) == list(commands())
