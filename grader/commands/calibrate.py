"""`grader calibrate`: train the reference with several seeds, as a student's network, and propose floors."""

from __future__ import annotations

import datetime
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader import rubric
from grader.errors import UsageError
from grader.exports import files
from grader.probes import Observation, Probe, Version, numbered
from grader.records import Assignment, Finding, Item
from grader.reports import calibration as page

if TYPE_CHECKING:
    from grader.calibration import Calibration


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    name: str | None = None  # of the assignment; each one if None
    course: Path | None = None
    items: tuple[str, ...] = ()
    profile: str = "quick"
    device: str = "cpu"
    seeds: int = 5
    mistakes: bool = False  # whether the misconceptions of each network are trained, too


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told how far it is."""

    planned: Callable[[str, int], None]  # an item, and how many trainings it takes
    trained: Callable[[str], None]  # with a word on what was reached
    told: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Result:
    """What was found out about one assignment."""

    assignment: Assignment
    conditions: page.Conditions
    calibrations: Sequence[Calibration]


def calibrate(options: Options, watch: Watch) -> Iterator[Result]:
    """Train and measure the reference of an assignment, or of each one.

    Raises:
        GraderError: with one clear line.
    """
    import torch

    from grader import checks, datasets
    from grader.kernel.inside import images

    course = options.course or rubric.find_course(Path.cwd())
    found = rubric.load(course, checks.bind)
    chosen = [rubric.choose(found, options.name)] if options.name else list(found.assignments.values())
    if options.device == "cuda" and not torch.cuda.is_available():
        raise UsageError("there is no GPU that torch can use here; `grader doctor` says what it sees")
    torch.set_num_threads(1)  # as where notebooks are run
    folder = datasets.training_folder()
    images.configure(str(folder) if folder else None)
    conditions = page.Conditions(
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        profile=options.profile,
        device=torch.cuda.get_device_name() if options.device == "cuda" else f"cpu ({platform.machine()}, 1 thread)",
        torch=torch.__version__,
        command=_command(options),
    )
    items = 0
    for assignment in chosen:
        calibrations = list(_calibrated(course, assignment, options, watch))
        items += len(calibrations)
        if calibrations:
            yield Result(assignment, conditions, calibrations)
    if not items:
        raise UsageError("no accuracy item was calibrated; the names of items are in rubric.yaml")


def report(results: Sequence[Result], path: Path, course: Path | None) -> None:
    """Write the page, or what is new into the page that is there.

    Raises:
        MachineryError: it cannot be written.
    """
    from grader import checks

    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    measured = [(each.assignment.name, each.conditions, one) for each in results for one in each.calibrations]
    found = rubric.load(course or rubric.find_course(Path.cwd()), checks.bind)
    every = [
        (each.name, item.id) for each in found.assignments.values() for item in each.items if item.check == "learns"
    ]
    files.write(path, page.markdown(before, measured, every), encoding="utf-8")


def _command(options: Options) -> str:
    words = [
        "grader calibrate",
        *([options.name] if options.name else []),
        *(f"--item {item}" for item in options.items),
    ]
    words += [f"--profile {options.profile}", f"--device {options.device}", f"--seeds {options.seeds}"]
    return " ".join([*words, *(["--mistakes"] if options.mistakes else [])])


def _calibrated(course: Path, assignment: Assignment, options: Options, watch: Watch) -> Iterator[Calibration]:
    from grader.answer_key import AnswerKey
    from grader.errors import DataMissing

    key = AnswerKey(course, assignment.reference)
    for item in assignment.items:
        if item.check != "learns" or (options.items and item.id not in options.items):
            continue
        if options.profile not in item.options["profiles"]:
            watch.told(f"{item.id} has no recipe for profile {options.profile}")
            continue
        try:
            yield _of_item(key, item, options, watch)
        except DataMissing as error:
            watch.told(f"{item.id} is not calibrated: {error}")


def _of_item(key: Any, item: Item, options: Options, watch: Watch) -> Calibration:
    from grader import datasets
    from grader.calibration import Calibration, Run

    datasets.folder(str(item.options["data"]))
    names = vars(key.solutions)
    mistakes = [each for each in key.mistakes() if each.target == item.target] if options.mistakes else []
    watch.planned(item.id, options.seeds + 1 + len(mistakes))
    recipe = item.options["profiles"][options.profile]
    whole = {name: value for name, value in recipe.items() if name != "enough"}
    runs = []
    for number in range(options.seeds):
        seed = key.seed(item.id, number)
        accuracy, seconds = _trained(names, key, item, seed, whole, options.device)
        if isinstance(accuracy, Finding):
            raise UsageError(f"{item.id}: the reference was not measured: {accuracy.message}")
        runs.append(Run(seed, accuracy, seconds))
        watch.trained(f"{item.id}: seed {number + 1} of {options.seeds} reaches {accuracy:.3f} in {seconds:.1f} s")
    _, usual = _trained(names, key, item, key.seed(item.id, 0), recipe, options.device)
    watch.trained(f"{item.id}: ends early after {usual:.1f} s")
    reached: dict[str, list[float]] = {}
    for mistake in mistakes:
        mistaken = {**names, **mistake.names()}
        accuracy, _ = _trained(mistaken, key, item, key.seed(item.id, 0), whole, options.device)
        reached[mistake.name] = [] if isinstance(accuracy, Finding) else [accuracy]
        said = accuracy.message if isinstance(accuracy, Finding) else f"reaches {accuracy:.3f}"
        watch.trained(f"{item.id}: {mistake.name}: {said}")
    return Calibration(item.id, recipe, runs, usual, reached)


def _trained(
    names: Mapping[str, Any], key: Any, item: Item, seed: int, recipe: Mapping[str, Any], device: str
) -> tuple[float | Finding, float]:
    """The accuracy of a network of these names, and seconds: of the processor where it computes, else of the clock."""
    from grader.checks.learns import Measured, trained_once
    from grader.checks.trainings import train_probe
    from grader.measuring.session import Measuring

    data = str(item.options["data"])
    made = {name: item.options[name] for name in ("args", "kwargs") if name in item.options}
    train = train_probe(item, seed, recipe, data=data, device=device, **made)
    session = Measuring(_InProcess(names), vars(key.solutions))
    # On one thread of this process: its own time says what a training costs, also on a machine that does other things.
    clock = time.process_time if device == "cpu" else time.monotonic
    began = clock()
    measured = trained_once(session, train, recipe, data=data, device=device)
    seconds = clock() - began
    return (measured.accuracy if isinstance(measured, Measured) else measured), seconds


class _InProcess:
    """The names of a reference as a session: the questions of the sandbox, in our own process, nothing kept."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = dict(names)

    def versions(self, target: str) -> Sequence[Version]:
        """One definition."""
        return [Version(1, "definition")]

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """Answer each probe through the door that a student's values take."""
        from grader.kernel.inside.answering import answer
        from grader.kernel.wire import max_answer, observation_frame, read_observation

        for probe in probes:
            yield read_observation(observation_frame(answer(probe, self), max_answer(probe)))

    @contextmanager
    def entered(self, target: str, stand_ins: Mapping[str, str]) -> Iterator[tuple[Any, dict[str, Any]]]:
        """The `Bench` of these names."""
        yield self._names[numbered(target)[0]], self._names
