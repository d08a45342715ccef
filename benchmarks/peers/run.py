"""The same notebooks and equivalent assertions under nbgrader, otter-grader and this grader, one after the other.

    .venv/bin/python benchmarks/peers/run.py [--peers-env DIR] [--repeats 2] [--graders ours nbgrader otter]

Two sets: 24 small notebooks (sections 7.2 to 7.5 and the Residual block) under all three, and whole book notebooks
(sections 7.1 to 8.6) under ours alone. Both are also computed without any grader, which is the floor. Each peer gets
two processes, as ours gets two workers. Cold starts are included; what is left without them is told as well.
Exits with 1 when the graders do not agree on which item a notebook fails.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import environment
import homework
import nbformat
from measuring import Cost, machine
from with_grader import ROOT, Grader, floor
from with_nbgrader import Nbgrader
from with_otter import Otter

from grader import checks, rubric

EXAMPLES = ROOT / "examples/submissions"
BOOK = "ada"  # a whole homework in one notebook, nothing that hangs
COPIES = 8  # of it, so that both workers are busy to the end
FEW = 2  # submissions of the run that the cost of starting is read from
GRADERS = ("ours", "nbgrader", "otter")


class Contestant(Protocol):
    """A grader with a class of submissions before it."""

    def grade(self) -> Cost:
        """Grade everything anew."""
        ...

    def marks(self) -> Mapping[str, Mapping[str, bool]]:
        """By student and item whether it was earned."""
        ...


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers-env", type=Path, default=ROOT / ".cache/peers-env", metavar="DIR")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--graders", nargs="+", choices=GRADERS, default=GRADERS)
    options = parser.parse_args()
    print(f"# {datetime.date.today()}, {machine()}; benchmarks/peers/run.py {' '.join(sys.argv[1:])}".rstrip())
    with tempfile.TemporaryDirectory(prefix="grader-peers-") as folder:
        agreed = small_set(Path(folder), options.peers_env.absolute(), options.graders, options.repeats)
        if "ours" in options.graders:
            book_set(Path(folder), options.repeats)
    return 0 if agreed else 1


# ---- the two sets ----------------------------------------------------------------------------------------------------


def small_set(folder: Path, peers: Path, graders: Sequence[str], repeats: int) -> bool:
    """Sections 7.2 to 7.5 and Residual under all graders; whether they agree."""
    students = homework.students()
    cells = len([cell for cell in homework.notebook(students[0]).cells if cell.cell_type == "code"])
    print(
        f"# {len(students)} notebooks of {cells} code cells, {len(homework.ITEMS)} items, each in as many cases", end=""
    )
    print(" under every grader.\n# nbgrader and otter run in two processes, ours has two workers.")
    few: dict[str, Contestant] = {}
    whole: dict[str, Contestant] = {}
    for name in graders:
        if name == "ours":
            for count, made in ((FEW, few), (len(students), whole)):
                made[name] = Grader(
                    _written(students[:count], folder / f"notebooks{count}"), homework.ITEMS, folder / f"ours{count}"
                )
        else:
            python = environment.make(peers)
            env = environment.variables(python, folder / "home")
            if name == "nbgrader":
                few[name] = Nbgrader(python, env, folder / "nbgrader-few", students[:FEW])
                whole[name] = Nbgrader(python, env, folder / "nbgrader", students)
            else:  # it starts anew for every notebook, so there is nothing to subtract
                whole[name] = Otter(python, env, folder / "otter", students)
    versions = {name: _version(peers, name) for name in graders}
    costs = _repeated(whole, repeats)
    _print_costs(costs, versions, len(students))
    starts = _repeated(few, repeats)
    _print_marginal(costs, starts, len(students))
    if "ours" in graders:
        later = {student.id for student in students[FEW:]}
        _print_overhead(
            costs["ours"], starts["ours"], floor(folder / f"notebooks{len(students)}", homework.ITEMS), later
        )
    return _print_agreement(students, {name: each.marks() for name, each in whole.items()})


def book_set(folder: Path, repeats: int) -> None:
    """Whole homework notebooks: what ours costs beyond the student's own computation."""
    kinds = checks.kinds()
    assignment = rubric.choose(rubric.load(ROOT, checks.bind), "hw2-cnn")
    items = [item.id for item in assignment.items if not kinds[item.check].trains and item.check != "answered"]
    places = {}
    for count in (FEW, COPIES):
        places[count] = folder / f"book{count}"
        places[count].mkdir()
        for number in range(count):
            shutil.copy(EXAMPLES / f"{BOOK}.ipynb", places[count] / f"{BOOK}{number}.ipynb")
    print(f"\n# the whole homework, 7.1 to 8.6: {COPIES} copies of {BOOK}; {len(items)} items that do not train")
    whole = {"ours": Grader(places[COPIES], items, folder / "ours-book")}
    few = {"ours": Grader(places[FEW], items, folder / "ours-book-few")}
    costs, starts = _repeated(whole, repeats), _repeated(few, repeats)
    _print_costs(costs, {"ours": _version(folder, "ours")}, COPIES)
    _print_marginal(costs, starts, COPIES)
    later = {f"{BOOK}{number}" for number in range(FEW, COPIES)}
    _print_overhead(costs["ours"], starts["ours"], floor(places[COPIES], items), later)


def _written(students: Sequence[homework.Student], folder: Path) -> Path:
    folder.mkdir()
    for student in students:
        nbformat.write(homework.notebook(student), folder / f"{student.id}.ipynb")
    return folder


def _version(peers: Path, name: str) -> str:
    if name == "ours":
        return importlib.metadata.version("convgrader")
    package = {"nbgrader": "nbgrader", "otter": "otter-grader"}[name]
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run([peers / "bin/python", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def _repeated(contestants: Mapping[str, Contestant], repeats: int) -> dict[str, list[Cost]]:
    """What each costs, as often as wanted, in turns."""
    costs: dict[str, list[Cost]] = {name: [] for name in contestants}
    for _ in range(repeats):
        for name, contestant in contestants.items():
            costs[name].append(contestant.grade())
            print(f"{name}: {costs[name][-1].wall:.1f} s", file=sys.stderr)
    return costs


# ---- printing --------------------------------------------------------------------------------------------------------


def _print_costs(costs: Mapping[str, Sequence[Cost]], versions: Mapping[str, str], count: int) -> None:
    print(
        f"\n{'cold start included':22} {'wall s':>8} {'a notebook':>11} {'CPU s a notebook':>17} {'peak MiB':>9}  walls"
    )
    figures = {name: (_best(runs, "wall") / count, _best(runs, "cpu") / count) for name, runs in costs.items()}
    for name, (wall, cpu) in figures.items():
        memory, walls = max(run.memory for run in costs[name]), " ".join(f"{run.wall:.1f}" for run in costs[name])
        print(f"{f'{name} {versions[name]}':22} {wall * count:8.1f} {wall:11.3f} {cpu:17.3f} {memory:9.0f}  {walls}")
    _print_ratios(figures)


def _print_marginal(costs: Mapping[str, Sequence[Cost]], starts: Mapping[str, Sequence[Cost]], count: int) -> None:
    """What one more notebook costs, (t(all) - t(few)) / (all - few); otter starts anew for each of them."""
    print(f"\n{'start-up subtracted':22} {'wall s a notebook':>17} {'CPU s a notebook':>17}")
    figures = {}
    for name, runs in costs.items():
        few = {kind: _best(starts[name], kind) if name in starts else 0.0 for kind in ("wall", "cpu")}
        more = count - FEW if name in starts else count
        figures[name] = ((_best(runs, "wall") - few["wall"]) / more, (_best(runs, "cpu") - few["cpu"]) / more)
        print(f"{name:22} {figures[name][0]:17.3f} {figures[name][1]:17.3f}")
    _print_ratios(figures)


def _print_ratios(figures: Mapping[str, tuple[float, float]]) -> None:
    """How many times as much wall and CPU time the peers take."""
    for name, (wall, cpu) in figures.items():
        if "ours" in figures and name != "ours":
            wall, cpu = wall / figures["ours"][0], cpu / figures["ours"][1]
            print(f"{name} / ours: {wall:.1f} times the wall time, {cpu:.1f} times the CPU time")


def _print_overhead(
    costs: Sequence[Cost], starts: Sequence[Cost], plain: Mapping[str, tuple[float, float]], later: set[str]
) -> None:
    """CPU of the notebooks that the second run has less, against that of their computation alone."""
    own = (_best(costs, "cpu") - _best(starts, "cpu")) / len(later)
    cells, probes = (sum(plain[student][kind] for student in later) / len(later) for kind in (0, 1))
    both = cells + probes
    print(f"\nthe student's own computation, CPU s a notebook: cells {cells:.3f} + probes {probes:.3f} = {both:.3f}")
    print(f"ours {own:.3f}: {own / both:.2f} times that, overhead {own - both:.3f} s")


def _best(costs: Sequence[Cost], kind: str) -> float:
    return min(getattr(cost, kind) for cost in costs)


def _print_agreement(
    students: Sequence[homework.Student], marks: Mapping[str, Mapping[str, Mapping[str, bool]]]
) -> bool:
    """Which items each wrong notebook fails; more of them follow from the first where no helper stands in."""
    print(f"\n{'failed items':10} {'mistake':58}", *(f"{name:>9}" for name in marks))
    agreed = True
    for student in students:
        failed = {name: [item for item, earned in of[student.id].items() if not earned] for name, of in marks.items()}
        wrong = student.wrong
        if wrong is None:
            agreed &= not any(failed.values())
            continue
        agreed &= all(wrong.fails in items for items in failed.values())
        told = (f"yes +{len(items) - 1}" if wrong.fails in items else "no" for items in failed.values())
        print(f"{student.id:12} {f'{wrong.fails}: {wrong.mistake}':58}", *(f"{each:>9}" for each in told))
    right = [student.id for student in students if student.wrong is None]
    lost = [(name, each) for name, of in marks.items() for each in right if not all(of[each].values())]
    print(f"{len(right)} right notebooks earn everything" if not lost else f"right notebooks lose points: {lost}")
    print("the graders agree" if agreed else "THE GRADERS DISAGREE")
    return agreed


if __name__ == "__main__":
    sys.exit(main())
