"""Which machines grade: this one, or those of a Ray cluster. What is asked of the command line for it, and of each."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from grader.commands import isolation
from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.commands.grade import Options
    from grader.runners.on_ray import Cluster


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
