"""What Ray costs, and what breaks first when a class is large.

    .venv/bin/python benchmarks/cluster.py nodes  [--students 200] [--nodes 1 2]
    .venv/bin/python benchmarks/cluster.py replay [--students 100000] [--workers 4] [--speed 0]

`nodes` grades the same small notebooks with `--runner local` and with `--runner ray` on clusters of several nodes of
one processor on this machine, a small and a large class, so that start-up can be subtracted. More nodes than
processors show nothing. Of what one more submission takes it is told how much its worker grades: the rest is what the
worker waits, and the grading itself is slower where driver, Ray and worker share processors.

`replay` grades nothing: actors answer with grades that were recorded here first, after their recorded seconds times
`--speed` (0: at once). All else is real: intake, object store, driver, gradebook, pages, tables and class report. What
is printed is what one driver can do, and so for how many workers it suffices, with its memory after each step. The
actors stand for other machines, so the driver does not note what they have under way. PROFILE=1 adds where time goes.
"""

from __future__ import annotations

import argparse
import cProfile
import datetime
import io
import os
import pstats
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
from peers.measuring import machine, measured
from scale import CELLS, ITEMS

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from grader import cli  # noqa: E402
from grader.gradebook import Gradebook  # noqa: E402
from grader.records import Grade, Submission  # noqa: E402
from grader.runners.crew import READY  # noqa: E402
from grader.runners.posts import Said  # noqa: E402
from tests.runners.clusters import Cluster  # noqa: E402

OPTIONS = ["--profile=quick", "--device=cpu", "--assignment=hw2-cnn", *(f"--item={item}" for item in ITEMS)]


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    nodes = commands.add_parser("nodes")
    nodes.add_argument("--students", type=int, default=200)
    nodes.add_argument("--nodes", type=int, nargs="+", default=[1, 2])
    replay = commands.add_parser("replay")
    replay.add_argument("--students", type=int, default=100_000)
    replay.add_argument("--workers", type=int, default=4)
    replay.add_argument("--speed", type=float, default=0.0)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"# {datetime.date.today()}, {machine()}, load {load:.1f}; benchmarks/cluster.py {' '.join(sys.argv[1:])}")
    with tempfile.TemporaryDirectory(prefix="grader-cluster-") as folder:
        if options.command == "nodes":
            _nodes(Path(folder), options.students, options.nodes)
        else:
            _replay(Path(folder), options.students, options.workers, options.speed)


def hand_in(folder: Path, students: int) -> Path:
    """A folder of so many small notebooks."""
    folder.mkdir()
    cells = [nbformat.v4.new_code_cell(source, id=f"c{n}") for n, source in enumerate(CELLS)]
    notebook = nbformat.writes(nbformat.v4.new_notebook(cells=cells))
    for number in range(students):
        name = f"student{number:06}"
        (folder / f"{name}.ipynb").write_text(notebook.replace("{name}", name))
    return folder


# ---- what Ray adds ---------------------------------------------------------------------------------------------------


def _nodes(folder: Path, students: int, nodes: Sequence[int]) -> None:
    few = max(2, students // 10)
    classes = [hand_in(folder / str(size), size) for size in (few, students)]
    print(f"{'':16} {'workers':>7} {'wall s':>8} {'one more, wall s':>17} {'of it grading':>14} {'waiting':>8}")
    for count in nodes:
        local = _cost(folder, classes, f"--workers={count}")
        _print("local", count, local, students - few)
        with Cluster() as cluster:
            for _ in range(count):
                cluster.add()
            warm = folder / "warm"  # the sandbox's promises are looked at once a machine: no cost of a submission
            _cost(folder, [hand_in(warm, 1)], "--runner=ray", f"--address={cluster.address}")
            shutil.rmtree(warm)
            ray = _cost(folder, classes, "--runner=ray", f"--address={cluster.address}")
        _print("ray", count, ray, students - few)
        more = (ray[1].wall - ray[0].wall) / (local[1].wall - local[0].wall) - 1
        print(f"ray / local, one more submission: {more:+.1%}\n", flush=True)


@dataclass(frozen=True, slots=True)
class _Cost:
    """Seconds of a class: from start to end, and of its workers while they grade."""

    wall: float
    grading: float


def _cost(folder: Path, classes: Sequence[Path], *options: str) -> list[_Cost]:
    """What each class takes."""
    costs = []
    for handed_in in classes:
        out = folder / "results"
        command = [sys.executable, "-m", "grader", "grade", str(handed_in), f"--out={out}", *OPTIONS, *options]
        wall = measured([command], folder / "log", cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}).wall
        with Gradebook.open(out / "gradebook.db", writing=False) as book:
            costs.append(_Cost(wall, sum(row.seconds for row in book.current("hw2-cnn"))))
        shutil.rmtree(out)
    return costs


def _print(name: str, workers: int, costs: Sequence[_Cost], more: int) -> None:
    wall = (costs[1].wall - costs[0].wall) / more
    grading = (costs[1].grading - costs[0].grading) / more
    waiting = workers * wall - grading
    print(f"{name:16} {workers:7} {costs[1].wall:8.1f} {wall:17.4f} {grading:14.4f} {waiting:8.4f}", flush=True)


# ---- what breaks first -----------------------------------------------------------------------------------------------


def _replay(folder: Path, students: int, workers: int, speed: float) -> None:
    from grader.runners import on_ray

    recorded = _recorded(folder)
    print(f"recorded: {recorded.seconds:.2f} s a submission, {len(recorded.observations) / 1024:.0f} KiB of answers")
    handed_in = hand_in(folder / "in", students)
    on_ray.Stationed = _replaying(recorded, recorded.seconds * speed)  # type: ignore[misc]
    os.environ["RAY_ADDRESS"] = ""
    steps: dict[str, float] = {}
    memory: dict[str, float] = {}
    _timed(steps, memory)
    out = folder / "results"
    errors, sys.stderr = sys.stderr, io.StringIO()
    printed, sys.stdout = sys.stdout, io.StringIO()
    profile = cProfile.Profile()
    began = time.monotonic()
    try:
        if os.environ.get("PROFILE"):
            profile.enable()
        code = cli.main(
            ["grade", str(handed_in), f"--out={out}", *OPTIONS, "--runner=ray", f"--workers={workers}", "--format=json"]
        )
        profile.disable()
    finally:
        sys.stderr, sys.stdout = errors, printed
    wall = time.monotonic() - began
    memory["the end"] = _peak()
    grading = steps["grading"]
    print(f"{students} submissions, {workers} workers: {wall:.1f} s, exit code {code}")
    print("the driver's peak memory:", ", ".join(f"{mib:.0f} MiB at {step}" for step, mib in memory.items()))
    written = {path.name: path.stat().st_size / 2**20 for path in out.iterdir() if path.is_file()}
    print("written:", ", ".join(f"{name} {mib:.1f} MiB" for name, mib in sorted(written.items())))
    print(f"grading {grading:.1f} s: {students / grading:.0f} submissions a second")
    for name in ("intake", "current", "tables", "class report"):
        print(f"{name:>16}: {steps[name]:7.1f} s in all")
    for name in ("waiting for Ray", "handing out", "gradebook", "page"):
        print(f"{name:>16}: {1000 * steps[name] / students:7.2f} ms a submission, {steps[name] / grading:4.0%}")
    service = recorded.seconds
    busy = grading - steps["waiting for Ray"]
    print(f"one driver suffices for {students / busy * service:.0f} workers of {service:.2f} s a submission")
    if os.environ.get("PROFILE"):
        pstats.Stats(profile).sort_stats("cumulative").print_stats(45)


def _recorded(folder: Path) -> Grade:
    """A real grade of such a notebook."""
    from grader import checks, datasets, rubric, submissions
    from grader.kernel.sandbox import Confinement
    from grader.records import Profile
    from grader.runners.work import Work

    assignment = rubric.choose(rubric.load(ROOT, checks.bind), "hw2-cnn")
    confinement = Confinement("bubblewrap", datasets.training_folder(), limits=assignment.limits)
    work = Work(ROOT, assignment, b"of this benchmark", confinement, Profile.QUICK, only=ITEMS)
    with closing(work.grading()) as grading:
        (submission,) = submissions.read([*hand_in(folder / "one", 1).iterdir()])
        for _ in range(3):  # the first one waits for the template and the reference
            grade = grading(submission)
    return grade


def _replaying(recorded: Grade, seconds: float) -> type:
    """A post that has done everything before."""

    class Replaying:
        def prepare(self, order: Any, parcels: Any) -> str:
            return READY

        def grade(self, submission: Submission, part: Any) -> Iterator[Said]:
            time.sleep(seconds)
            grade = replace(recorded, submission=replace(submission, notebooks=(), attachments=()))
            yield Said((), more=False, answer=grade)

        def close(self) -> None:
            pass

    return Replaying


def _timed(steps: dict[str, float], memory: dict[str, float]) -> None:
    """Add up the seconds of the driver's steps, and look at its memory."""
    from grader.commands import classroom, intake, tables
    from grader.commands.pages import Pages
    from grader.commands.running import Run
    from grader.runners import on_ray

    _clocked(on_ray._Machines, "answers", steps, "waiting for Ray")
    _clocked(on_ray._Machines, "ask", steps, "handing out")
    _clocked(Gradebook, "record", steps, "gradebook")
    _clocked(Pages, "write", steps, "page")
    _clocked(Run, "over", steps, "grading", memory)
    _clocked(intake, "collect", steps, "intake", memory)
    _clocked(Gradebook, "current", steps, "current", memory)
    _clocked(tables, "write", steps, "tables", memory)
    _clocked(classroom, "write", steps, "class report", memory)
    machines = on_ray._Machines.__init__

    def elsewhere(self: Any, *given: Any) -> None:
        machines(self, *given)
        self.here = ""

    on_ray._Machines.__init__ = elsewhere  # type: ignore[method-assign]


def _clocked(owner: Any, name: str, steps: dict[str, float], step: str, memory: dict[str, float] | None = None) -> None:
    function: Callable[..., Any] = getattr(owner, name)
    steps[step] = 0.0

    def clocked(*args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*args, **options)
        finally:
            steps[step] += time.perf_counter() - began
            if memory is not None:
                memory[step] = _peak()

    setattr(owner, name, clocked)


def _peak() -> float:
    """MiB that this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
