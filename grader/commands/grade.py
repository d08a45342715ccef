"""`grader grade`: from a folder of submissions to a gradebook and its tables."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader import __version__, datasets, rubric, submissions
from grader.commands import isolation
from grader.errors import UsageError
from grader.exports import files, tables
from grader.gradebook import Gradebook, GradeRow
from grader.kernel.sandbox import Confinement
from grader.records import Assignment, Finding, Grade, Profile, Score, Status, Submission
from grader.runners import inline, local
from grader.runners.work import Work


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    paths: tuple[Path, ...]
    course: Path | None = None
    assignment: str | None = None
    out: Path = Path("results")
    items: tuple[str, ...] = ()
    students: tuple[str, ...] = ()
    profile: Profile | None = None
    device: str = "auto"
    workers: int | None = None
    runner: str = "local"
    sandbox: str = "auto"
    force: bool = False
    reseed: bool = False


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told what happens: by the command line to show progress, by tests to see it."""

    planned: Callable[[Sequence[Submission], int], None]  # what will be run, and how many are unchanged
    began: Callable[[Submission], None]
    finished: Callable[[Grade], None]


@dataclass(frozen=True, slots=True)
class Result:
    """Where everything lies afterwards."""

    assignment: Assignment
    rows: Sequence[GradeRow]
    out: Path
    interrupted: bool

    @property
    def exit_code(self) -> int:
        """1 when something needs staff, else 0."""
        return 1 if any(row.status is Status.NEEDS_STAFF for row in self.rows) else 0


def grade(options: Options, watch: Watch) -> Result:
    """Grade what is not graded yet, and write the tables.

    A first KeyboardInterrupt finishes nothing more, keeps what is done and writes the tables.

    Raises:
        GraderError: with one clear line.
    """
    from grader import checks  # torch comes with it; only now, so that wrong paths are told at once

    found = submissions.read(options.paths)
    course = options.course or rubric.find_course(Path.cwd())
    assignment = rubric.choose(rubric.load(course, checks.bind), options.assignment)
    _known_items(options.items, assignment)
    found = _chosen(found, options.students)
    with Gradebook.open(options.out / "gradebook.db") as book:
        if options.reseed:
            book.reseed()
        work = _work(options, course, assignment, book.secret)
        basis = _basis(work)
        keys = {each.student.id: _hash([basis, each.sha256]) for each in found}
        todo = [
            each
            for each in found
            if options.force or not book.unchanged(assignment.name, each.student.id, keys[each.student.id])
        ]
        watch.planned(todo, len(found) - len(todo))
        interrupted = _run(options, work, todo, keys, book, watch)
        rows = book.current(assignment.name)
    write_tables(options.out, rows, assignment)
    return Result(assignment, rows, options.out, interrupted)


def write_tables(out: Path, rows: Sequence[GradeRow], assignment: Assignment) -> None:
    """Write grades.csv and items.csv, each whole or not at all."""
    files.write(out / "grades.csv", tables.grades_csv(rows, assignment.items))
    files.write(out / "items.csv", tables.items_csv(rows))


def _run(
    options: Options, work: Work, todo: Sequence[Submission], keys: dict[str, str], book: Gradebook, watch: Watch
) -> bool:
    if not todo:
        return False
    workers = min(options.workers or local.default_workers(), len(todo))
    if options.runner == "inline":
        grades = inline.run(work, todo, began=watch.began)
    else:
        grades = local.run(work, todo, workers=workers, began=watch.began)
    before = {row.student_id: row for row in book.current(work.assignment.name)}
    try:
        for each in grades:
            student = each.submission.student.id
            whole = _completed(each, before.get(student), work.assignment) if work.only else each
            # On disk before it is announced.
            book.record(work.assignment.name, whole, key=keys[student], observations=whole.observations)
            watch.finished(whole)
    except KeyboardInterrupt:
        grades.close()
        return True
    return False


def _work(options: Options, course: Path, assignment: Assignment, secret: bytes) -> Work:
    device = isolation.device(options.device)
    workers = options.workers or local.default_workers()
    threads = max(1, len(os.sched_getaffinity(0)) // workers)
    confinement = Confinement(
        backend=isolation.backend(options.sandbox),
        data=datasets.training_folder(),
        device=device,
        threads=threads,
        limits=assignment.limits,
        secrets=(course, options.out.resolve()),
    )
    profile = options.profile or (Profile.FULL if device == "cuda" else Profile.QUICK)
    return Work(course, assignment, secret, confinement, profile, warm=options.sandbox == "auto", only=options.items)


def _completed(grade: Grade, before: GradeRow | None, assignment: Assignment) -> Grade:
    """A grade of some items only, with the marks that the others have already."""
    kept = {row.item: row for row in before.items} if before is not None else {}
    judged = {score.item.id: score for score in grade.scores}
    scores = []
    for item in assignment.items:
        if item.id in judged:
            scores.append(judged[item.id])
        elif (row := kept.get(item.id)) is not None:
            finding = Finding(row.outcome, row.credit, row.message, row.hint, evidence=row.evidence)
            scores.append(Score(item, finding, row.earned, row.possible, row.key))
    return replace(grade, scores=tuple(scores))


def _basis(work: Work) -> str:
    """A hash of everything but the submission that marks depend on."""
    from grader.answer_key import AnswerKey

    return _hash(
        [
            repr(work.assignment.items),
            repr(work.assignment.prelude),
            repr(work.assignment.limits),
            AnswerKey(work.course, work.assignment.reference).fingerprint(),
            __version__,
            work.profile.value,
            work.confinement.device,
            repr(work.only),
            hashlib.sha256(work.secret or b"").hexdigest(),
        ]
    )


def _hash(parts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _chosen(found: Sequence[Submission], students: Sequence[str]) -> list[Submission]:
    if not students:
        return list(found)
    known = {each.student.id for each in found}
    for student in students:
        if student not in known:
            raise UsageError(f"no submission of {student!r}; there are {', '.join(sorted(known)[:12])}")
    return [each for each in found if each.student.id in students]


def _known_items(items: Sequence[str], assignment: Assignment) -> None:
    known = [item.id for item in assignment.items]
    for item in items:
        if item not in known:
            raise UsageError(f"no item is called {item!r}; {assignment.name} has {', '.join(known)}")
