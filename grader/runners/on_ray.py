"""Grade on the machines of a Ray cluster. Ray carries everything; what is done at the other end is in posts.py.

    driver                                     node
      course, data sets ---object store--->      unpacked once
      submission ----------object store--->      an actor a processor: a post with a worker process of its own
                 <---------object store----      its grade

An actor has one submission at a time. The driver takes the first answer about each, and nobody else writes grades. A
worker's death blames its submission; the death of an actor or a node blames nobody the first time (decision 23).
"""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from grader import datasets, logs
from grader.errors import GraderError
from grader.records import Grade, Submission
from grader.runners import joining
from grader.runners.crew import READY, Answer, Crew, Gone, Site
from grader.runners.parcels import Label, Parcel, packed
from grader.runners.posts import Order, Post, Said
from grader.runners.software import Software
from grader.runners.work import Part, Work, refuse

_OVERHEAD_MB: Final = 1024  # a worker with the reference, and its template
_LOOK_S: Final = 1.0
_LEAVE_S: Final = 10.0
_THREADS: Final = 3  # of an actor: one grades, one may close it


@contextlib.contextmanager
def connected(address: str, *, workers: int | None, told: Callable[[str], None]) -> Iterator[Cluster]:
    """A cluster to grade on, until the end of the block.

    Args:
        address: as `joining.joined` takes it.
        workers: how many submissions at a time; None for as many as there is room for.
        told: takes what somebody should know.

    Raises:
        MachineryError: no cluster answers there, or it wants a token.
        UsageError: the address is one of Ray Client.
    """
    with joining.joined(address, workers=workers):
        yield Cluster(workers, told)


class Cluster:
    """The machines that grade: which there are, and what each of them is sent once."""

    def __init__(self, workers: int | None, told: Callable[[str], None]) -> None:
        self._workers = workers
        self._told = told
        self.software = Software.here()
        self.left_out: set[str] = set()  # the ids of nodes
        self._last: dict[str, str] = {}  # by student, the node that answered last
        self._sent: dict[str, tuple[Label, Any]] = {}

    def run(
        self,
        work: Work,
        submissions: Sequence[Submission],
        *,
        began: Callable[[Submission, bool], None],
        lost: Callable[[Submission], None] = refuse,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Generator[Sequence[Grade], None, None]:
        """Yield the grades that have come, time after time. Closing the iterator ends what is under way.

        Args:
            work: what is needed for grading. Where it is to be `alone`, a node has one submission at a time, and where
                there are several nodes another one than before.
            submissions: what to grade.
            began: told of each submission that is taken up the first time, and whether on this machine.
            lost: told of each submission whose worker or sandbox died with it; it is not tried again here.
            stopped: whether no further submission is to be begun.

        Raises:
            GraderError: no submission can be graded, or not here.
        """
        machines = _Machines(self, work)
        most = min(len(submissions), self._workers or len(submissions))
        with contextlib.closing(Crew(machines, most=most, last=self._last, alone=work.alone)) as crew:
            yield from crew.grades(submissions, began=began, lost=lost, stopped=stopped)

    def leave_out(self, site: Site, why: str) -> None:
        """Let nothing be graded on a node any more."""
        if site.id not in self.left_out:
            self.left_out.add(site.id)
            self._told(f"Node {site.name} is left out: {why}.")

    def sent(self, work: Work) -> Mapping[str, tuple[Label, Any]]:
        """Course and data as they lie in the object store; put there once, and carried to a node once."""
        if not self._sent:
            parcels = packed("course", _course(work)), packed("data", datasets.files())
            self._sent = {each.label.name: (each.label, ray.put(each)) for each in parcels}
        return self._sent


class _Machines:
    """The nodes of a cluster, for one pass over submissions."""

    def __init__(self, cluster: Cluster, work: Work) -> None:
        self.here: str = ray.get_runtime_context().get_node_id()
        self._cluster = cluster
        self._work = work
        self._memory = (work.assignment.limits.memory_mb + _OVERHEAD_MB) << 20
        sent = cluster.sent(work)
        shares = work.cards.shares if work.cards is not None else 1
        labels = sent["course"][0], sent["data"][0]
        level = logging.getLogger().getEffectiveLevel()
        self._order = ray.put(Order(replace(work, parts={}), cluster.software, *labels, shares, level))
        self._parcels = {label: [ref] for label, ref in sent.values()}  # in lists, so that nobody is sent what he has

    def sites(self) -> list[Site]:
        """The nodes that may grade, and for how many submissions each has room."""
        sites = []
        for each in ray.nodes():  # type: ignore[no-untyped-call]
            node, offered = each["NodeID"], each["Resources"]
            cpus, memory, cards = (offered.get(name, 0) for name in ("CPU", "memory", "GPU"))
            if not each["Alive"] or node in self._cluster.left_out or cpus < 1:
                continue
            room = min(int(cpus), int(memory // self._memory))
            site = Site(node, f"{each['NodeManagerAddress']} ({node[:6]})", room)
            if room < 1:
                needed = f"{self._memory >> 20}: limits.memory_mb and {_OVERHEAD_MB}"
                self.leave_out(site, f"it offers Ray {memory / 2**20:.0f} MiB of memory, and a worker takes {needed}")
            elif self._work.cards is None:
                sites.append(site)
            elif cards < 1:
                self.leave_out(site, "it offers Ray no graphics card")
            else:
                # The posts of a node share its cards; which of them trains on one is settled there, by leases.
                sites.append(replace(site, share=1 / -(-room // int(cards))))
        return sites

    def leave_out(self, site: Site, why: str) -> None:
        """Let nothing be graded on a node any more."""
        self._cluster.leave_out(site, why)

    def station(self, site: Site) -> tuple[Any, Any]:
        """An actor there, and what will tell whether it is ready."""
        options = {
            "num_cpus": 1,
            "num_gpus": site.share,
            "memory": self._memory,
            "max_restarts": 0,
            "max_task_retries": 0,
            "max_concurrency": _THREADS,
            "scheduling_strategy": NodeAffinitySchedulingStrategy(site.id, soft=False),
        }
        actor: Any = ray.remote(Stationed).options(**options).remote()
        # The order comes in a call and not at its making, of which Ray keeps the arguments: it holds the secret.
        return actor, actor.prepare.remote(self._order, self._parcels)

    def ask(self, post: Any, submission: Submission) -> Any:
        """Have an actor grade."""
        return post.grade.options(num_returns="streaming").remote(submission, self._work.part(submission))

    def answers(self, asked: Sequence[Any]) -> Mapping[Any, Answer]:
        """Wait until somebody says something, and take the answers that have come; what was logged is logged here."""
        if not asked:
            time.sleep(_LOOK_S)
            return {}
        ready, _ = ray.wait(list(asked), num_returns=1, timeout=_LOOK_S)
        if ready and len(asked) > 1:
            ready, _ = ray.wait(list(asked), num_returns=len(asked), timeout=0)
        heard = {ref: _answer(ref) for ref in ready}
        return {ref: answer for ref, answer in heard.items() if not isinstance(answer, _Later)}

    def dismiss(self, posts: Sequence[Any]) -> None:
        """End these actors, and wait a moment for them to leave everything as it was."""
        if posts:
            with contextlib.suppress(RayError):
                ray.wait([each.close.remote() for each in posts], num_returns=len(posts), timeout=_LEAVE_S)
        for each in posts:
            ray.kill(each)


class _Later:
    """In place of an answer that is still to come."""


def _answer(ref: Any) -> Answer | _Later:
    try:
        said: Said | Answer = ray.get(next(ref) if isinstance(ref, ray.ObjectRefGenerator) else ref)
    except RayError as error:
        return Gone(str(error))
    if not isinstance(said, Said):
        return said
    for record in said.records:
        logs.relayed(record)
    return _Later() if said.more else said.answer


def _course(work: Work) -> dict[str, Path]:
    """What a post needs of a course: the reference without its styles, and what it has answered so far."""
    name = work.assignment.reference
    folder = work.course / "reference"
    paths = {"rubric.yaml": work.course / "rubric.yaml"}  # which says that it is a course
    paths |= {f"reference/{each.name}": each for each in folder.glob("*.py")}
    for path in (folder / name).rglob("*"):
        within = path.relative_to(folder)
        if path.is_file() and within.parts[1] != "styles" and "__pycache__" not in within.parts:
            paths[f"reference/{within.as_posix()}"] = path
    if work.answers is not None:
        for path in work.answers.glob(f"{work.assignment.name}-*/*"):
            if path.is_file() and path.name != "lock":
                paths[f"answers/{path.relative_to(work.answers).as_posix()}"] = path
    return paths


# ---- on a node -------------------------------------------------------------------------------------------------------


class Stationed:
    """A post as an actor. What is wrong with a node is a value, because an exception would be wrapped by Ray."""

    def __init__(self) -> None:
        # What is forked to grade would run the main module first, and that is Ray's own.
        vars(sys.modules["__main__"]).pop("__file__", None)
        self._post: Post | None = None

    def prepare(self, order: Order, parcels: Mapping[Label, list[Any]]) -> GraderError | str:
        """Get ready to grade."""
        try:
            self._post = Post(order, lambda label: _fetched(parcels[label]))
        except GraderError as error:
            return error
        return READY

    def grade(self, submission: Submission, part: Part) -> Iterator[Said]:
        """What the post says."""
        assert self._post is not None
        try:
            yield from self._post.grade(submission, part)
        except GraderError as error:
            yield Said((), more=False, answer=error)

    def close(self) -> None:
        """End what runs."""
        if self._post is not None:
            self._post.close()


def _fetched(held: list[Any]) -> Parcel:
    parcel: Parcel = ray.get(held[0])
    return parcel
