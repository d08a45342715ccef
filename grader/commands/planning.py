"""What a run has to do about each submission: run some items of it, rescore it, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from grader import scoring
from grader.commands.standing import Rejudge, Standing, Terms, differs, rescored, stands
from grader.records import Grade, Submission
from grader.rows import GradeRow

if TYPE_CHECKING:
    from grader.runners.work import Part


@dataclass(slots=True)
class Plan:
    """The submissions by what is done about them; `rejudge` may find that more has to be run."""

    terms: Terms
    _rows: dict[str, GradeRow]  # this and the others by student id
    _standings: dict[str, Standing] = field(default_factory=dict)
    _todo: dict[str, Submission] = field(default_factory=dict)
    _rescored: dict[str, Submission] = field(default_factory=dict)
    rejudged: list[Submission] = field(default_factory=list)  # whose recorded answers have to be asked
    stale: list[Submission] = field(default_factory=list)  # of those to do, what was meant to be rescored
    unchanged: int = 0

    @classmethod
    def of(cls, found: Sequence[Submission], rows: Sequence[GradeRow], terms: Terms) -> Plan:
        """The plan for these submissions, whose current grades are among the rows."""
        stored = {row.student_id: row for row in rows}
        known = {each.student.id: stored[id] for each in found if (id := _as_stored(each.student.id)) in stored}
        plan = cls(terms, known)
        for each in found:
            plan._add(each)
        return plan

    def _add(self, each: Submission) -> None:
        row = self._rows.get(each.student.id)
        forced = self.terms.force or (row is not None and self.terms.asked(row.student_id))
        if row is not None and row.problem and row.key == self.terms.keys.whole(each.sha256) and not forced:
            self.unchanged += 1  # whatever kept it from being graded still does
            return
        standing = self._standings[each.student.id] = stands(row, each.sha256, self.terms)
        if standing.rejudge:
            self.rejudged.append(each)
        if standing.run:
            self._todo[each.student.id] = each
        elif row is not None and (standing.rejudge or differs(row, standing.scores.values())):
            self._rescored[each.student.id] = each
        else:
            self.unchanged += 1

    @property
    def todo(self) -> list[Submission]:
        """Those of which some item is run."""
        return list(self._todo.values())

    @property
    def rescored(self) -> list[Submission]:
        """Those of which nothing is run, and whose grade is another one than the stored."""
        return list(self._rescored.values())

    def row(self, each: Submission) -> GradeRow:
        """The current grade of a submission that has one."""
        return self._rows[each.student.id]

    def rejudge(self, each: Submission, rejudge: Rejudge) -> None:
        """Judge what can be judged from recorded answers; what cannot has to be run."""
        standing = self._standings[each.student.id] = stands(self.row(each), each.sha256, self.terms, rejudge)
        if standing.run and each.student.id in self._rescored:
            self._todo[each.student.id] = self._rescored.pop(each.student.id)
            self.stale.append(each)

    def rescore(self, each: Submission) -> Grade:
        """The grade of a submission of which nothing has to be run."""
        return rescored(self.row(each), self._standings[each.student.id].scores.values(), each)

    def parts(self) -> dict[str, Part]:
        """What is run of each submission to do, by student id."""
        from grader.runners.work import Part

        parts = {}
        for each in self.todo:
            standing = self._standings[each.student.id]
            known = scoring.needed(standing.run, self.terms.assignment.items) & standing.scores.keys()
            parts[each.student.id] = Part(standing.run, {id: standing.scores[id].finding for id in known})
        return parts

    def completed(self, grade: Grade, *, final: bool) -> Grade:
        """What was run together with what stands, each score with its key; without one the next run runs it again."""
        assignment, sha256 = self.terms.assignment, grade.submission.sha256
        ran = {score.item.id: score for score in grade.scores}
        scores = {**self._standings[grade.submission.student.id].scores, **ran}
        findings = {id: score.finding for id, score in scores.items()}
        for id, score in ran.items():
            lacking = scoring.lacking(score.item, findings, assignment.items)
            scores[id] = replace(score, key=str(self.terms.keys.key(id, sha256, lacking)) if final else "")
        return replace(grade, scores=tuple(scores[item.id] for item in assignment.items if item.id in scores))


def _as_stored(student_id: str) -> str:
    """A student's id as the gradebook has it, which takes no lone surrogates."""
    return student_id.encode("utf-8", "backslashreplace").decode()
