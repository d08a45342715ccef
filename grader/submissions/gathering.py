"""From the paths that an instructor names to claims: open each one, recognise how it is arranged, lose no file."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path

from grader.errors import UsageError
from grader.submissions import files, layouts, names
from grader.submissions.assembling import Placed
from grader.submissions.attempts import Sourced
from grader.submissions.claims import Source
from grader.submissions.files import FoundFile
from grader.submissions.layouts import Recognised
from grader.submissions.names import DEFAULT_PATTERN


@dataclass(frozen=True, slots=True)
class Gathered:
    """One path that the instructor named, or an archive of a class inside it.

    Args:
        path: as named.
        kind: what its arrangement was recognised as, a key of `layouts.TITLES`.
        claims: the files that are somebody's.
        left: the files that are nobody's, with the reason.
    """

    path: str
    kind: str
    claims: Sequence[Sourced]
    left: Sequence[Placed]


def gather(
    paths: Sequence[Path],
    *,
    student_number: str = DEFAULT_PATTERN,
    zone: tzinfo | None = None,
    kind: str = "",
) -> list[Gathered]:
    """Read every file below each path and find out whose it is, as far as the source alone tells.

    Args:
        paths: folders, zip archives or single notebooks.
        student_number: a regular expression that finds a student number in a name.
        zone: of times without an offset; None is this machine's.
        kind: what every path is, a key of `layouts.TITLES`; empty to recognise it.

    Raises:
        UsageError: a path does not exist, is not of that kind or holds no submission, or the pattern is not a regular
            expression.
    """
    try:
        number = re.compile(student_number)
    except re.error as error:
        raise UsageError(f"the pattern of a student number, {student_number!r}, is wrong: {error}") from error
    return [each for path in paths for each in _gathered(path, number, zone, kind)]


def _gathered(path: Path, number: re.Pattern[str], zone: tzinfo | None, kind: str) -> Iterator[Gathered]:
    try:
        found = _found(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    inner: list[Gathered] = []
    if not kind and path.is_dir() and not number.search(names.stem(path.resolve().name)):
        found, inner = _with_archives_apart(found, path, number, zone)
    source = _source(path.resolve().name, found, number, zone)
    if kind and kind != layouts.PLAIN:
        yield _sorted(str(path), _as(kind, source), found)
        return
    recognised = _recognised(source, whole=path.is_dir() or _is_zip(path), is_zip=_is_zip(path), plain=bool(kind))
    if not recognised.claims and not inner:
        raise UsageError(f"{path} holds no submission; expected notebooks, zip files, or a folder for each student.")
    if recognised.claims or not inner:
        yield _sorted(str(path), recognised, found)
    yield from inner


def _source(name: str, found: Sequence[FoundFile], number: re.Pattern[str], zone: tzinfo | None) -> Source:
    real, junk = [file for file in found if not file.junk], [file.parts for file in found if file.junk]
    return Source(name, real, number, zone, junk)


def _as(kind: str, source: Source) -> Recognised:
    """The claims of the layout that the instructor names."""
    for each in (source, _stripped(source)):
        if each and (claims := layouts.LAYOUTS[kind](replace(each, told=True))):
            return Recognised(kind, claims)
    raise UsageError(
        f"{source.name} is not arranged like {layouts.TITLES[kind]}; leave out --source to have it recognised"
    )


def _recognised(source: Source, *, whole: bool, is_zip: bool, plain: bool) -> Recognised:
    """The claims on the files of a source, as they lie or within the one folder around them all."""
    stripped = _stripped(source)
    for each in (source, stripped):
        if each and not plain and (known := layouts.of_lms(each)):
            return known
    if whole and source.number.search(names.stem(source.name)):
        return Recognised(layouts.PLAIN, layouts.of_one_student(source))
    if is_zip and stripped and _is_wrapper(source, stripped):
        source = stripped
    return Recognised(layouts.PLAIN, layouts.plain(source))


def _with_archives_apart(
    found: list[FoundFile], folder: Path, number: re.Pattern[str], zone: tzinfo | None
) -> tuple[list[FoundFile], list[Gathered]]:
    """Take out of a folder the archives that are no student's but an LMS's download of a class.

    Either all archives without a student number are such or none is: a student's own archive, however its contents are
    named, must not pass for a download among those of others.

    Raises:
        UsageError: one that is arranged like a download lies among files of students; whose it is only a person knows.
    """

    def is_candidate(file: FoundFile) -> bool:
        name = file.parts[-1]
        return len(file.parts) == 1 and name.lower().endswith(".zip") and not number.search(names.stem(name))

    candidates = [file for file in found if is_candidate(file)]
    if not candidates or layouts.of_lms(_source(folder.name, found, number, zone)):
        return found, []
    inner = []
    for file in candidates:
        path = folder / file.parts[0]
        # Its names tell what it is; a student's own is unpacked later, to no more than one student's may.
        if file.problem or _download(path, number, zone, only=layouts.LISTS) is None:
            return found, []
        known, members = _download(path, number, zone) or (None, [])
        if known is None:
            return found, []
        inner.append(_sorted(str(path), known, members))
    others = [file for file in found if not is_candidate(file)]
    _not_among_students(_source(folder.name, others, number, zone), inner)
    return others, inner


def _download(
    path: Path, number: re.Pattern[str], zone: tzinfo | None, only: Collection[str] | None = None
) -> tuple[Recognised, list[FoundFile]] | None:
    """What an archive is recognised as where it is arranged as an LMS does, and the files in it."""
    try:
        members = list(files.in_zip(path, of_class=True, only=only))
    except (zipfile.BadZipFile, OSError):
        return None
    source = _source(path.name, members, number, zone)
    known = next(filter(None, (layouts.of_lms(each) for each in (source, _stripped(source)) if each)), None)
    return (known, members) if known else None


def _not_among_students(beside: Source, downloads: Sequence[Gathered]) -> None:
    own = [each for each in layouts.plain(beside) if len(each.origin) > 1 or names.is_notebook(each.origin[-1])]
    owners = {names.key(each.owner.student_id) for each in own}
    told = {names.key(each.claim.owner.student_id) for source in downloads for each in source.claims}
    if own and (len(owners) >= len(told) or any(not beside.number.search(each.owner.student_id) for each in own)):
        first = downloads[0]
        raise UsageError(
            f"{first.path} is arranged like {layouts.TITLES[first.kind]} and lies among files of students, such as "
            f"{names.plain_path(own[0].origin)}: name downloads by themselves; one that is a student's own belongs "
            "into a folder with the student's name"
        )


def _sorted(path: str, recognised: Recognised, found: Sequence[FoundFile]) -> Gathered:
    """Every file either with its claims or with the reason why it has none."""
    origins = {claim.origin for claim in recognised.claims}
    left = []
    for file in found:
        if file.junk:
            left.append(Placed(path, names.plain_path(file.whole), "", "junk"))
        elif file.whole not in origins:
            use, why = _nobodys(file, recognised.kind)
            left.append(Placed(path, names.plain_path(file.whole), "", use, why))
    return Gathered(path, recognised.kind, [Sourced(claim, path, recognised.kind) for claim in recognised.claims], left)


def _nobodys(file: FoundFile, kind: str) -> tuple[str, str]:
    """What becomes of a file that is nobody's, and why."""
    if kind != layouts.PLAIN and file.parts[-1] in layouts.LISTS:
        return "left out", "the download's own list."
    if files.CHECKPOINTS in file.parts:
        return "left out", "a copy that Jupyter made."
    if kind == layouts.PLAIN:
        return "not placed", "not a kind of file that students hand in."
    return "not placed", f"not named as in {layouts.TITLES[kind]}, and without a student number."


def _found(path: Path) -> list[FoundFile]:
    if not path.exists():
        raise UsageError(f"{path} does not exist.")
    if path.is_dir():
        return list(files.in_folder(path))
    if not _is_zip(path):
        return [files.one_file(path)]
    try:
        return list(files.in_zip(path, of_class=True))
    except zipfile.BadZipFile as error:
        raise UsageError(f"{path} is not a zip file that can be opened: {error}") from error


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip" and not path.is_dir()


def _stripped(source: Source) -> Source | None:
    """The source within the one folder that holds everything; None where there is none."""
    tops = {file.parts[0] for file in source.files}
    if len(tops) != 1 or any(len(file.parts) == 1 for file in source.files):
        return None
    inner = [replace(file, parts=file.parts[1:], origin=file.origin or file.parts) for file in source.files]
    (top,) = tops
    left = [parts[1:] for parts in source.left if len(parts) > 1]
    return replace(source, name=top, files=inner, left=left)


def _is_wrapper(source: Source, stripped: Source) -> bool:
    """Whether the one folder is what many programs put around all they zip, instead of a student's own.

    It is that when it is called like the archive or holds files of several students.
    """
    if source.number.search(stripped.name):
        return False
    named_alike = names.key(names.stem(stripped.name)) == names.key(names.stem(source.name))
    owners = {names.key(claim.owner.student_id) for claim in layouts.plain(stripped)}
    return named_alike or len(owners) > 1
