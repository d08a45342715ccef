"""Tests and benchmark on a graphics card in one command: `make gpu-check`, in less than ten minutes.

    python benchmarks/training/check.py [--wheels FOLDER] [--seconds 580]

Needs CUDA, Python 3.11 or newer and a recent torch with torchvision; no network. Pure-Python packages that are missing
come from a folder of wheels (WHEELS=... make gpu-check), the published d2l too. Fashion-MNIST is looked for as `grader
doctor` says; GRADER_DATA names the folder of its four files. Writes benchmarks/results/<date>-<device>.json; exits with
1 where a test fails, with 2 where the machine lacks something.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).parents[2]
NEEDED = {  # modules and the packages that have them
    "torchvision": "torchvision",
    "numpy": "numpy",
    "PIL": "pillow",
    "IPython": "ipython",
    "traitlets": "traitlets",
    "matplotlib_inline": "matplotlib-inline",
    "yaml": "pyyaml",
    "rich": "rich",
    "pytest": "pytest",
    "pytest_timeout": "pytest-timeout",
    "nbformat": "nbformat",
    "matplotlib": "matplotlib",
    "pandas": "pandas",
    "scipy": "scipy",
    "requests": "requests",
    "safetensors": "safetensors",
    "psutil": "psutil",
    "jinja2": "jinja2",
    "markupsafe": "markupsafe",
}
GPU_TESTS = ("tests/gpu", "tests/runners/test_lending.py")
_TESTS_S = 270  # at most
_BEFORE_THE_END_S = 15


class Lacking(Exception):
    """The machine lacks something; the message says what, in one line."""


def main() -> int:
    """Check, test, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", default=os.environ.get("WHEELS", ""))
    parser.add_argument("--seconds", type=float, default=580)
    options = parser.parse_args()
    until = time.monotonic() + options.seconds
    try:
        with tempfile.TemporaryDirectory(prefix="gpu-check-") as folder:
            _card()
            Path(folder).chmod(0o755)  # who runs in a sandbox is somebody else
            python = _python(Path(folder), options.wheels)
            _data(python)
            if shutil.which("bwrap") is None:
                print("gpu-check: no bubblewrap here, so sessions are tried and measured without a sandbox")
            tests, passed = _tests(Path(folder), python)
            out = _measured(python, until - time.monotonic() - _BEFORE_THE_END_S)
    except Lacking as lacking:
        print(f"gpu-check: {lacking}", file=sys.stderr)
        return 2
    results = json.loads(out.read_text())
    out.write_text(json.dumps({**results, "tests": tests}, indent=1) + "\n")
    print(f"gpu-check: tests {tests}; written: {out.relative_to(ROOT)}")
    return 0 if passed else 1


def _card() -> None:
    if importlib.util.find_spec("torch") is None:
        raise Lacking(f"needs a machine with CUDA and torch; {sys.executable} has no torch (PYTHON=... names another)")
    code = "import torch; print(torch.cuda.is_available())"
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    if ran.stdout.strip() != "True":
        raise Lacking(f"needs a machine with CUDA; the torch of {sys.executable} finds no device")


def _python(folder: Path, wheels: str) -> Path:
    """The Python of tests and benchmark: this one, or where it lacks packages, one on top of it with wheels."""
    missing = _missing(Path(sys.executable))
    if not missing:
        return Path(sys.executable)
    if not wheels:
        raise Lacking(
            f"lacks {', '.join(missing)}: put their wheels into a folder and call WHEELS=folder make gpu-check"
        )
    made = folder / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", made], check=True)
    (site,) = made.glob("lib/python*/site-packages")
    (site / "below.pth").write_text("\n".join(each for each in sys.path if each.endswith("-packages")) + "\n")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--target"]
    for wheel in sorted(Path(wheels).glob("*.whl")):
        if wheel.name.startswith("d2l-"):  # never beside ours, which has the same name
            subprocess.run([*pip, ROOT / ".cache/d2l", "--upgrade", wheel], check=True)
        elif subprocess.run([*pip, site, wheel], check=False).returncode:
            raise Lacking(f"{wheel} cannot be installed")
    if missing := _missing(made / "bin/python"):
        raise Lacking(f"lacks {', '.join(missing)}, of which there is no wheel in {wheels}")
    return made / "bin/python"


def _missing(python: Path) -> list[str]:
    """What is needed and cannot be imported."""
    code = f"import importlib.util as i; print(*[p for m, p in {NEEDED!r}.items() if i.find_spec(m) is None])"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def _data(python: Path) -> None:
    code = "from grader import datasets; datasets.folder('fashion_mnist')"
    ran = subprocess.run([python, "-c", code], env=_environment(), capture_output=True, text=True, check=False)
    if ran.returncode:
        raise Lacking(ran.stderr.strip().splitlines()[-1].partition(": ")[2])


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}


def _tests(folder: Path, python: Path) -> tuple[dict[str, int | str], bool]:
    """Counts of the tests marked gpu, and whether none failed."""
    report = folder / "tests.xml"
    command = [python, "-m", "pytest", "-q", "-rs", "-m", "gpu", "-p", "no:cacheprovider", *GPU_TESTS]
    try:
        ran = subprocess.run(
            [*command, f"--junitxml={report}"], cwd=ROOT, env=_environment(), timeout=_TESTS_S, check=False
        )
    except subprocess.TimeoutExpired:
        return {"stopped": f"after {_TESTS_S} s"}, False
    if not report.is_file():
        return {"stopped": f"pytest ended with {ran.returncode}"}, False
    suite = next(ElementTree.parse(report).iter("testsuite"))
    counts = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
    return {**counts, "seconds": round(float(suite.get("time", 0)))}, ran.returncode == 0


def _measured(python: Path, seconds: float) -> Path:
    """Run the benchmark; the file that it wrote."""
    command = [python, ROOT / "benchmarks/training/run.py", "--device", "cuda", "--seconds", f"{seconds:.0f}"]
    ran = subprocess.run(command, cwd=ROOT, env=_environment(), stderr=subprocess.PIPE, text=True, check=False)
    sys.stderr.write(ran.stderr)
    written = [line for line in ran.stderr.splitlines() if line.startswith("written: ")]
    if ran.returncode or not written:
        raise Lacking("the benchmark failed; see above")
    return Path(written[-1].removeprefix("written: "))


if __name__ == "__main__":
    sys.exit(main())
