"""Keep a plan's grades: each is on disk before anybody is told of it, and no page is left of an earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grader import decisions
from grader.commands.pages import Pages
from grader.commands.planning import Plan
from grader.commands.watch import Watch
from grader.decisions import Decision, Kind
from grader.gradebook import Gradebook
from grader.keys import Conditions
from grader.records import Grade
from grader.rows import row_of


@dataclass(frozen=True, slots=True)
class Bookkeeper:
    """Puts grades into a gradebook, brings their pages in step, and tells of them.

    Args:
        plan: what is done about each submission.
        book: where grades are put.
        pages: of the students.
        watch: who is told.
    """

    plan: Plan
    book: Gradebook
    pages: Pages
    watch: Watch

    def rescore(self, course: Path, conditions: Conditions) -> None:
        """Keep what can be had without running anything; what cannot after all becomes something to do."""
        self._rejudge(course, conditions)
        for each in self.plan.rescored:
            grade = self.plan.rescore(each)
            self._keep(grade, self.plan.terms.keys.whole(each.sha256))
            self.watch.rescored(grade)
        if self.plan.stale:
            self.watch.stale(self.plan.stale)

    def _rejudge(self, course: Path, conditions: Conditions) -> None:
        if not self.plan.rejudged:
            return
        from grader import checks
        from grader.commands.rescoring import Rescorer  # torch comes with it

        terms = self.plan.terms
        checks.prove(terms.assignment)
        rescorer = Rescorer(course, terms.assignment, self.book)
        for each in self.plan.rejudged:
            self.plan.rejudge(each, rescorer.of(self.plan.row(each), terms.keys, conditions))

    def keep(self, ran: Grade, final: bool) -> Grade:
        """The grade as it is on disk, with what was known before. Without a key the next run does not rely on it."""
        whole = self.plan.completed(ran, final=final)
        key = self.plan.terms.keys.whole(ran.submission.sha256) if final else ""
        self._keep(whole, key, whole.observations, fulfils=final)
        return whole

    def finished(self, kept: Grade) -> None:
        """Tell of a grade and write its page."""
        self.watch.finished(kept)  # first, because a page may meet a full disk, and the grade is recorded already
        self.pages.write(self.book.decided(row_of(self.plan.terms.assignment.name, kept)))

    def _keep(self, grade: Grade, key: str, observations: bytes | None = None, *, fulfils: bool = False) -> None:
        with self.pages.replaced(grade.submission.student.id):
            self.book.record(self.plan.terms.assignment.name, grade, key=key, observations=observations)
            if fulfils:
                self._fulfil(grade)

    def _fulfil(self, grade: Grade) -> None:
        """Note that what somebody asked to run anew has been run; were we killed before, it is run once more."""
        terms, student = self.plan.terms, grade.submission.student.id
        if student not in terms.wishes:
            return
        assignment, who = terms.assignment.name, f"grader {grade.grader_version}"
        everything = {item.id for item in terms.assignment.items}.issubset(terms.wanted)
        for wish in decisions.left_open(self.book.decisions(assignment, student), Kind.REGRADE):
            if wish.item in terms.wanted or (not wish.item and everything):
                self.book.decide(Decision(assignment, student, wish.item, Kind.RAN, who, about=wish.id))
