"""`grader grade`: from a folder of submissions to a gradebook and its tables."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader import __version__, datasets, rubric, submissions
from grader.commands import choosing, isolation
from grader.commands.running import Run
from grader.commands.stopping import Stop
from grader.errors import UsageError
from grader.exports import files, tables
from grader.gradebook import Gradebook
from grader.kernel.sandbox import Confinement
from grader.records import Assignment, Finding, Grade, Profile, Score, Status, Submission
from grader.rows import GradeRow
from grader.runners import local
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
    postponed: Callable[[Grade], None] = lambda grade: None  # ran out of time beside others; not the last word
    retrying: Callable[[Sequence[Submission]], None] = lambda todo: None  # those are now graded again, alone
    told: Callable[[str], None] = lambda sentence: None  # something to know before it starts


@dataclass(frozen=True, slots=True)
class Result:
    """Where everything lies afterwards."""

    assignment: Assignment
    rows: Sequence[GradeRow]
    out: Path
    left: int  # how many are still to be graded, because somebody stopped it

    @property
    def exit_code(self) -> int:
        """130 when it was stopped before the end, 1 when something needs staff, else 0."""
        if self.left:
            return 130
        return 1 if any(row.status is Status.NEEDS_STAFF for row in self.rows) else 0


def grade(options: Options, watch: Watch) -> Result:
    """Grade what is not graded yet, and write the tables.

    Ctrl-C finishes what runs, a second one or SIGTERM stops at once; in both cases what is done is kept and the tables
    are written. What ran out of time beside others is graded once more, alone; until then its first grade is kept.

    Raises:
        GraderError: with one clear line.
    """
    from grader import checks  # torch comes with it; only now, so that wrong paths are told at once

    found = submissions.read(options.paths)
    course = options.course or rubric.find_course(Path.cwd())
    assignment, chosen = choosing.choose(rubric.load(course, checks.bind), options.assignment, found)
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
        asked = [item for item in assignment.items if not options.items or item.id in options.items]
        for sentence in (chosen, *(choosing.missing_data(asked) if todo else ())):
            if sentence:
                watch.told(sentence)
        watch.planned(todo, len(found) - len(todo))
        left = _run(options, work, todo, keys, book, watch)
        rows = book.current(assignment.name)
    return Result(assignment, rows, options.out, left)


def write_tables(out: Path, rows: Sequence[GradeRow], assignment: Assignment) -> None:
    """Write grades.csv and items.csv, each whole or not at all."""
    files.write(out / "grades.csv", tables.grades_csv(rows, assignment.items))
    files.write(out / "items.csv", tables.items_csv(rows))


def _run(
    options: Options, work: Work, todo: Sequence[Submission], keys: dict[str, str], book: Gradebook, watch: Watch
) -> int:
    """Grade them; how many are left when somebody stopped it."""
    workers = 1 if options.runner == "inline" else min(options.workers or local.default_workers(), max(1, len(todo)))
    before = {row.student_id: row for row in book.current(work.assignment.name)}

    def recorded(each: Grade, final: bool) -> Grade:
        """The grade as it is on disk, before anybody is told of it. Without a key the next run does not rely on it."""
        student = each.submission.student.id
        whole = _completed(each, before.get(student), work.assignment) if work.only else each
        book.record(work.assignment.name, whole, key=keys[student] if final else "", observations=whole.observations)
        return whole

    with Stop(watch.told) as stop:
        run = Run(work, options.runner, workers, book, keys, recorded, watch, stop)
        try:
            with stop.at_once():
                run.over(todo, forced=options.force)
        except KeyboardInterrupt:
            pass  # what is done is on disk, and the rest is left
        write_tables(options.out, book.current(work.assignment.name), work.assignment)
    return len(todo) - len(run.done)


def _work(options: Options, course: Path, assignment: Assignment, secret: bytes) -> Work:
    device = isolation.device(options.device)
    confinement = Confinement(
        backend=isolation.backend(options.sandbox),
        data=datasets.training_folder(),
        device=device,
        threads=1,  # never by the number of workers: sums round differently when they are shared out differently
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
    by_id = {each.student.id: each for each in found}
    for student in students:
        if student not in by_id:
            raise UsageError(f"no submission of {student!r}; there are {', '.join(sorted(by_id)[:12])}")
    return [by_id[student] for student in dict.fromkeys(students)]  # in the order asked for


def _known_items(items: Sequence[str], assignment: Assignment) -> None:
    known = [item.id for item in assignment.items]
    for item in items:
        if item not in known:
            raise UsageError(f"no item is called {item!r}; {assignment.name} has {', '.join(known)}")
