"""`grader grade`: from a folder of submissions to a gradebook and its tables."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader import decisions, keys, rubric
from grader.commands import choosing, classroom, intake, machines, tables
from grader.commands.bookkeeping import Bookkeeper
from grader.commands.intake import Intake
from grader.commands.pages import Pages
from grader.commands.planning import Plan
from grader.commands.standing import Terms
from grader.commands.stopping import Stop
from grader.commands.stored import Facts
from grader.commands.watch import Idle, Watch
from grader.errors import UsageError
from grader.gradebook import Gradebook
from grader.keys import Conditions
from grader.records import Assignment, Profile, Rubric, Status, Submission
from grader.rows import GradeRow
from grader.spelling import hint

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
    course = choosing.course(options.course, options.paths)
    # Whoever grades proves the options; here torch would have to be imported for it.
    read = rubric.load(course, rubric.unproven)
    collected = intake.collect(read, options.paths, options.roster, kind=options.source)
    assignment, chosen = collected.assignment(options.assignment)
    _known_items(options.items, assignment)
    if options.dry_run:
        return _rehearse(options, watch, read, collected, assignment, chosen)
    with Gradebook.open(options.out / "gradebook.db") as book:
        _alone(options.out, read, assignment, book)
        taken = collected.taken_in(assignment, book)
        # A mistake in the dates is told before anything runs.
        pages = Pages(options.out, Facts.of(read, assignment, book), read.language)
        if options.reseed:
            book.reseed()
        device = machines.device(options)
        conditions = machines.conditions(options, book.secret, device)
        before = book.current(assignment.name)
        plan = _plan(options, course, taken, assignment, book, before, conditions)
        watch.wrote(tables.write_intake(options.out, taken))
        watch.took_in(taken)
        for sentence in (chosen, *_forsaken(assignment, book), *_warnings(options, plan)):
            if sentence:
                watch.told(sentence)
        watch.planned(plan.todo, Idle(len(plan.rescored), plan.unchanged))
        books = Bookkeeper(plan, book, pages, watch)
        books.rescore(course, conditions)
        with contextlib.ExitStack() as held:  # what listens to Ctrl-C, and a cluster, until the tables are written
            work = machines.work(options, course, conditions, plan, device) if plan.todo else None
            left = _run(options, work, books, held) if work else 0
            facts = Facts.of(read, assignment, book)
            moved = bool(plan.todo or plan.rescored)
            rows = facts.with_missing(book.current(assignment.name) if moved else before)
            for path in tables.write(options.out, rows, assignment, facts.marks(rows)):
                watch.wrote(path)
        pages.complete(rows)
        classroom.write(pages, facts, rows, anew=moved)
    return Result(assignment, rows, options.out, left, before)


def _rehearse(
    options: Options, watch: Watch, read: Rubric, collected: intake.Collected, assignment: Assignment, chosen: str
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
        _alone(options.out, read, assignment, book)
        taken = collected.taken_in(assignment, book, noting=False)
        rows = book.current(assignment.name)
        conditions = machines.conditions(options, book.secret, machines.device(options))
        plan = _plan(options, read.course, taken, assignment, book, rows, conditions)
    watch.took_in(taken)
    if chosen:
        watch.told(chosen)
    watch.planned(plan.todo, Idle(len(plan.rescored), plan.unchanged))
    return Result(assignment, rows, options.out, 0, rows)


def _alone(out: Path, read: Rubric, assignment: Assignment, book: Gradebook) -> None:
    """Each assignment has a results folder of its own: a second one's tables and pages would replace the first one's.

    Raises:
        UsageError: there are grades of others only.
    """
    if book.graded(assignment.name):
        return
    if others := [name for name in read.assignments if name != assignment.name and book.graded(name)]:
        raise UsageError(
            f"{out} holds the grades of {', '.join(others)}, whose tables and pages would be replaced; give "
            f"{assignment.name} a folder of its own, such as --out {out}-{assignment.name}"
        )


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


def _forsaken(assignment: Assignment, book: Gradebook) -> Iterator[str]:
    """What people decided about items that were renamed or taken out of the rubric."""
    known = [item.id for item in assignment.items]
    for item, count in decisions.forsaken(book.decisions(assignment.name), known).items():
        told = "1 mark or comment" if count == 1 else f"{count} marks and comments"
        yield f"{told} of people for {item} count for nothing: the rubric has no such item{hint(item, known)}"


def _warnings(options: Options, plan: Plan) -> Sequence[str]:
    """What is known of this machine to stand in the way of what will be run."""
    if not plan.todo:
        return ()
    asked = [item for item in plan.terms.assignment.items if item.id in plan.terms.wanted]
    return *choosing.missing_data(asked), machines.weakness(options)


def _run(options: Options, work: Work, books: Bookkeeper, held: contextlib.ExitStack) -> int:
    """Grade what is to be done; how many are left when somebody stopped it."""
    from grader.commands.running import Run
    from grader.reports import feedback  # noqa: F401 - now, because later students would wait for it
    from grader.runners import local

    todo, watch = books.plan.todo, books.watch
    keys = {each.student.id: books.plan.terms.keys.whole(each.sha256) for each in todo}
    workers = 1 if options.runner == "inline" else min(options.workers or local.default_workers(), len(todo))
    if options.runner == "ray":
        workers = 2  # or as many more as there is room for: what ran out of time is tried again, if elsewhere
    stop = held.enter_context(Stop(watch.told))
    cluster = held.enter_context(machines.cluster(options, watch.told))
    told = replace(watch, finished=books.finished)
    run = Run(work, options.runner, workers, books.book, keys, books.keep, told, stop, cluster)
    try:
        with stop.at_once():
            run.over(todo, forced=options.force)
    except KeyboardInterrupt:
        pass  # what is done is on disk, and the rest is left
    return len(todo) - len(run.done)


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
