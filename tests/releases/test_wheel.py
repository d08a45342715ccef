"""The published wheel alone, in a fresh environment without a network, checks a notebook of what was released."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from grader.commands.isolation import bubblewrap_problem
from grader.commands.release import Released
from tests.releases.conftest import ROOT, WRONG, notebook

Run: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]

# What no check needs, and what takes long to import.
HEAVY = {"pandas", "matplotlib", "torchvision", "scipy", "IPython.terminal", "jupyter_client", "nbformat", "sqlite3"}


def test_the_wheel_is_pure_python_and_holds_the_grader_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (told,) = [archive.read(name).decode() for name in names if name.endswith(".dist-info/WHEEL")]
    source = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "grader").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".po"
    }

    assert wheel.name.endswith("-py3-none-any.whl")
    assert "Root-Is-Purelib: true" in told
    assert {name for name in names if ".dist-info/" not in name} == source
    assert not [name for name in names if name.endswith((".so", ".pyd", ".c"))]


@pytest.fixture(scope="module")
def run(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a program of an environment that has the wheel and third parties; no checkout, no network where possible."""
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin/python"
    here = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    subprocess.run([*here, "install", "-q", "--no-deps", "--no-index", str(wheel)], check=True, timeout=120)
    (packages,) = folder.glob("lib/python*/site-packages")
    # By path alone: what lies there to bring in the checkout (an editable install) is not run.
    (packages / "third_parties.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n")
    home = tmp_path_factory.mktemp("home")
    alone = [] if bubblewrap_problem() else _alone(folder)

    def started(program: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8"}
        command = [*alone, str(folder / "bin" / program), *arguments]
        return subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=250
        )

    return started


def _alone(environment: Path) -> list[str]:
    """A namespace without a network in which the checkout is an empty folder, but for the virtual environment."""
    hidden = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--tmpfs", str(ROOT)]
    prefix = Path(sys.prefix)
    return [*hidden, "--ro-bind", str(prefix), str(prefix)] if prefix.is_relative_to(ROOT) else hidden


def beside(released: Released, tmp_path: Path) -> Path:
    """A copy of the released folder, for a student to work in."""
    return Path(shutil.copytree(released.folder, tmp_path / "mine"))


def test_it_is_the_wheels_own_code_that_runs(run: Run, tmp_path: Path) -> None:
    look = "import grader, sys, pathlib; print(grader.__file__, pathlib.Path(sys.argv[1]).exists())"
    ran = run("python", "-c", look, str(ROOT / "rubric.yaml"), cwd=tmp_path)

    file, visible = ran.stdout.split()
    assert "/fresh" in file and file.endswith("/site-packages/grader/__init__.py")
    assert visible == str(bool(bubblewrap_problem()))


@pytest.mark.slow
def test_a_right_notebook_passes_everything(run: Run, released: Released, tmp_path: Path) -> None:
    folder = beside(released, tmp_path)
    shutil.copy(ROOT / "examples/submissions/ada.ipynb", folder)

    ran = run("grader", "check", "ada.ipynb", cwd=folder)

    index = json.loads((folder / "vectors/hw2-cnn.json").read_text(encoding="utf-8"))
    asked = [item for item in index["rubric"]["items"] if item["check"] not in ("answered", "later")]
    assert f"{len(asked)} of {len(asked)} passed" in ran.stdout, ran.stdout + ran.stderr
    assert ran.stdout.endswith("\nJudged after you hand in: LeNet learns Fashion-MNIST.\n")
    assert ran.returncode == 0


def test_a_wrong_function_reads_its_sentence_and_nothing_heavy_is_imported_for_it(
    run: Run, released: Released, tmp_path: Path
) -> None:
    folder = beside(released, tmp_path)
    notebook(folder / "hw.ipynb", "import torch", WRONG)
    code = (
        "import sys\nfrom grader import cli\n"
        "print('exit code', cli.main(['check', 'hw.ipynb', 'corr2d']))\nprint('imported', *sys.modules)"
    )

    ran = run("python", "-c", code, cwd=folder)

    *printed, imported = ran.stdout.splitlines()
    assert "This is convolution: the kernel is flipped." in ran.stdout, ran.stdout + ran.stderr
    assert printed[-1] == "exit code 1"
    modules = set(imported.split())
    assert {"torch", "grader.releases.key"} <= modules
    assert not modules & HEAVY
    assert not [name for name in modules if name.startswith(("grader.answer_key", "grader.gradebook"))]


def test_outside_the_folder_one_line_says_where_to_look(run: Run, tmp_path: Path) -> None:
    ran = run("grader", "check", notebook(tmp_path / "hw.ipynb", WRONG).name, cwd=tmp_path)

    assert ran.returncode == 2
    assert "keep the notebook in the folder that your course gave you" in ran.stderr
    assert ran.stderr.count("\n") == 1
