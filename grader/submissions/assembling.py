"""Put the files of each student together into one submission: unpack, sort out copies, say what is unreadable."""

from __future__ import annotations

import functools
import hashlib
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from grader.lateness import Arrival
from grader.records import SourceFile, Student, Submission
from grader.roster import Enrolled
from grader.submissions import attempts, files, names
from grader.submissions.attempts import OnTime, Sourced
from grader.submissions.files import FoundFile
from grader.submissions.recognising import kind_of, readable

_MAX_ATTACHMENT = 50 * 2**20
_MOST_NOTEBOOKS = 50  # each is run in a session of its own


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of one file.

    Args:
        source: the path that the instructor named.
        file: the file's path in it.
        student_id: whose it was taken to be; empty where it is nobody's.
        use: notebook, attached, unreadable, left out, not placed or junk.
        why: in a few words, where it is not graded.
    """

    source: str
    file: str
    student_id: str
    use: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Assembled:
    """The submissions by student id, who handed them in and when, and what became of every file."""

    submissions: Sequence[Submission]
    owners: Mapping[str, Enrolled]
    arrivals: Mapping[str, Arrival]
    placed: Sequence[Placed]
    attempts: Sequence[tuple[str, str]] = ()  # source and reason of each attempt that does not count


def assemble(claims: Iterable[Sourced], on_time: OnTime = attempts.arrived_in_time) -> Assembled:
    """One submission for each student, sorted by id; ids that differ only in case or composition are one student."""
    owners: dict[str, list[Sourced]] = {}
    for each in claims:
        owners.setdefault(names.key(each.claim.owner.student_id), []).append(each)
    found, people, arrivals, placed, others = [], {}, {}, [], []
    for own in owners.values():
        chosen = attempts.choose(own, on_time)
        owner = _known(each.claim.owner for each in own)
        submission, fates = _submission(owner, chosen.counted, chosen.arrival.handed_in)
        found.append(submission)
        people[owner.student_id], arrivals[owner.student_id] = owner, chosen.arrival
        placed += fates
        for attempt, why in chosen.left_out:
            others.append((attempt[0].source, why))
            placed += [_placed(each, owner.student_id, "left out", f"{why}.") for each in attempt]
    found.sort(key=lambda submission: submission.student.id)
    return Assembled(found, people, arrivals, placed, others)


def _known(owners: Iterable[Enrolled]) -> Enrolled:
    """What all claims of one student tell about that student; the first one gives the id."""
    return functools.reduce(Enrolled.completed, owners)


def _placed(each: Sourced, student: str, use: str, why: str = "") -> Placed:
    return Placed(each.source, names.plain_path(each.claim.origin), student, use, why)


@dataclass(slots=True)
class _Sorted:
    """The files of one student by what they are; copies are in none."""

    notebooks: list[SourceFile]
    attachments: list[SourceFile]
    refused: dict[SourceFile, str]  # with the sentence why


def _submission(owner: Enrolled, claims: Sequence[Sourced], when: str) -> tuple[Submission, list[Placed]]:
    handed_in = ", ".join(dict.fromkeys(names.plain(each.claim.name) for each in claims))
    fates = _Fates(owner.student_id)
    found = list(_named(_unpacked(claims, fates), fates))
    own = _sorted_out(found)
    uses = _uses(own)
    for file in found:
        fates.add(file, *uses.get(file.parts[0], ("left out", "a copy or a checkpoint of another notebook.")))
    submission = Submission(
        student=Student(owner.student_id, names.plain(owner.name) if owner.name else ""),
        name=handed_in,
        notebooks=tuple(own.notebooks[:_MOST_NOTEBOOKS]),
        attachments=tuple(own.attachments),
        unreadable=_unreadable(own, handed_in),
        sha256=_sha256([*own.notebooks[:_MOST_NOTEBOOKS], *own.attachments, *own.refused]),
        handed_in=when,
    )
    return submission, fates.placed


def _sorted_out(found: Sequence[FoundFile]) -> _Sorted:
    notebooks, attachments, refused = [], [], {}
    laid_out = {file.parts[0] for file in found if not names.is_notebook(file.parts[0])}
    for file in found:
        source = SourceFile(file.parts[0], file.content)
        if why := _why_refused(source, file.problem, laid_out):
            refused[source] = why
        elif names.is_notebook(source.name):
            notebooks.append(source)
        else:
            attachments.append(source)
    notebooks = _without_copies(_without_checkpoints(notebooks))
    if notebooks:
        refused = {source: why for source, why in refused.items() if not _is_checkpoint(source)}
    return _Sorted(notebooks, attachments, refused)


def _unreadable(own: _Sorted, handed_in: str) -> tuple[str, ...]:
    """A sentence for each file that should be a notebook and is none."""
    told = list(own.refused.values())
    if len(own.notebooks) > _MOST_NOTEBOOKS:
        told.append(f"{len(own.notebooks)} notebooks were handed in; the first {_MOST_NOTEBOOKS} by name are run.")
    if not own.notebooks and not told:
        kinds = [(source.name, kind_of(source.name)) for source in own.attachments]
        told = [f"{name} is {kind}, not a notebook." for name, kind in kinds if kind]
    return tuple(told) if own.notebooks or told else (f"{handed_in} holds no notebook.",)


def _uses(own: _Sorted) -> dict[str, tuple[str, str]]:
    """By name how a file is used, and why where it is not; copies are left out."""
    beyond = "left out", f"only the first {_MOST_NOTEBOOKS} notebooks are run."
    return (
        {source.name: beyond for source in own.notebooks}
        | {source.name: ("unreadable", why) for source, why in own.refused.items()}
        | {source.name: ("attached", "") for source in own.attachments}
        | {source.name: ("notebook", "") for source in own.notebooks[:_MOST_NOTEBOOKS]}
    )


class _Fates:
    """Collects what became of one student's files."""

    def __init__(self, student: str) -> None:
        self.placed: list[Placed] = []
        self._student = student

    def add(self, file: FoundFile, use: str, why: str = "") -> None:
        source, *origin = file.origin
        self.placed.append(Placed(source, names.plain_path(origin), self._student, use, why))


def _unpacked(claims: Iterable[Sourced], fates: _Fates) -> Iterator[FoundFile]:
    """The files of one student, with those inside a zip file in its place; zip files inside zip files stay closed.

    However many zip files there are, together they unpack to no more than one may.
    """
    room, count = files.MAX_STUDENT, 0
    for each in claims:
        file = replace(each.claim.file, origin=(each.source, *each.claim.origin))
        if each.claim.aside:
            fates.add(file, "left out", f"{each.claim.aside}.")
            continue
        if file.problem or not file.parts[-1].lower().endswith(".zip"):
            yield file
            continue
        try:
            unzipped = list(files.in_zip(file.content, room=room))
        except files.TooManyFiles as error:
            yield replace(file, problem=f"was not unpacked: {error}.")
            continue
        except zipfile.BadZipFile:
            yield replace(file, problem="is not a zip file that can be opened.")
            continue
        room -= sum(len(member.content) for member in unzipped)
        count += len(unzipped)
        if count > files.MAX_FILES:
            yield replace(file, problem=f"was not unpacked: with the other zip files it lists {count} files.")
            continue
        members = [replace(member, origin=(*file.origin, *member.parts)) for member in unzipped]
        inside = [member for member in members if not member.junk]
        for member in members:
            if member.junk:
                fates.add(member, "junk")
        yield from inside or [replace(file, problem="holds no files.")]


def _named(found: Iterable[FoundFile], fates: _Fates) -> Iterator[FoundFile]:
    """The files in the order of their names, each under one name that no other file of the student has."""
    taken: dict[str, tuple[bytes, str]] = {}  # what stands under a name
    seen: set[tuple[str, bytes, str]] = set()
    # By name the last number that was given, or thousands of one name would be compared with each other.
    numbers: dict[str, int] = {}
    for file in sorted(found, key=lambda file: (tuple(map(names.plain, file.parts)), file.parts)):
        path, held = PurePosixPath(*names.fitting(file.parts)), (hashlib.sha256(file.content).digest(), file.problem)
        called = names.key(str(path))
        number = numbers.get(called, 1)
        while taken.get(names.key(name := _numbered(path, number)), held) != held:
            number += 1
        if names.key(name) in taken or (called, *held) in seen:
            fates.add(file, "left out", "the same file once more.")
        else:
            taken[names.key(name)], numbers[called] = held, number
            yield replace(file, parts=(name,))
        seen.add((called, *held))


def _numbered(path: PurePosixPath, number: int) -> str:
    return str(path if number == 1 else path.with_name(f"{path.stem} ({number}){path.suffix}"))


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
