"""`grader release`: what students receive of an assignment, proven to work before it is written."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from grader import datasets, homes, rubric, submissions
from grader.checks import later as afterwards
from grader.errors import MachineryError, ReleaseError
from grader.exports import files
from grader.kernel.sandbox import Confinement
from grader.records import Assignment, Item, Profile, Submission
from grader.releases import notebooks, origin, part, readme, vectors

if TYPE_CHECKING:
    from grader.answer_key import AnswerKey

_README: Final = "README.md"
_LEFT_OUT: Final = ("__pycache__",)  # and whatever is hidden


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    name: str | None  # of the assignment; the only one if None
    course: Path | None = None
    to: Path = Path("released")
    wheel: Path | None = None  # of the grader, to go along


@dataclass(frozen=True, slots=True)
class Released:
    """What was written.

    Args:
        folder: what students work in.
        archive: the same, zipped.
        sizes: by name of a file its bytes.
        zipped: bytes of the archive.
        later: what is judged only after handing in, in words; "" where nothing is.
        install: how students get the grader, where no wheel goes along; one sentence for the instructor.
    """

    folder: Path
    archive: Path
    sizes: Mapping[str, int]
    zipped: int
    later: str
    install: str


def release(options: Options, told: Callable[[str], None] = lambda sentence: None) -> Released:
    """Make folder and zip; nothing is written unless the vectors let the reference pass and the stubs fail.

    Args:
        options: what is wanted.
        told: hears what is being done.

    Raises:
        GraderError: with one clear line.
    """
    from grader import checks

    course = rubric.load(options.course or rubric.find_course(Path.cwd()), checks.bind)
    assignment = rubric.choose(course, options.name, by="say which, such as `grader release NAME`")
    folder, archive = options.to / assignment.name, options.to / f"{assignment.name}.zip"
    _replaceable(folder, archive)
    content = {**_notebooks(assignment), **_wheel(options.wheel)}
    content |= _vectors(course.course, course.language, assignment, told)
    later = afterwards.in_words([item for item in assignment.items if not part.asked(item)])
    content[_README] = _page(assignment, content, later) + content.get(_README, b"")
    told("trying the notebooks as they are")
    _prove_stubs(assignment, content)
    zipped = files.zipped({f"{assignment.name}/{name}": each for name, each in content.items()})
    _write(folder, content)
    files.write_bytes(archive, zipped)
    install = "" if options.wheel else origin.told()
    return Released(
        folder, archive, {name: len(each) for name, each in sorted(content.items())}, len(zipped), later, install
    )


# ---- what goes in ----------------------------------------------------------------------------------------------------


def _notebooks(assignment: Assignment) -> dict[str, bytes]:
    """Everything that lies in the folder of the notebooks, such as pictures; notebooks without outputs."""
    root = assignment.notebooks
    content: dict[str, bytes] = {}
    try:
        for path in sorted(root.rglob("*")):
            within = path.relative_to(root)
            if path.is_file() and not any(name.startswith(".") or name in _LEFT_OUT for name in within.parts):
                content[within.as_posix()] = path.read_bytes()
    except OSError as error:
        raise ReleaseError(f"{error.filename} cannot be read: {error.strerror}") from error
    names = [name for name in content if name.endswith(".ipynb")]
    if not names:
        raise ReleaseError(f"{root} holds no notebook to release; `grader new` and `grader stubs` make one")
    if clash := [name for name in content if name.split("/")[0] == vectors.FOLDER]:
        raise ReleaseError(f"{root / clash[0]}: the folder {vectors.FOLDER}/ is the release's own; rename yours")
    return content | {name: notebooks.stripped(content[name], str(root / name)) for name in names}


def _wheel(path: Path | None) -> dict[str, bytes]:
    if path is None:
        return {}
    if (
        not path.name.startswith(f"{origin.DISTRIBUTION}-")
        or not path.name.endswith(".whl")
        or not zipfile.is_zipfile(path)
    ):
        raise ReleaseError(f"{path} is no wheel of {origin.DISTRIBUTION}; `python -m build --wheel` makes one in dist/")
    return {path.name: path.read_bytes()}


def _vectors(course: Path, language: str, assignment: Assignment, told: Callable[[str], None]) -> dict[str, bytes]:
    """The public vectors, by which the reference passes."""
    import torch

    from grader.answer_key import AnswerKey
    from grader.releases import writing
    from grader.verifying import releasing

    torch.set_num_threads(1)  # sums round differently when they are shared out differently
    key = AnswerKey(course, assignment.reference)
    count = sum(map(part.asked, assignment.items))
    asked: list[Item] = []

    def done(item: Item) -> None:
        asked.append(item)
        told(f"asking the reference: {len(asked)} of {count} items")

    heard = releasing.heard(key, assignment, done)
    helpers = list(releasing.helpers(key, assignment))
    written = writing.files(assignment.name, language, part.row(assignment), heard, helpers)
    content = {
        f"{vectors.FOLDER}/{assignment.name}.json": written.index,
        f"{vectors.FOLDER}/{assignment.name}.safetensors": written.tensors,
    }
    told("proving the vectors")
    _prove_vectors(content, key, assignment)
    return content


def _page(assignment: Assignment, content: Mapping[str, bytes], later: str) -> bytes:
    wheels = [name for name in content if name.endswith(".whl")]
    asked = [item for item in assignment.items if part.asked(item)]
    if not asked:
        raise ReleaseError(f"rubric.yaml: {assignment.name}: no item asks about anything that students could check")
    named = [item for item in asked if item.target.isidentifier()]
    example = (named or asked)[0]
    page = readme.page(
        assignment.title,
        name=assignment.name,
        notebooks=[name for name in sorted(content) if name.endswith(".ipynb")],
        package=wheels[0] if wheels else f'"{origin.requirement()}"',
        target=example.target if named else "",
        section=example.section,
        later=later,
    )
    return page.encode()


# ---- the proof -------------------------------------------------------------------------------------------------------


def _prove_vectors(content: Mapping[str, bytes], key: AnswerKey, assignment: Assignment) -> None:
    """Raises: ReleaseError: by what students would read the reference does not pass."""
    from grader import checks
    from grader.releases.key import ReleasedKey
    from grader.verifying import releasing

    with tempfile.TemporaryDirectory() as folder:
        _write_into(Path(folder), content)
        found = homes.load(Path(folder), checks.bind).assignments[assignment.name]
        releasing.prove(ReleasedKey(Path(folder), assignment.name), key, found)


def _prove_stubs(assignment: Assignment, content: Mapping[str, bytes]) -> None:
    """Raises: ReleaseError: a notebook passes an item before anything has been filled in."""
    from grader import checks
    from grader.runners.work import Work

    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        _write_into(folder, content)
        found = homes.load(folder, checks.bind).assignments[assignment.name]
        read = submissions.read([folder / name for name in sorted(content) if name.endswith(".ipynb")])
        handed_in = tuple(file for each in read for file in each.notebooks)
        only = tuple(item.id for item in found.items if part.asked(item))
        confinement = Confinement("none", datasets.training_folder(), limits=found.limits)
        grading = Work(folder, found, None, confinement, Profile.QUICK, warm=False, only=only).grading()
        try:
            grade = grading(Submission(read[0].student, assignment.name, handed_in))
        finally:
            grading.close()
    if grade.problem:
        raise ReleaseError(f"{assignment.notebooks}: {grade.problem}")
    for score in grade.scores:
        if score.finding.credit > 0:
            where = f"cell {score.finding.evidence['cell']} of " if "cell" in score.finding.evidence else ""
            name = score.finding.evidence.get("notebook", assignment.notebooks)
            raise ReleaseError(
                f"{score.item.id}: passes before anything is filled in: {where}{name} holds an answer to "
                f"`{score.item.target}`"
            )


# ---- writing ---------------------------------------------------------------------------------------------------------


def _replaceable(folder: Path, archive: Path) -> None:
    """Raises: ReleaseError: the folder holds something else than the last release, of which the archive tells."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ReleaseError(f"{folder} is in the way; move it or give --to DIR")
    found = {path for path in folder.rglob("*") if not path.is_dir()} if folder.is_dir() else set()
    before = _read_archive(archive) if archive.exists() else {}
    for path in sorted(found):
        name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
        if name not in before or path.is_symlink() or path.read_bytes() != before[name]:
            raise ReleaseError(f"{path} is not of the last release; move {folder} away or give --to DIR")


def _read_archive(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            content = {name: archive.read(name) for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile) as error:
        raise ReleaseError(
            f"{path} is in the way and no release of ours ({error}); move it or give --to DIR"
        ) from error
    if f"{path.stem}/{vectors.FOLDER}/{path.stem}.json" not in content:
        raise ReleaseError(f"{path} is in the way and no release of ours; move it or give --to DIR")
    return content


def _write(folder: Path, content: Mapping[str, bytes]) -> None:
    """Put the folder in place of the last one, whole."""
    draft = folder.with_name(f".{folder.name}.tmp")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        _write_into(draft, content)
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(draft, folder)
    except OSError as error:
        raise MachineryError(f"{folder} cannot be written: {error.strerror}; give --to DIR") from error


def _write_into(folder: Path, content: Mapping[str, bytes]) -> None:
    for name, each in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(each)
