"""Put the files of each student together into one submission: unpack, sort out copies, say what is unreadable."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from grader.records import SourceFile, Student, Submission
from grader.submissions import files, names
from grader.submissions.files import FoundFile
from grader.submissions.layouts import Claim
from grader.submissions.recognising import kind_of, readable

_MAX_ATTACHMENT = 50 * 2**20
_MOST_NOTEBOOKS = 50  # each is run in a session of its own


def submissions(claims: Iterable[Claim]) -> list[Submission]:
    """One submission for each student, sorted by id; ids that differ only in case or composition are one student."""
    owners: dict[str, list[Claim]] = {}
    for claim in claims:
        owners.setdefault(names.key(claim.student.id), []).append(claim)
    return sorted((_submission(own) for own in owners.values()), key=lambda submission: submission.student.id)


def _submission(claims: Sequence[Claim]) -> Submission:
    handed_in = ", ".join(dict.fromkeys(claim.name for claim in claims))
    notebooks, attachments, refused = [], [], []
    found = list(_named(_unpacked(claims)))
    laid_out = {file.parts[0] for file in found if not names.is_notebook(file.parts[0])}
    for file in found:
        source = SourceFile(file.parts[0], file.content)
        if why := _why_refused(source, file.problem, laid_out):
            refused.append((source, why))
        elif names.is_notebook(source.name):
            notebooks.append(source)
        else:
            attachments.append(source)
    notebooks = _without_copies(_without_checkpoints(notebooks))
    if notebooks:
        refused = [(source, why) for source, why in refused if not _is_checkpoint(source)]
    unreadable = [why for _, why in refused]
    if len(notebooks) > _MOST_NOTEBOOKS:
        unreadable.append(f"{len(notebooks)} notebooks were handed in; the first {_MOST_NOTEBOOKS} by name are run.")
        del notebooks[_MOST_NOTEBOOKS:]
    if not notebooks and not unreadable:
        kinds = [(source.name, kind_of(source.name)) for source in attachments]
        unreadable = [f"{name} is {kind}, not a notebook." for name, kind in kinds if kind]
    return Submission(
        student=Student(claims[0].student.id, next((claim.student.name for claim in claims if claim.student.name), "")),
        name=handed_in,
        notebooks=tuple(notebooks),
        attachments=tuple(attachments),
        unreadable=tuple(unreadable) if notebooks or unreadable else (f"{handed_in} holds no notebook.",),
        sha256=_sha256([*notebooks, *attachments, *(source for source, _ in refused)]),
        handed_in=max(claim.handed_in for claim in claims),
    )


def _unpacked(claims: Iterable[Claim]) -> Iterator[FoundFile]:
    """The files of one student, with those inside a zip file in its place; zip files inside zip files stay closed."""
    for claim in claims:
        file = claim.file
        if file.problem or not file.parts[-1].lower().endswith(".zip"):
            yield file
            continue
        try:
            inside = list(files.in_zip(file.content))
        except files.TooManyFiles as error:
            yield replace(file, problem=f"was not unpacked: {error}.")
            continue
        except zipfile.BadZipFile:
            yield replace(file, problem="is not a zip file that can be opened.")
            continue
        yield from inside or [replace(file, problem="holds no files.")]


def _named(found: Iterable[FoundFile]) -> Iterator[FoundFile]:
    """The files in the order of their names, each under one name that no other file of the student has."""
    taken: dict[str, FoundFile] = {}
    for file in sorted(found, key=lambda file: (tuple(map(names.plain, file.parts)), file.parts)):
        path = PurePosixPath(*names.fitting(file.parts))
        name, count = str(path), 1
        while (other := taken.get(names.key(name))) and (other.content, other.problem) != (file.content, file.problem):
            count += 1
            name = str(path.with_name(f"{path.stem} ({count}){path.suffix}"))
        if other is None:
            taken[names.key(name)] = file
            yield replace(file, parts=(name,))


def _why_refused(source: SourceFile, problem: str, laid_out: Collection[str]) -> str:
    if problem:
        return f"{source.name} {problem}"
    if names.is_notebook(source.name):
        return readable(source)
    if any(str(parent) in laid_out for parent in PurePosixPath(source.name).parents):
        return f"{source.name} lies below what is itself a file and was left out."
    if len(source.content) > _MAX_ATTACHMENT:
        return f"{source.name} is larger than {_MAX_ATTACHMENT // 2**20} MB and was left out."
    return ""


def _is_checkpoint(source: SourceFile) -> bool:
    path = PurePosixPath(source.name)
    return files.CHECKPOINTS in path.parts or names.is_checkpoint(path.name)


def _without_checkpoints(notebooks: Sequence[SourceFile]) -> list[SourceFile]:
    """Leave out Jupyter's automatic copies of a notebook that is there itself; its own folder counts only alone."""
    stems = {names.key(names.stem(PurePosixPath(own.name).name)) for own in notebooks if not _is_checkpoint(own)}

    def needed(notebook: SourceFile) -> bool:
        path = PurePosixPath(notebook.name)
        if not stems or not _is_checkpoint(notebook):
            return True
        return files.CHECKPOINTS not in path.parts and names.key(names.stem(path.name)) not in stems

    return [notebook for notebook in notebooks if needed(notebook)]


def _without_copies(notebooks: Sequence[SourceFile]) -> list[SourceFile]:
    """Keep one notebook of each content, the one whose name has no marks of a copy where there is one."""
    kept: dict[bytes, SourceFile] = {}
    for notebook in sorted(notebooks, key=lambda notebook: (len(PurePosixPath(notebook.name).name), notebook.name)):
        kept.setdefault(hashlib.sha256(notebook.content).digest(), notebook)
    return sorted(kept.values(), key=lambda notebook: notebook.name)


def _sha256(sources: Iterable[SourceFile]) -> str:
    digest = hashlib.sha256()
    for source in sorted(sources, key=lambda source: (source.name, source.content)):
        for part in (source.name.encode(), source.content):
            digest.update(len(part).to_bytes(8, "big") + part)  # with its length, so that no two lists run together
    return digest.hexdigest()
