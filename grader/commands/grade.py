"""`grader grade`: from a folder of submissions to a gradebook and its tables."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader import datasets, decisions, keys, leases, rubric
from grader.commands import choosing, classroom, intake, machines
from grader.commands.intake import Intake
from grader.commands.pages import Pages
from grader.commands.planning import Plan
from grader.commands.standing import Terms
from grader.commands.stopping import Stop
from grader.commands.stored import Facts
from grader.decisions import Decision, Kind
from grader.errors import UsageError, hint
from grader.exports import files, tables
from grader.gradebook import Gradebook
from grader.keys import Conditions
from grader.marks import Mark
from grader.records import Assignment, Grade, Profile, Rubric, Status, Submission
from grader.rows import GradeRow, row_of

if TYPE_CHECKING:
    from grader.runners.work import Work


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    paths: tuple[Path, ...]
    course: Path | None = None
    assignment: str | None = None
    roster: Path | None = None
    source: str = ""  # what the paths are, where it is not to be recognised
    out: Path = Path("results")
    items: tuple[str, ...] = ()
    students: tuple[str, ...] = ()
    profile: Profile | None = None
    device: str = "auto"
    per_card: int = 1  # trainings on one graphics card at a time
    workers: int | None = None
    runner: str = "local"
    address: str = ""  # of a Ray cluster
    sandbox: str = "auto"
    force: bool = False
    reseed: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Idle:
    """How many submissions are not run."""

    rescored: int  # what was found out stands, what it is worth may not
    unchanged: int


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told what happens: by the command line to show progress, by tests to see it."""

    planned: Callable[[Sequence[Submission], Idle], None]  # what will be run, and how much will not
    began: Callable[[Submission], None]
    finished: Callable[[Grade], None]
    postponed: Callable[[Grade], None] = lambda grade: None  # ran out of time beside others; not the last word
    retrying: Callable[[Sequence[Submission]], None] = lambda todo: None  # those are now graded again, alone
    told: Callable[[str], None] = lambda sentence: None  # something to know before it starts
    took_in: Callable[[Intake], None] = lambda taken: None  # what was handed in and by whom, before it starts
    rescored: Callable[[Grade], None] = lambda grade: None  # without running anything
    stale: Callable[[Sequence[Submission]], None] = lambda todo: None  # could not be rescored, so they are run as well
    wrote: Callable[[Path], None] = lambda path: None  # a table


@dataclass(frozen=True, slots=True)
class Result:
    """Where everything lies afterwards."""

    assignment: Assignment
    rows: Sequence[GradeRow]
    out: Path
    left: int  # how many are still to be graded, because somebody stopped it
    before: Sequence[GradeRow] = ()  # the grades that there were

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
    machines.known(options)
    course = options.course or rubric.find_course(Path.cwd())
    path = options.out / "gradebook.db"
    # Whoever grades proves the options; here torch would have to be imported for it.
    read = rubric.load(course, rubric.unproven)
    collected = intake.collect(read, options.paths, options.roster, kind=options.source)
    assignment, chosen = collected.assignment(options.assignment)
    _known_items(options.items, assignment)
    if options.dry_run:
        return _rehearse(options, watch, course, collected, assignment, chosen)
    with Gradebook.open(path) as book:
        taken = collected.taken_in(assignment, book)
        # A mistake in the dates is told before anything runs.
        pages = Pages(options.out, Facts.of(read, assignment, book), read.language)
        if options.reseed:
            book.reseed()
        device = machines.device(options)
        conditions = _conditions(options, book, device)
        before = rows = book.current(assignment.name)
        plan = _plan(options, course, taken, assignment, book, rows, conditions)
        asked = [item for item in assignment.items if item.id in plan.terms.wanted]
        files.write(options.out / "intake.csv", intake_csv(taken))
        watch.wrote(options.out / "intake.csv")
        watch.took_in(taken)
        for sentence in (chosen, *((*choosing.missing_data(asked), machines.weakness(options)) if plan.todo else ())):
            if sentence:
                watch.told(sentence)
        watch.planned(plan.todo, Idle(len(plan.rescored), plan.unchanged))
        _rescore(plan, course, conditions, book, pages, watch)
        work = _work(options, course, conditions, plan, device) if plan.todo else None
        left = _run(options, work, plan, book, pages, watch, read) if work else 0
        facts = Facts.of(read, assignment, book)
        if plan.todo or plan.rescored:
            rows = book.current(assignment.name)
        rows = facts.with_missing(rows)
        if not plan.todo:
            _told_of(watch, write_tables(options.out, rows, assignment, facts.marks(rows)))
        pages.complete(rows)
        classroom.write(pages, facts, rows, anew=bool(plan.todo or plan.rescored))
    return Result(assignment, rows, options.out, left, before)


def _rehearse(
    options: Options, watch: Watch, course: Path, collected: intake.Collected, assignment: Assignment, chosen: str
) -> Result:
    """Say what would be done, and change nothing; also beside a grader that works.

    Raises:
        UsageError: with new hidden cases everything would be run, which needs no telling.
    """
    if options.reseed:
        raise UsageError("--reseed draws new hidden cases, so that everything is run; leave out --dry-run")
    with contextlib.ExitStack() as stack:
        path = options.out / "gradebook.db"
        if path.exists():
            book = stack.enter_context(Gradebook.open(path, writing=False))
        else:  # nothing is known yet, and nothing is to be left behind
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            book = stack.enter_context(Gradebook.open(folder / path.name))
        taken = collected.taken_in(assignment, book, noting=False)
        rows = book.current(assignment.name)
        conditions = _conditions(options, book, machines.device(options))
        plan = _plan(options, course, taken, assignment, book, rows, conditions)
    watch.took_in(taken)
    if chosen:
        watch.told(chosen)
    watch.planned(plan.todo, Idle(len(plan.rescored), plan.unchanged))
    return Result(assignment, rows, options.out, 0, rows)


def _conditions(options: Options, book: Gradebook, device: str) -> Conditions:
    kind = device.partition(":")[0]  # marks do not depend on which card it was
    profile = options.profile or (Profile.FULL if kind == "cuda" else Profile.QUICK)
    return Conditions(book.secret, profile, kind, options.sandbox != "none")


def _plan(
    options: Options,
    course: Path,
    taken: Intake,
    assignment: Assignment,
    book: Gradebook,
    rows: Sequence[GradeRow],
    conditions: Conditions,
) -> Plan:
    wanted = options.items or tuple(item.id for item in assignment.items)
    wishes = decisions.wishes(book.decisions(assignment.name))
    terms = Terms(assignment, keys.of(course, assignment, conditions), wanted, options.force, wishes=wishes)
    return Plan.of(_chosen(taken.submissions, options.students), rows, terms)


def intake_csv(taken: Intake) -> str:
    """What became of every file, and what is doubtful about students."""
    names = {person.student_id: person.name for person in taken.people}
    return tables.intake_csv(taken.placed, names, [(each.student, each.what, each.why) for each in taken.doubts])


def write_tables(
    out: Path, rows: Sequence[GradeRow], assignment: Assignment, marks: Mapping[str, Mark] | None = None
) -> Sequence[Path]:
    """Write grades.csv and items.csv, each whole or not at all; marks where they are more than sums."""
    files.write(out / "grades.csv", tables.grades_csv(rows, assignment.items, marks))
    files.write(out / "items.csv", tables.items_csv(rows))
    return out / "grades.csv", out / "items.csv"


def _told_of(watch: Watch, written: Sequence[Path]) -> None:
    for path in written:
        watch.wrote(path)


def _rescore(plan: Plan, course: Path, conditions: Conditions, book: Gradebook, pages: Pages, watch: Watch) -> None:
    """Record what can be had without running anything; what cannot after all becomes something to do."""
    if plan.rejudged:
        from grader import checks
        from grader.commands.rescoring import Rescorer

        checks.prove(plan.terms.assignment)
        rescorer = Rescorer(course, plan.terms.assignment, book)
        for each in plan.rejudged:
            plan.rejudge(each, rescorer.of(plan.row(each), plan.terms.keys, conditions))
    for each in plan.rescored:
        grade = plan.rescore(each)
        with pages.replaced(each.student.id):
            book.record(plan.terms.assignment.name, grade, key=plan.terms.keys.whole(each.sha256))
        watch.rescored(grade)
    if plan.stale:
        watch.stale(plan.stale)


def _run(options: Options, work: Work, plan: Plan, book: Gradebook, pages: Pages, watch: Watch, read: Rubric) -> int:
    """Grade what is to be done; how many are left when somebody stopped it."""
    from grader.commands.running import Run
    from grader.reports import feedback  # noqa: F401 - now, because later students would wait for it
    from grader.runners import local

    todo, assignment = plan.todo, work.assignment
    keys = {each.student.id: plan.terms.keys.whole(each.sha256) for each in todo}
    workers = 1 if options.runner == "inline" else min(options.workers or local.default_workers(), len(todo))
    if options.runner == "ray":
        workers = 2  # or as many more as there is room for: what ran out of time is tried again, if elsewhere

    def recorded(each: Grade, final: bool) -> Grade:
        """The grade as it is on disk, before anybody is told of it. Without a key the next run does not rely on it."""
        whole = plan.completed(each, final=final)
        key = keys[each.submission.student.id] if final else ""
        with pages.replaced(each.submission.student.id):
            book.record(assignment.name, whole, key=key, observations=whole.observations)
            if final:
                _fulfil(book, plan, whole)
        return whole

    def finished(each: Grade) -> None:
        watch.finished(each)  # first, because a page may meet a full disk, and the grade is recorded already
        pages.write(book.decided(row_of(assignment.name, each)))

    with Stop(watch.told) as stop, machines.cluster(options, watch.told) as cluster:
        told = replace(watch, finished=finished)
        run = Run(work, options.runner, workers, book, keys, recorded, told, stop, cluster)
        try:
            with stop.at_once():
                run.over(todo, forced=options.force)
        except KeyboardInterrupt:
            pass  # what is done is on disk, and the rest is left
        facts = Facts.of(read, assignment, book)
        rows = facts.with_missing(book.current(assignment.name))
        _told_of(watch, write_tables(options.out, rows, assignment, facts.marks(rows)))
    return len(todo) - len(run.done)


def _fulfil(book: Gradebook, plan: Plan, grade: Grade) -> None:
    """Note that what somebody asked to run anew has been run; were we killed before, it is run once more."""
    assignment, student = plan.terms.assignment.name, grade.submission.student.id
    if student not in plan.terms.wishes:
        return
    for wish in decisions.left_open(book.decisions(assignment, student), Kind.REGRADE):
        if wish.item in ("", *plan.terms.wanted):
            who = f"grader {grade.grader_version}"
            book.decide(Decision(assignment, student, wish.item, Kind.RAN, who, about=wish.id))


def _work(options: Options, course: Path, conditions: Conditions, plan: Plan, device: str) -> Work:
    from grader.kernel.sandbox import Confinement
    from grader.runners.work import Work

    assignment = plan.terms.assignment
    confinement = Confinement(
        backend=machines.backend(options),
        data=datasets.training_folder(),
        threads=1,  # never by the number of workers: sums round differently when they are shared out differently
        limits=assignment.limits,
        secrets=(course, options.out.resolve()),
    )
    warm = options.sandbox == "auto"
    lent = None
    if conditions.device == "cuda":
        lent = leases.cards(device, datasets.cache() / "leases", shares=options.per_card)
    return Work(
        course,
        assignment,
        conditions.secret,
        confinement,
        conditions.profile,
        warm,
        answers=options.out.resolve() / "answers",
        parts=plan.parts(),
        cards=lent,
    )


def _chosen(found: Sequence[Submission], students: Sequence[str]) -> list[Submission]:
    if not students:
        return list(found)
    by_id = {each.student.id: each for each in found}
    for student in students:
        if student not in by_id:
            raise UsageError(f"no submission of {student!r}{hint(student, by_id)}")
    return [by_id[student] for student in dict.fromkeys(students)]  # in the order asked for


def _known_items(items: Sequence[str], assignment: Assignment) -> None:
    known = [item.id for item in assignment.items]
    for item in items:
        if item not in known:
            raise UsageError(f"no item is called {item!r}{hint(item, known)}")
