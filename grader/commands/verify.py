"""`grader verify`: the rubric tests itself."""

from __future__ import annotations

import datetime
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader import __version__, datasets, rubric, submissions
from grader.commands import isolation
from grader.errors import UsageError
from grader.exports import files
from grader.kernel.sandbox import Confinement
from grader.records import Assignment, Grade, Profile, Submission
from grader.runners import local
from grader.runners.children import importing_nothing_from_here
from grader.runners.work import Work
from grader.runners.worker import listen_to_the_holder_alone

if TYPE_CHECKING:
    from grader.verifying.summary import Graded, Summary
    from grader.verifying.trials import Trials, Verdict

_AT_ONCE = 25  # mutants a task
_KEPT_BYTES = 256 << 20  # of drawn values a worker: all that the cases of one wide network want
_trials: Trials | None = None  # of this worker process


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    name: str | None = None  # of the assignment; each one if None
    course: Path | None = None
    workers: int | None = None
    training: bool = False  # whether accuracy items are verified, too: minutes
    sandbox: str = "auto"


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told how far it is."""

    planned: Callable[[str, int], None]  # what is done now, and how many tasks it is
    done: Callable[[], None]


def verify(options: Options, watch: Watch) -> Iterator[Summary]:
    """Put right, wrong and made-up answers before every check of an assignment, or of each one.

    Raises:
        GraderError: with one clear line.
    """
    course = options.course or rubric.find_course(Path.cwd())
    if options.name:  # a slip is told at once, before the checks and PyTorch are imported
        rubric.choose(rubric.load(course, rubric.unproven), options.name)
    from grader import checks

    found = rubric.load(course, checks.bind)
    chosen = [rubric.choose(found, options.name)] if options.name else list(found.assignments.values())
    for assignment in chosen:
        yield _verified(course, assignment, options, watch)


def _verified(course: Path, assignment: Assignment, options: Options, watch: Watch) -> Summary:
    from grader.verifying import styles, summary
    from grader.verifying.trials import Trials

    trials = Trials(course, assignment, training=options.training)
    if not trials.items:
        raise UsageError(f"{assignment.name} has no item that a machine could verify")
    verdicts = list(_tried(course, assignment, trials, options, watch))
    corpus = styles.load(course / "reference" / assignment.reference / "styles", assignment)
    stubs = _stubs(assignment)
    handed_in = [*([stubs] if stubs else []), *(style.submission for style in corpus)]
    wanted = {style.submission.student.id: style.items for style in corpus}
    graded = [
        _earned(grade, wanted.get(grade.submission.student.id, ()))
        for grade in _graded(course, assignment, handed_in, [item.id for item in trials.items], options, watch)
    ]
    stub = next((each for each in graded if not each.items), None)
    found = sorted((each for each in graded if each.items), key=lambda each: each.name)
    return summary.summarise(assignment, trials.items, verdicts, stub, found)


# ---- candidates, in our own processes --------------------------------------------------------------------------------


def _tried(course: Path, assignment: Assignment, trials: Trials, options: Options, watch: Watch) -> Iterator[Verdict]:
    starts = range(0, len(trials.mutants), _AT_ONCE)
    tasks = [("right", 0), ("mistaken", 0), *(("made up", n) for n in range(len(trials.items)))]
    tasks += [("mutants", start) for start in starts]
    watch.planned(f"{assignment.name}: right, mistaken, mutant and made-up answers", len(tasks))
    workers = options.workers or local.default_workers()
    context = multiprocessing.get_context("spawn")
    began = (course, assignment, options.training)
    with (
        importing_nothing_from_here(),
        ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=began) as pool,
    ):
        running = {pool.submit(_do, *task): task for task in tasks}
        done: dict[tuple[str, int], list[Verdict]] = {}
        try:
            for future in as_completed(running):
                done[running[future]] = future.result()
                watch.done()
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():  # they hold nothing that has to be put back
                process.kill()
            raise
    for task in tasks:  # in one order, however many workers there were
        yield from done[task]


def _begin(course: Path, assignment: Assignment, training: bool) -> None:
    global _trials
    listen_to_the_holder_alone()
    import warnings

    import torch
    import torch._dynamo  # some operations want it, and where a probe's time runs out meanwhile, half of it would stay

    from grader.kernel.inside import drawing
    from grader.verifying.trials import Trials

    torch.set_num_threads(1)
    drawing.keep(_KEPT_BYTES)
    warnings.filterwarnings("ignore", category=UserWarning)  # torch is astonished by many a mutant
    _trials = Trials(course, assignment, training=training)


def _do(task: str, start: int) -> list[Verdict]:
    if _trials is None:
        raise RuntimeError("the worker was not initialised")
    match task:
        case "right":
            return [_trials.right()]
        case "mistaken":
            return list(_trials.mistaken())
        case "made up":
            return list(_trials.made_up(_trials.items[start]))
        case _:
            return [_trials.mutated(mutant) for mutant in _trials.mutants[start : start + _AT_ONCE]]


# ---- notebooks, in sandboxes -----------------------------------------------------------------------------------------


def _stubs(assignment: Assignment) -> Submission | None:
    """The notebooks as students receive them, handed in untouched."""
    notebooks = sorted(assignment.notebooks.glob("*.ipynb"))
    found = submissions.read(notebooks) if notebooks else []
    if not found:
        return None
    handed_in = tuple(file for each in found for file in each.notebooks)
    return Submission(found[0].student, assignment.name, handed_in)


def _graded(
    course: Path,
    assignment: Assignment,
    handed_in: Sequence[Submission],
    items: Sequence[str],
    options: Options,
    watch: Watch,
) -> Iterator[Grade]:
    confinement = Confinement(
        backend=isolation.backend(options.sandbox),
        data=datasets.training_folder(),
        limits=assignment.limits,
        secrets=(course,),
    )
    warm = options.sandbox == "auto"
    work = Work(course, assignment, b"of the verification", confinement, Profile.QUICK, warm=warm, only=tuple(items))
    watch.planned(f"{assignment.name}: stubs and right solutions in every style", len(handed_in))
    workers = min(options.workers or local.default_workers(), max(1, len(handed_in)))
    hurried: list[Submission] = []
    for grade in local.run(work, handed_in, workers=workers, began=lambda submission: None):
        if grade.timed_out and workers > 1:
            hurried.append(grade.submission)
        else:
            watch.done()
            yield grade
    for grade in local.run(work, hurried, workers=1, began=lambda submission: None):  # alone, as in any class
        watch.done()
        yield grade


def _earned(grade: Grade, items: Sequence[str]) -> Graded:
    from grader.verifying.summary import Graded
    from grader.verifying.trials import Said

    said = [
        Said(score.item.id, score.finding.credit, score.finding.outcome, score.finding.message)
        for score in grade.scores
    ]
    return Graded(grade.submission.student.id, tuple(items), tuple(said))


def report(summaries: Sequence[Summary], path: Path) -> None:
    """Write the page that says how right the marks are; what it says of other assignments stays."""
    from grader.verifying.report import markdown

    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    files.write(path, markdown(summaries, __version__, today, before), encoding="utf-8")
