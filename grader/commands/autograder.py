"""`grader export gradescope-autograder`: the course and this grader as the zip that Gradescope runs."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import grader
from grader import rubric
from grader.errors import MachineryError
from grader.exports import autograder, files
from grader.gradebook import Gradebook

_DISTRIBUTION = "convgrader"


def build(course: Path | None, assignment: str | None, output: Path) -> None:
    """Write the zip; it holds the right answers and is for Gradescope alone.

    Raises:
        GraderError: with one clear line.
    """
    found = rubric.load(course or rubric.find_course(Path.cwd()), rubric.unproven)
    chosen = rubric.choose(found, assignment)
    source = Path(grader.__file__).parent
    try:
        content = autograder.scripts(chosen.name, list(_requirements()))
        content |= {f"grader/{name}": read for name, read in _tree(source)}
        reference = found.course / "reference"
        # Packages around it as well, and helpers that several references share; styles are for `grader verify`.
        content |= {f"course/reference/{path.name}": path.read_bytes() for path in sorted(reference.glob("*.py"))}
        content |= {
            f"course/reference/{chosen.reference}/{name}": read
            for name, read in _tree(reference / chosen.reference)
            if not name.startswith("styles/")
        }
        content["course/rubric.yaml"] = (found.course / rubric.FILE).read_bytes()
        content["gradebook.db"] = _empty_gradebook()
    except OSError as error:
        raise MachineryError(f"{error.filename} cannot be read: {error.strerror}") from error
    files.write_bytes(output, files.zipped(content, autograder.SCRIPTS))


def _tree(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def _requirements() -> Iterator[str]:
    """What the grader needs, in the versions that are installed here."""
    for line in metadata.requires(_DISTRIBUTION) or ():
        name = re.match(r"[\w.-]+", line)
        if name and "extra ==" not in line:
            # A local part such as +cpu says where a build came from, not what it is.
            yield f"{name.group()}=={metadata.version(name.group()).partition('+')[0]}"


def _empty_gradebook() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gradebook.db"
        with Gradebook.open(path):
            pass
        return path.read_bytes()
