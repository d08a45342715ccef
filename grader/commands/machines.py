"""Which machines grade, this one or those of a Ray cluster, and by what: what the command line asks of each."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from grader import datasets, leases, notebook
from grader.commands import isolation
from grader.errors import UsageError
from grader.keys import Conditions
from grader.records import Assignment, Profile, SourceFile

if TYPE_CHECKING:
    from grader.commands.grade import Options
    from grader.commands.planning import Plan
    from grader.runners.on_ray import Cluster
    from grader.runners.work import Work


def known(options: Options) -> None:
    """Refuse what cannot be meant, before anything is read.

    Raises:
        UsageError: Ray is not installed, or an option fits another runner.
    """
    if options.runner != "ray":
        if options.address:
            raise UsageError("--address is of a Ray cluster: give --runner ray as well")
    elif importlib.util.find_spec("ray") is None:
        raise UsageError("--runner ray needs Ray: run `pip install 'convgrader[ray]'`")
    elif options.device not in ("auto", "cpu", "cuda"):
        raise UsageError(f"--device {options.device} names a card of this machine; with --runner ray give cuda")


def cluster(options: Options, told: Callable[[str], None]) -> AbstractContextManager[Cluster | None]:
    """The cluster to grade on; None where this machine does it."""
    if options.runner != "ray":
        return contextlib.nullcontext()
    from grader.runners import on_ray

    return on_ray.connected(options.address, workers=options.workers, told=told)


def device(options: Options) -> str:
    """What networks are trained on. Of other machines `cuda` is believed: those without a card are left out."""
    if options.runner == "ray" and options.device == "cuda":
        return "cuda"
    return isolation.device(options.device)


def backend(options: Options) -> str:
    """The sandbox to use; whether other machines have it is found out there."""
    if options.runner == "ray" and options.sandbox != "none":
        return "bubblewrap"
    return isolation.backend(options.sandbox)


def weakness(options: Options) -> str:
    """What is weak about limits here, where it is here that submissions are graded."""
    return "" if options.runner == "ray" else isolation.weakness()


def conditions(options: Options, secret: bytes, device: str) -> Conditions:
    """What of all this marks depend on."""
    kind = device.partition(":")[0]  # not on which card it was
    profile = options.profile or (Profile.FULL if kind == "cuda" else Profile.QUICK)
    return Conditions(secret, profile, kind, options.sandbox != "none")


def work(options: Options, course: Path, conditions: Conditions, plan: Plan, device: str) -> Work:
    """What a runner's workers need to do what is planned."""
    from grader.kernel.sandbox import Confinement
    from grader.runners.work import Work

    assignment = plan.terms.assignment
    confinement = Confinement(
        backend=backend(options),
        data=datasets.training_folder(),
        threads=1,  # never by the number of workers: sums round differently when they are shared out differently
        limits=assignment.limits,
        secrets=(course, options.out.resolve()),
    )
    lent = None
    if conditions.device == "cuda":
        lent = leases.cards(device, datasets.cache() / "leases", shares=options.per_card)
    return Work(
        course,
        assignment,
        conditions.secret,
        confinement,
        conditions.profile,
        warm=options.sandbox == "auto",
        answers=options.out.resolve() / "answers",
        parts=plan.parts(),
        cards=lent,
        handed_out=handed_out(assignment),
    )


def handed_out(assignment: Assignment) -> frozenset[str]:
    """The lines of text in an assignment's notebooks; none of one that cannot be read."""
    found = []
    for path in sorted(assignment.notebooks.glob("*.ipynb")):
        with contextlib.suppress(OSError, notebook.UnreadableNotebook):
            found.append(notebook.read(SourceFile(path.name, path.read_bytes())))
    return notebook.text_lines(found)
