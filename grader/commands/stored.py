"""What a gradebook holds of one assignment, made ready to go out: everybody with a mark and what is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import __version__, extensions, keys, lateness, rubric
from grader.commands.standing import Terms, stands
from grader.errors import UsageError
from grader.exports.outgoing import Outgoing
from grader.gradebook import Gradebook
from grader.keys import Conditions, Keys
from grader.lateness import Arrival, Extension, Penalty
from grader.marks import Mark, mark
from grader.records import Assignment, Profile, Rubric, Status
from grader.roster import Enrolled
from grader.rows import GradeRow


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an assignment's students beside their grades, by student id."""

    assignment: Assignment
    enrolled: Mapping[str, Enrolled]
    arrivals: Mapping[str, Arrival]
    extensions: Mapping[str, Extension]
    unknown: Sequence[str] = ()  # names in extensions.yaml that are nobody's

    @classmethod
    def of(cls, course: Rubric, assignment: Assignment, book: Gradebook) -> Facts:
        """The facts of one assignment.

        Raises:
            GraderError: extensions.yaml has a mistake, or the gradebook cannot be read.
        """
        people = book.roster(assignment.name)
        zone = rubric.time_zone(course.intake)
        given = extensions.load(course.course / extensions.FILE, zone, known=course.assignments)
        more_time, unknown = extensions.of_students(given.get(assignment.name, {}), people)
        by_id = {person.student_id: person for person in people}
        return cls(assignment, by_id, book.arrivals(assignment.name), more_time, unknown)

    @property
    def dated(self) -> bool:
        """Whether lateness may cost something."""
        return self.assignment.late is not None

    def penalty(self, student_id: str) -> Penalty:
        """What lateness costs a student."""
        return lateness.of_arrival(self.arrivals.get(student_id), self.assignment, self.extensions.get(student_id))

    def mark(self, row: GradeRow) -> Mark:
        """The mark of a stored grade."""
        return mark(row, self.assignment, self.penalty(row.student_id))

    def with_missing(self, rows: Sequence[GradeRow]) -> list[GradeRow]:
        """The grades, and behind them one without anything for everybody on the roster who has none."""
        graded = {row.student_id for row in rows}
        people = self.enrolled.values()
        missing = [each for each in people if each.listed and each.student_id not in graded]
        return [*rows, *(_nothing(self.assignment, each) for each in missing)]

    def marks(self, rows: Iterable[GradeRow]) -> dict[str, Mark] | None:
        """Marks by student id; None where neither a policy nor lateness makes them more than sums."""
        if self.assignment.policy is None and not self.dated:
            return None
        return {row.student_id: self.mark(row) for row in rows}


def graded(found: Rubric, name: str | None, out: Path, book: Gradebook) -> Assignment:
    """The assignment that was asked for, or the one of which there are grades.

    Raises:
        GraderError: no such assignment, or none or several with grades.
    """
    if name is not None:
        return rubric.choose(found, name)
    stored = [each for each in found.assignments.values() if book.graded(each.name)]
    if len(stored) == 1:
        return stored[0]
    if not stored:
        raise UsageError(f"{out} holds no grade of {', '.join(found.assignments)}; run `grader grade` first")
    several = ", ".join(each.name for each in stored)
    raise UsageError(f"{out} holds grades of several assignments ({several}); give --assignment NAME")


def outgoing(facts: Facts, rows: Sequence[GradeRow], stale: Mapping[str, str]) -> list[Outgoing]:
    """Everybody with a grade, and who is on the roster without one.

    Args:
        facts: beside the grades.
        rows: the current grades.
        stale: why a mark is not today's, by student id.
    """
    return [_one(facts, row, stale.get(row.student_id, "")) for row in facts.with_missing(rows)]


def staleness(course: Rubric, assignment: Assignment, rows: Sequence[GradeRow], secret: bytes) -> dict[str, str]:
    """Why marks are not what `grader grade` would say today, by student id; those that stand are left out."""
    known: dict[Conditions, Keys] = {}
    wanted = [item.id for item in assignment.items]
    found = {}
    for row in rows:
        if not row.items:
            continue
        conditions = Conditions(secret, row.profile, row.device, row.sandboxed)
        if conditions not in known:
            known[conditions] = keys.of(course.course, assignment, conditions)
        standing = stands(row, row.sha256, Terms(assignment, known[conditions], wanted, anew=()))
        others = {*standing.rejudge, *standing.run} & {each.item for each in row.items}  # a new item is not decided
        points = {item.id: item.points for item in assignment.items}
        others_now = [each for each in row.items if each.outcome.decided and points.get(each.item) != each.possible]
        if others_now and all(each.below for each in others_now):
            found[row.student_id] = "marked out of other points than the rubric has now; look again in `grader review`"
        elif others_now:
            found[row.student_id] = "points in the rubric have changed since; run `grader rescore`"
        elif row.grader_version != __version__:
            found[row.student_id] = f"graded by version {row.grader_version} of the grader, this is {__version__}"
        elif others:
            found[row.student_id] = "the rubric, the reference or this machine's libraries have changed since"
    return found


def _one(facts: Facts, row: GradeRow, stale: str) -> Outgoing:
    student = row.student_id
    arrival = facts.arrivals.get(student)
    return Outgoing(
        enrolled=facts.enrolled.get(student) or Enrolled(student, row.student_name, listed=False),
        mark=facts.mark(row),
        row=row,
        penalty=facts.penalty(student) if row.status is not Status.MISSING else None,
        handed_in=arrival.handed_in if arrival else "",
        stale=stale,
    )


def _nothing(assignment: Assignment, person: Enrolled) -> GradeRow:
    """The grade of who handed in nothing; it is in no gradebook."""
    return GradeRow(
        assignment=assignment.name,
        student_id=person.student_id,
        student_name=person.name,
        submission="",
        sha256="",
        status=Status.MISSING,
        isolation="",
        device="",
        profile=Profile.QUICK,
        started="",
        seconds=0.0,
        grader_version=__version__,
        problem="",
        key="",
        observations="none",
        items=(),
    )
