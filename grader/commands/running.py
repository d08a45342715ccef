"""One run over submissions: who is graded beside whom, what is tried again, what is set aside.

submissions --beside others--> grade
                               ran out of time, or its worker died --alone--> grade
was running when the grader was killed -----------------------------alone--> grade, or set aside at last
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from grader.commands.stopping import Stop
from grader.commands.watch import Watch
from grader.gradebook import Gradebook
from grader.records import Grade, Outcome, Submission
from grader.runners import inline, local
from grader.runners.work import Work, set_aside

if TYPE_CHECKING:
    from grader.runners.on_ray import Cluster

_log = logging.getLogger(__name__)

_CRASHES: Final = 3  # all but the first one alone, so that nobody is set aside for a neighbour


@dataclass(slots=True)
class Run:
    """Grades submissions and has every grade on disk before anybody is told of it.

    Args:
        work: what is needed for grading.
        runner: inline, local or ray.
        workers: how many are graded at a time.
        book: where it is noted what runs.
        keys: content keys, by student.
        recorded: puts a grade on disk and gives it back as it is there; `final` or to be graded once more.
        watch: who is told.
        stop: whether somebody pressed Ctrl-C.
        cluster: where ray grades.
        done: the students with a final grade, so far.
    """

    work: Work
    runner: str
    workers: int
    book: Gradebook
    keys: Mapping[str, str]
    recorded: Callable[[Grade, bool], Grade]
    watch: Watch
    stop: Stop
    cluster: Cluster | None = None
    done: set[str] = field(default_factory=set)

    def over(self, todo: Sequence[Submission], *, forced: bool) -> None:
        """Grade them; those that crashed a grader before come last and alone, unless they are forced.

        Raises:
            KeyboardInterrupt: it is to stop at once; what was running is pending again.
            GraderError: no submission can be graded.
        """
        before = {each.student.id: 0 if forced else self._crashes(each) for each in todo}
        suspects = sorted((each for each in todo if before[each.student.id]), key=lambda each: before[each.student.id])
        again = [each for each in suspects if not self._condemned(each)]
        if again:
            names = ", ".join(each.student.id for each in again)
            self.watch.told(f"Graded last and alone, because the grader was killed while grading: {names}.")
        again += self._pass([each for each in todo if not before[each.student.id]], self.workers)
        while again and not self.stop.asked():
            again = self._pass(again, 1, alone=True)

    def _pass(self, todo: Sequence[Submission], workers: int, *, alone: bool = False) -> list[Submission]:
        """Grade each of them once, or for the last time alone; what is to be graded once more is returned."""
        hurried: list[Submission] = []
        lost: list[Submission] = []
        if not todo:
            return []
        with contextlib.closing(self._grades(todo, workers, lost, alone)) as passing:
            for grades in passing:
                hurried += self._finish(grades, workers)
        if hurried and not self.stop.asked():
            self.watch.retrying(hurried)
        lost = [each for each in lost if not self._condemned(each)]
        for submission in lost:
            self.watch.told(f"What graded {submission.student.id} died; it is graded once more, alone.")
        return hurried + lost

    def _grades(
        self, todo: Sequence[Submission], workers: int, lost: list[Submission], alone: bool
    ) -> Generator[Sequence[Grade], None, None]:
        elsewhere: set[str] = set()  # on machines whose death is not this one's, so that nobody is suspected of it

        def begin(submission: Submission, here: bool = True) -> None:
            student = submission.student.id
            if here:
                self.book.started(self.work.assignment.name, student, self.keys[student])
            else:
                elsewhere.add(student)
            _log.info("%s begins%s", _of(submission), " alone" if alone else "", extra=_about(submission))
            self.watch.began(submission)

        def lose(submission: Submission) -> None:
            student = submission.student.id
            if student in elsewhere:
                self.book.started(self.work.assignment.name, student, self.keys[student])
            self.book.crashed(self.work.assignment.name, student)
            lost.append(submission)
            _log.warning("what graded %s died", _of(submission), extra=_about(submission))

        work = replace(self.work, alone=alone)
        if self.cluster is not None:
            return self.cluster.run(work, todo, began=begin, lost=lose, stopped=self.stop.asked)
        if self.runner == "inline":
            return _singly(inline.run(work, todo, began=begin, lost=lose, stopped=self.stop.asked))
        return _singly(local.run(work, todo, workers=workers, began=begin, lost=lose, stopped=self.stop.asked))

    def _condemned(self, submission: Submission) -> bool:
        """Whether it has crashed the grader so often that it is set aside, which is done here."""
        crashes = self._crashes(submission)
        if crashes < _CRASHES:
            return False
        problem = f"Set aside: the grader died {crashes} times while grading it. With --force it is tried again."
        self.watch.told(f"{submission.student.id}: {problem}")
        self._finish([set_aside(submission, self.work, problem)], 1)
        return True

    def _crashes(self, submission: Submission) -> int:
        student = submission.student.id
        return self.book.crashes(self.work.assignment.name, student, self.keys[student])

    def _finish(self, grades: Sequence[Grade], workers: int) -> list[Submission]:
        """Have these grades on disk, and then tell of them; what is to be graded once more is returned."""
        with self.book.together():
            wholes = [self.recorded(each, not _hurried(each, workers)) for each in grades]
        self.done.update(each.submission.student.id for each in grades if not _hurried(each, workers))
        again: list[Submission] = []
        for each, whole in zip(grades, wholes, strict=True):
            if _hurried(each, workers):
                again.append(each.submission)
                _log.info("%s ran out of time beside others", _of(each.submission), extra=_about(each.submission))
                self.watch.postponed(whole)
            else:
                told = _of(whole.submission), whole.status.value, whole.earned, whole.possible, whole.seconds
                _log.info("%s is done: %s, %g of %g points, %g s", *told, extra=_about(whole.submission))
                self.watch.finished(whole)
        return again


def _singly(grades: Generator[Grade, None, None]) -> Generator[Sequence[Grade], None, None]:
    with contextlib.closing(grades):
        for each in grades:
            yield [each]


def _hurried(grade: Grade, workers: int) -> bool:
    """Whether points may be lost to the load of other submissions: a time-out that vanishes alone is none."""
    lost = any(score.finding.credit < 1 and score.finding.outcome is not Outcome.WAITING for score in grade.scores)
    return workers > 1 and grade.timed_out > 0 and lost


def _of(submission: Submission) -> str:
    return submission.student.id


def _about(submission: Submission) -> dict[str, str]:
    return {"student": submission.student.id}
