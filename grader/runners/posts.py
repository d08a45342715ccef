"""A post on another machine: what one of Ray's actors does there, without knowing Ray.

checks that the same software is here -> has the promises of the sandbox looked at -> unpacks course and data ->
grades, submission by submission, in a worker process (worker.py)

Only who passes the first two may grade; what is wrong is a sentence for the instructor.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import json
import logging
import os
import platform
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from grader import datasets, leases, logs
from grader.errors import GraderError, MachineryError, SandboxError
from grader.kernel import promises
from grader.kernel.sandbox import Confinement
from grader.kernel.template import Sandboxes
from grader.leases import Cards
from grader.records import Grade, Submission
from grader.runners import worker
from grader.runners.parcels import Kept, Label, Parcel, home
from grader.runners.software import Software
from grader.runners.work import Grading, Part, Work, sees_a_card
from grader.runners.worker import READY, Worker

_GATHER_S: Final = 0.5  # a message a record would cost more than what is graded quickly


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done at a post.

    Args:
        work: as on the machine that gives it; its paths mean nothing here.
        software: what has to be here.
        course: the parcel that holds `reference/` and `answers/`.
        data: the parcel of data sets, as `datasets.files` lays them out.
        shares: how many trainings one card takes at a time.
        level: what is logged from this level on is said.
    """

    work: Work
    software: Software
    course: Label
    data: Label
    shares: int
    level: int = logging.WARNING


@dataclass(frozen=True, slots=True)
class Said:
    """What a post says of a submission: what was logged meanwhile, and at last the answer.

    Args:
        records: what was logged since it said something before.
        more: whether the answer is still to come.
        answer: the grade, without what was handed in; an error of ours; None where the worker died of it.
    """

    records: tuple[logging.LogRecord, ...]
    more: bool
    answer: Grade | GraderError | None = None


class Unfit(MachineryError):
    """Nothing may be graded here; the message says why."""


class Post:
    """Grades one submission after the other on this machine.

    Args:
        order: what is to be done.
        fetched: brings a parcel that is not here yet.

    Raises:
        Unfit: this machine may not grade.
        CourseError: the rubric or the reference is wrong.
    """

    def __init__(self, order: Order, fetched: Callable[[Label], Parcel]) -> None:
        if differs := order.software.differs(Software.here()):
            raise Unfit(f"other software, {differs}")
        confinement = order.work.confinement
        if confinement.backend != "none" and (wrong := _proved(confinement, order)):
            raise Unfit(f"the sandbox does not keep its promises there, {wrong}; `grader doctor --sandbox` says more")
        cards = None
        if order.work.cards is not None:  # those that Ray has given to this actor
            cards = leases.cards("cuda", datasets.cache() / "leases", shares=order.shares)
        self._level = order.level
        self._worker: Worker | None = None
        self._busy, self._closed = threading.Lock(), False
        with contextlib.ExitStack() as held:
            self._work = _unpacked(order, cards, functools.partial(_kept, held, fetched))
            self._begin()
            self._held = held.pop_all()  # where any of this fails nothing is left here

    def grade(self, submission: Submission, part: Part) -> Iterator[Said]:
        """What there is to say of a submission, from time to time until it is graded.

        Raises:
            Unfit: no worker starts any more.
        """
        with self._busy:
            if self._worker is None:
                self._begin()
            held = self._worker
            assert held is not None
            held.begin(submission, part)
            for said in _following(held):
                if isinstance(said.answer, Grade):
                    bare = replace(submission, notebooks=(), attachments=())
                    said = replace(said, answer=replace(said.answer, submission=bare))
                elif said.answer is None and not said.more:
                    held.bury()
                    self._worker = None
                yield said

    def close(self) -> None:
        """End what runs, also while another thread waits for it, and leave nothing on this machine."""
        self._closed = True
        if self._worker is not None:
            self._worker.stop()
        with self._busy:
            if self._worker is not None:
                self._worker.bury()
                self._worker = None
            self._held.close()

    def _begin(self) -> None:
        if self._closed:
            raise Unfit("its post is being closed")
        # Its template is started by the worker itself: the thread that is here may end before it.
        self._worker = Worker(self._work, launch=False, level=self._level)
        answer = _answer(self._worker)
        if answer == READY:
            return
        self._worker.bury()
        self._worker = None
        if isinstance(answer, SandboxError) or not isinstance(answer, GraderError):
            raise Unfit(str(answer or "its workers die while they start; `grader doctor` there may say why"))
        raise answer


def _following(held: Worker) -> Iterator[Said]:
    """What a worker logs, gathered for a moment, until it answers."""
    records: list[logging.LogRecord] = []
    while True:
        if records and not held.connection.poll(_GATHER_S):
            yield Said(tuple(records), more=True)
            records.clear()
        answer = held.answer()
        if isinstance(answer, logging.LogRecord):
            records.append(answer)
            continue
        yield Said(tuple(records), more=False, answer=None if isinstance(answer, str) else answer)
        return


def _answer(held: Worker) -> Grade | GraderError | str | None:
    """What a worker that starts has to say. What it logs meanwhile stays in the logs of this machine."""
    while isinstance(answer := held.answer(), logging.LogRecord):
        logs.relayed(answer)
    return answer


def _kept(held: contextlib.ExitStack, fetched: Callable[[Label], Parcel], label: Label) -> Kept:
    kept = Kept(label, functools.partial(fetched, label))
    held.callback(kept.let_go)
    return kept


def _unpacked(order: Order, cards: Cards | None, kept: Callable[[Label], Kept]) -> Posted:
    """The work with this machine's paths; its parcels are unpacked."""
    course, data = kept(order.course), kept(order.data)
    os.environ["GRADER_DATA"] = str(data.files)
    os.environ["XDG_CACHE_HOME"] = str(data.made)
    with data.alone():
        images = datasets.training_folder()
    work = order.work
    return Posted(
        course.files,
        work.assignment,
        work.secret,
        replace(work.confinement, data=images, secrets=(home(),)),
        work.profile,
        work.warm,
        answers=course.files / "answers",
        only=work.only,
        cards=cards,
        alone=work.alone,
        kept=(order.course, order.data),
    )


@dataclass(frozen=True, slots=True)
class Posted(Work):
    """Work with parcels, which its worker holds as well: where the post is killed, the worker removes them."""

    kept: tuple[Label, ...] = ()

    def grading(self, control: object = None) -> Grading:
        """What grades in the worker."""
        return PostedGrading(self)


class PostedGrading(Grading):
    """Grades as ever, and lets the parcels go at the end."""

    def __init__(self, work: Posted) -> None:
        if work.cards is not None and not sees_a_card():
            raise Unfit("torch finds no graphics card there")
        self._parcels = [Kept(label, _not_here) for label in work.kept]
        super().__init__(work)

    def close(self) -> None:
        """End what is kept warm, and leave nothing on this machine."""
        super().close()
        for each in self._parcels:
            each.let_go()


def _not_here() -> Parcel:
    raise MachineryError("what was sent to this machine has vanished")


# ---- the sandbox's promises ------------------------------------------------------------------------------------------


def _proved(confinement: Confinement, order: Order) -> str:
    """What is wrong with the sandbox here; "" where every promise is kept. Kept on disk until the machine changes.

    Raises:
        SandboxError: there is none.
    """
    seen = [order.software, order.work.warm, confinement.backend, *_circumstances()]
    known = home() / f"proved-{hashlib.sha256(repr(seen).encode()).hexdigest()[:32]}"
    with (home() / "proving").open("ab") as turn:  # by one post a machine
        fcntl.flock(turn, fcntl.LOCK_EX)
        if known.is_file():
            return ""
        try:
            with ProcessPoolExecutor(1, worker.FORK, worker.listen_to_the_holder_alone) as pool:
                wrong = pool.submit(_broken, confinement.backend, order.work.warm).result()
        except BrokenProcessPool:
            return "what looked at them died"
        if not wrong:
            known.write_text(json.dumps({"promises": [each.name for each in promises.PROMISES]}))
        return "; ".join(f"{name} ({what[0]})" for name, what in wrong.items())


def _broken(backend: str, warm: bool) -> Mapping[str, tuple[str, ...]]:
    """By broken promise what is wrong, as grading would find it: in a process such as workers are."""
    confinement = Confinement(backend, None, limits=promises.LIMITS)
    with promises.planted() as told, Sandboxes(confinement, warm=warm) as sandboxes:
        return {each.promise.name: each.wrong for each in promises.keep(sandboxes, told) if not each.kept}


def _circumstances() -> list[object]:
    """What decides whether a sandbox works: the machine since its start, the container, bubblewrap, this account."""
    found: list[object] = [os.geteuid(), platform.release(), (bwrap := shutil.which("bwrap"))]
    for path in ("/proc/sys/kernel/random/boot_id", "/proc/self/cgroup", "/proc/self/uid_map"):
        with contextlib.suppress(OSError):
            found.append(Path(path).read_text())
    for path in ("/proc/self/ns/mnt", "/proc/self/ns/user", *([bwrap] if bwrap else [])):
        with contextlib.suppress(OSError):
            found.append((os.stat(path).st_ino, os.stat(path).st_mtime if path == bwrap else 0))
    return found
