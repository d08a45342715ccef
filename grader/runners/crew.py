"""Who grades what on many machines, and what becomes of a submission when one is lost; knows nothing of Ray.

A submission is waiting, or open (some post has it), or settled: its first answer has come, or it was given up as lost.
A post has one submission at a time, so there are never more under way than posts, however slowly
answers are written down.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, TypeAlias

from grader.errors import CourseError, GraderError, MachineryError, SandboxLost
from grader.records import Grade, Submission

READY: Final = "ready"
_JOIN_S: Final = 2.0  # between two looks for machines that have joined
_ALL_GONE_S: Final = 60.0  # for a machine to join where none is left
_LAGS_S: Final = 60.0  # nobody is asked beside another one before
_LAGS_TIMES: Final = 4.0  # the usual time
_DEATHS: Final = 2  # of actors or machines under one submission, until it is blamed
_FALSE_STARTS: Final = 3


@dataclass(frozen=True, slots=True)
class Site:
    """A machine: its id, what people call it, room for how many posts, and a post's share of a graphics card."""

    id: str
    name: str
    room: int
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Gone:
    """The answer of a post that does not exist any more."""

    why: str = ""


Answer: TypeAlias = Grade | GraderError | str | Gone | None  # READY when it is; None where its worker has died


class Machines(Protocol):
    """The machines that there are, as a crew needs them."""

    here: str  # the id of this one

    def sites(self) -> Sequence[Site]:
        """Those that may grade at the moment."""
        ...

    def leave_out(self, site: Site, why: str) -> None:
        """Let nothing be graded there any more, and say so."""
        ...

    def station(self, site: Site) -> tuple[Any, Any]:
        """A new post there, and the handle of its first answer: that it is ready, or why not."""
        ...

    def ask(self, post: Any, submission: Submission) -> Any:
        """Have a post grade; the handle of its answer."""
        ...

    def answers(self, asked: Sequence[Any]) -> Mapping[Any, Answer]:
        """Wait a moment for answers; those that have come, by handle."""
        ...

    def dismiss(self, posts: Sequence[Any]) -> None:
        """End these posts and what they do."""
        ...


@dataclass(slots=True, eq=False)
class _Post:
    site: Site
    actor: Any
    ready: bool = False
    submission: Submission | None = None
    since: float = 0.0


class Crew:
    """The posts of one pass over submissions.

    Args:
        machines: where they are.
        most: how many posts at most.
        last: by student the id of the machine that graded him last; kept up to date.
        alone: whether a machine has one submission at a time, and where possible another one than before.
    """

    def __init__(self, machines: Machines, *, most: int, last: dict[str, str], alone: bool = False) -> None:
        self._machines = machines
        self._most = most
        self._last = last
        self._alone = alone
        self._posts: list[_Post] = []
        self._asked: dict[Any, _Post] = {}
        self._waiting: deque[Submission] = deque()
        self._open: dict[str, Submission] = {}
        self._begun: set[str] = set()
        self._deaths: Counter[str] = Counter()
        self._false_starts: Counter[str] = Counter()
        self._seconds: deque[float] = deque(maxlen=200)  # that the last ones took
        self._looked = float("-inf")
        self._somebody = time.monotonic()  # was there at that time
        self._refused = False  # whether a machine that was there may not grade

    def close(self) -> None:
        """Dismiss everybody."""
        self._machines.dismiss([each.actor for each in self._posts])
        self._posts, self._asked = [], {}

    def grades(
        self,
        submissions: Sequence[Submission],
        *,
        began: Callable[[Submission, bool], None],
        lost: Callable[[Submission], None],
        stopped: Callable[[], bool],
    ) -> Generator[Sequence[Grade], None, None]:
        """Yield the grades that have come, time after time; the callbacks are those of `on_ray.Cluster.run`.

        Raises:
            GraderError: no submission can be graded.
        """
        self._waiting.extend(submissions)
        while self._open or (self._waiting and not stopped()):
            self._enlist()
            self._hand_out(began, stopped)
            came = self._machines.answers(list(self._asked))
            grades: list[Grade] = []
            try:
                for ref, answer in came.items():
                    if (post := self._asked.pop(ref, None)) is not None:  # None: its machine was left out just now
                        grades += self._heard(post, answer, lost)
            except GraderError:
                if grades:
                    yield grades
                raise
            self._hand_out(began, stopped)  # before anything is written down, which takes a while
            if grades:
                yield grades

    # ---- who is there ------------------------------------------------------------------------------------------------

    def _enlist(self) -> None:
        """Station posts on machines that have joined, and where one was lost."""
        now = time.monotonic()
        if self._posts:
            self._somebody = now
        if now - self._looked < _JOIN_S:
            return
        self._looked = now
        sites = self._machines.sites()
        there = Counter(each.site.id for each in self._posts)
        room = {each.id: min(each.room, 1) if self._alone else each.room for each in sites}
        while len(self._posts) < self._most:
            free = [each for each in sites if there[each.id] < room[each.id]]
            if not free:
                break
            site = min(free, key=lambda each: there[each.id])  # on as many machines as there are
            actor, ref = self._machines.station(site)
            post = _Post(site, actor)
            self._posts.append(post)
            self._asked[ref] = post
            there[site.id] += 1
        if not self._posts and now - self._somebody > (0 if self._refused else _ALL_GONE_S):
            raise MachineryError(
                "no machine of the cluster may grade; what is done is kept, and the same command goes on"
            )

    def _without(self, site: Site, why: str) -> None:
        self._refused = True
        self._machines.leave_out(site, why)
        those = [each for each in self._posts if each.site.id == site.id]
        self._posts = [each for each in self._posts if each.site.id != site.id]
        self._asked = {ref: each for ref, each in self._asked.items() if each.site.id != site.id}
        self._machines.dismiss([each.actor for each in those])
        for each in those:
            self._reopened(each.submission)
        self._looked = float("-inf")

    # ---- who does what -----------------------------------------------------------------------------------------------

    def _hand_out(self, began: Callable[[Submission, bool], None], stopped: Callable[[], bool]) -> None:
        idle = [each for each in self._posts if each.ready and each.submission is None]
        if not idle or stopped():
            return
        for post in idle:
            submission = self._next(post) if self._waiting else self._lagging(post)
            if submission is None:
                continue
            student = submission.student.id
            self._open[student] = submission
            if student not in self._begun:
                self._begun.add(student)
                began(submission, post.site.id == self._machines.here)
            post.submission, post.since = submission, time.monotonic()
            self._asked[self._machines.ask(post.actor, submission)] = post

    def _next(self, post: _Post) -> Submission | None:
        """The next that waits; of those to be graded alone one that another machine had before, if there is any."""
        if not self._alone or len({each.site.id for each in self._posts}) < 2:
            return self._waiting.popleft()
        for submission in self._waiting:
            if self._last.get(submission.student.id) != post.site.id:
                self._waiting.remove(submission)
                return submission
        return None

    def _lagging(self, post: _Post) -> Submission | None:
        """What has taken so long on another machine that this one, with nothing to do, may as well try it."""
        if self._alone or not self._seconds:
            return None
        bound = time.monotonic() - max(_LAGS_S, _LAGS_TIMES * statistics.median(self._seconds))
        busy = Counter(each.submission.student.id for each in self._posts if each.submission is not None)
        late = [
            each
            for each in self._posts
            if each.submission is not None
            and each.submission.student.id in self._open
            and each.since < bound
            and each.site.id != post.site.id
            and busy[each.submission.student.id] == 1
        ]
        return min(late, key=lambda each: each.since).submission if late else None

    # ---- what they say -----------------------------------------------------------------------------------------------

    def _heard(self, post: _Post, answer: Answer, lost: Callable[[Submission], None]) -> Iterator[Grade]:
        submission, post.submission = post.submission, None
        match answer:
            case str():
                post.ready = True
            case Grade() if submission is not None and submission.student.id in self._open:
                del self._open[submission.student.id]
                self._seconds.append(time.monotonic() - post.since)
                self._last[submission.student.id] = post.site.id
                yield replace(answer, submission=submission)
            case Grade():
                pass  # somebody else was quicker
            case CourseError():
                raise answer
            case None | SandboxLost():
                self._blame(submission, post, lost)
            case GraderError():
                self._without(post.site, str(answer))
                self._reopened(submission)
            case Gone():
                self._buried(post, submission, answer.why, lost)

    def _buried(self, post: _Post, submission: Submission | None, why: str, lost: Callable[[Submission], None]) -> None:
        """A post has gone: killed, or with its machine, or because of what it did."""
        if post in self._posts:
            self._posts.remove(post)
        if submission is not None:
            self._deaths[submission.student.id] += 1
            if self._deaths[submission.student.id] < (1 if self._alone else _DEATHS):
                self._reopened(submission)
            else:
                self._blame(submission, post, lost)
        elif not post.ready:
            self._false_starts[post.site.id] += 1
            if "No module named 'grader" in why:
                self._without(post.site, "convgrader is not installed there")
            elif self._false_starts[post.site.id] == _FALSE_STARTS:
                self._without(post.site, "what is started there ends at once")

    def _reopened(self, submission: Submission | None) -> None:
        """Have it graded by somebody else, first of all, unless somebody is at it."""
        if submission is not None and submission.student.id in self._open and not self._anybody_else(submission):
            del self._open[submission.student.id]
            self._waiting.appendleft(submission)

    def _blame(self, submission: Submission | None, post: _Post, lost: Callable[[Submission], None]) -> None:
        if submission is None or self._anybody_else(submission):
            return
        if submission.student.id in self._open:
            del self._open[submission.student.id]
            self._last[submission.student.id] = post.site.id
            lost(submission)

    def _anybody_else(self, submission: Submission) -> bool:
        student = submission.student.id
        return any(each.submission is not None and each.submission.student.id == student for each in self._posts)
