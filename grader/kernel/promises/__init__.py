"""What every sandbox promises, and whether it is kept here: looked at from inside a real one, as a student would.

Most promises are functions of looks.py, which is run as a notebook of one cell. Those about time, about what is left
behind and about neighbours take a look from outside as well.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import secrets
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.kernel import cards, cgroups
from grader.kernel.cells import Script
from grader.kernel.promises import looks
from grader.kernel.session import KernelSession
from grader.kernel.template import Sandboxes
from grader.probes import Died, Observation, Probe, Returned, TimedOut
from grader.records import Limits

LIMITS = Limits(cell_s=30, probe_s=6, total_s=600, memory_mb=1024, processes=64, disk_mb=32)
_ENDS_WITHIN_S = 5.0
_GRACE_S = 15.0  # what may pass between a limit of time and the end

Told = Mapping[str, Any]  # what has been planted, and the limits: see `planted`


@dataclass(frozen=True, slots=True)
class Scene:
    """Where one backend is looked at: a session, and what is planted around it."""

    sandboxes: Sandboxes
    session: KernelSession
    told: Told


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise: its sentence, and what finds out what is wrong."""

    name: str
    sentence: str
    broken: Callable[[Scene], list[str]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a promise is kept: nothing is wrong."""

    promise: Promise
    wrong: tuple[str, ...]

    @property
    def kept(self) -> bool:
        """Whether it is."""
        return not self.wrong


def keep(sandboxes: Sandboxes, told: Told, names: Collection[str] = ()) -> Iterator[Verdict]:
    """Look at the promises of these names, or at all.

    Raises:
        SandboxError: no sandbox can be started.
    """
    with _session(sandboxes) as session:
        for promise in PROMISES:
            if not names or promise.name in names:
                yield Verdict(promise, tuple(promise.broken(Scene(sandboxes, session, told))))


def _session(sandboxes: Sandboxes) -> KernelSession:
    source = Path(looks.__file__).read_text(encoding="utf-8")
    names = [name for name, value in vars(looks).items() if inspect.isfunction(value) and not name.startswith("_")]
    return KernelSession(Script("promises.ipynb", [(1, source)], names), sandboxes.open, LIMITS)


def _ask(session: KernelSession, name: str, argument: object) -> Observation:
    (observation,) = session.ask([Probe("call", f"{name}@0", (argument,))])
    return observation


@contextlib.contextmanager
def planted() -> Iterator[Told]:
    """Things that must not be seen: a course, a variable, an open file, two listeners."""
    secret, name = secrets.token_hex(16), "GRADER_PROMISE"
    with contextlib.ExitStack() as stack:
        course = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="course-")))
        course.chmod(0o755)  # whoever sees it may read it, so that only the sandbox protects it
        answers = course / "answers.txt"
        answers.write_text(secret)
        opened = os.open(answers, os.O_RDONLY)
        stack.callback(os.close, opened)
        os.set_inheritable(opened, True)
        os.environ[name] = secret
        stack.callback(os.environ.pop, name)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind(f"\0grader-{secret}")
        abstract.listen()
        at_home = [str(Path.home() / each) for each in (".bashrc", ".profile", ".cache", ".config", ".ssh")]
        of_ours = ["/grader/grader/answer_key.py", "/grader/reference", "/grader/rubric.yaml"]
        yield {
            "secret": secret,
            "hidden": [str(answers), "/etc/passwd", "/run", "/var", "/sys", *of_ours, *at_home],
            "port": tcp.getsockname()[1],
            "abstract": f"grader-{secret}",
            "devices": [node.removeprefix("/dev/") for node in cards.nodes()],
            "memory_mb": LIMITS.memory_mb,
            "processes": LIMITS.processes,
            "disk_mb": LIMITS.disk_mb,
        }


# ---- from inside -----------------------------------------------------------------------------------------------------


def _look(function: Callable[..., list[str]]) -> Promise:
    """A promise that a function of looks.py looks into."""
    name = function.__name__

    def broken(scene: Scene) -> list[str]:
        return _wrong(_ask(scene.session, name, scene.told))

    return Promise(name, (function.__doc__ or "").strip(), broken)


def _wrong(observation: Observation) -> list[str]:
    match observation:
        case Returned(value=list() as wrong):
            return [str(each) for each in wrong]
        case Died(reason="ran out of memory" | "started too many processes"):  # and the whole session with it
            return []
        case _:
            return [f"no answer: {observation}"]


# ---- from outside ----------------------------------------------------------------------------------------------------


def time_limit(scene: Scene) -> list[str]:
    """What hangs is ended, even where no signal reaches it."""
    scene.session.versions("hang")  # opens it
    began = time.monotonic()
    observation = _ask(scene.session, "hang", None)
    seconds = time.monotonic() - began
    if isinstance(observation, TimedOut) and seconds < LIMITS.probe_s + _GRACE_S:
        return []
    return [f"{observation} after {seconds:.0f} s, the limit being {LIMITS.probe_s:g}"]


def end(scene: Scene) -> list[str]:
    """Nothing outlives a session: no process, however it hides, and no control group."""
    name = f"left-{secrets.token_hex(4)}"
    if _ask(scene.session, "leave_processes", name) != Returned(True) or not _named(name):
        return ["no process was left, so nothing is known"]
    scene.session.close()
    deadline = time.monotonic() + _ENDS_WITHIN_S
    while (left := _named(name)) and time.monotonic() < deadline:
        time.sleep(0.01)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return [f"process {pid}" for pid in left] + [str(folder) for folder in cgroups.made()]


def _named(name: str) -> list[int]:
    """The living processes of this name."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if Path("/proc", entry, "comm").read_text().strip() == name:
                found.append(int(entry))
    return found


def neighbours(scene: Scene) -> list[str]:
    """Two sessions at the same time see and reach nothing of each other."""
    name = f"near-{secrets.token_hex(4)}"
    with _session(scene.sandboxes) as neighbour:
        if _ask(neighbour, "leave_marks", name) != Returned(True):
            return ["the neighbour left no marks, so nothing is known"]
        return _wrong(_ask(scene.session, "find_marks", name))


PROMISES = (
    *map(_look, (looks.hidden_files, looks.labels, looks.environment, looks.descriptors, looks.network)),
    *map(_look, (looks.other_processes, looks.devices, looks.not_root, looks.capabilities, looks.new_privileges)),
    *map(_look, (looks.system_calls, looks.namespaces, looks.sockets, looks.typing, looks.settings, looks.read_only)),
    *map(_look, (looks.own_memory, looks.shared_memory, looks.processes, looks.disk, looks.file_size)),
    *map(_look, (looks.open_files, looks.core_files)),
    *(Promise(each.__name__, (each.__doc__ or "").strip(), each) for each in (neighbours, time_limit, end)),
)
