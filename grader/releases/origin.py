"""Where the grader that is running came from, and so whether students can get the same one by its name."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import Final

from grader import __version__

DISTRIBUTION: Final = "convgrader"


def requirement() -> str:
    """What pip is told to install from an index: this version or a later one."""
    return f"{DISTRIBUTION}>={__version__}"


def told() -> str:
    """How students get the grader where no wheel goes along: one sentence for the instructor."""
    came_from = source()
    if not came_from:
        return f"Students install the grader from PyPI ({requirement()}); `--wheel FILE` gives it along instead."
    if came_from.endswith(".whl"):
        given = f"`--wheel {came_from}`"
    else:
        given = f"`python -m build --wheel` in its source folder makes dist/{DISTRIBUTION}-….whl for `--wheel FILE`"
    return (
        f"README.md sends students to PyPI for {requirement()}, but this grader comes from {came_from}. "
        f"Unless that version is published, they cannot install it; give it along: {given}."
    )


def source() -> str:
    """The folder or address that it was installed from, or "" for a package index such as PyPI.

    Told by the record of direct installations, https://packaging.python.org/en/latest/specifications/direct-url/.
    """
    return source_of(Path(__file__).resolve().parents[2])


def source_of(packages: Path) -> str:
    """That of the package in a folder: a checkout, or the site-packages of an environment."""
    if (packages / "pyproject.toml").is_file():
        return str(packages)
    found = list(metadata.distributions(name=DISTRIBUTION, path=[str(packages)]))
    if not found:
        return str(packages)
    try:
        direct = json.loads(found[0].read_text("direct_url.json") or "{}")
        return str(direct.get("url", "")).removeprefix("file://")
    except (ValueError, AttributeError):
        return str(packages)
