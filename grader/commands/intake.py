"""What `grader grade` was given: recognised, joined with the roster, and told file by file; nothing is run here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader import extensions, lateness, rubric, submissions
from grader.commands import choosing
from grader.commands.crowds import crowds
from grader.commands.identifying import Doubt, Identities, everybody
from grader.errors import CourseError
from grader.exports import sheets
from grader.gradebook import Gradebook
from grader.lateness import Arrival, Timing
from grader.records import Assignment, Rubric, Submission
from grader.roster import Enrolled, reading
from grader.roster.reading import Listed
from grader.submissions import Assembled, Gathered, OnTime, Placed, Sourced, names
from grader.submissions.layouts import TITLES

_IN_TIME = (Timing.ON_TIME, Timing.GRACE, Timing.NOT_DUE)


@dataclass(frozen=True, slots=True)
class Intake:
    """What was handed in, by whom and when, and what a person should know about it.

    Args:
        submissions: by student id.
        people: everybody who is known.
        arrivals: when the attempt that counts came, by student id.
        lines: one for each source: what it was recognised as, and what of it counts.
        doubts: about students: not on the roster, ambiguous, listed twice, unknown in extensions.yaml.
        missing: students on the roster of whom nothing was handed in now.
        placed: what became of every file.
    """

    submissions: Sequence[Submission]
    people: Sequence[Enrolled]
    arrivals: Mapping[str, Arrival]
    lines: Sequence[str]
    doubts: Sequence[Doubt]
    missing: Sequence[Enrolled]
    placed: Sequence[Placed]


@dataclass(frozen=True, slots=True)
class Collected:
    """The files of all sources and the roster, before it is known which assignment they are for."""

    course: Rubric
    sources: Sequence[Gathered]
    roster: Listed | None

    def assignment(self, name: str | None) -> tuple[Assignment, str]:
        """The assignment that is asked for or that fits, and the sentence that says so.

        Raises:
            GraderError: no such assignment, or several to choose from and none that fits best.
        """
        if name is not None or len(self.course.assignments) == 1:
            return choosing.choose(self.course, name, ())
        claims = [each for source in self.sources for each in source.claims]
        named = {each.claim.assignment for each in claims} & self.course.assignments.keys()
        if len(named) == 1:
            chosen = self.course.assignments[named.pop()]
            return chosen, f"Assignment: {chosen.name} (a folder is called so)"
        return choosing.choose(self.course, None, submissions.assemble(_of_some(claims)).submissions)

    def taken_in(self, assignment: Assignment, book: Gradebook, *, noting: bool = True) -> Intake:
        """Everything with the owners as roster and gradebook know them, which are noted in the gradebook.

        Args:
            assignment: of which everything is.
            book: where grades are, and where owners are noted.
            noting: whether they are.

        Raises:
            GraderError: extensions.yaml has a mistake, or the gradebook cannot be written.
        """
        known = book.roster(assignment.name)
        listed = self.roster.people if self.roster else [each for each in known if each.listed]
        people = Identities.of(listed, known if self.roster else [each for each in known if not each.listed])
        others = self.course.assignments.keys() - {assignment.name}
        sorted_out = [each for source in self.sources for each in source.claims if each.claim.assignment in others]
        claims = []
        for source in self.sources:
            claims += people.identify([each for each in source.claims if each.claim.assignment not in others])
        people.doubts += _alike(claims)
        found = submissions.assemble(claims, self._on_time(assignment, people))
        arrivals = {id: self._dated(id, arrival, people) for id, arrival in found.arrivals.items()}
        if noting:
            book.enrol(assignment.name, everybody(people))
            book.arrived(assignment.name, arrivals)
        number = re.compile(self.course.intake.student_number or submissions.DEFAULT_PATTERN)
        people.doubts += crowds(found.submissions, assignment, number)
        handed_in = book.graded(assignment.name) | arrivals.keys()
        return Intake(
            found.submissions,
            list(everybody(people)),
            arrivals,
            [_line(source, found) for source in self.sources],
            [*self._row_doubts(), *people.doubts],
            [each for each in everybody(people) if each.listed and each.student_id not in handed_in],
            [
                *found.placed,
                *(_of_another(each) for each in sorted_out),
                *(each for source in self.sources for each in source.left),
            ],
        )

    def _on_time(self, assignment: Assignment, people: Identities) -> OnTime:
        path = self.course.course / extensions.FILE
        given = extensions.load(path, rubric.time_zone(self.course.intake), known=self.course.assignments)
        more, unknown = extensions.of_students(given.get(assignment.name, {}), people.people.values())
        people.doubts += [Doubt(name, extensions.FILE, "names nobody who is known, or several") for name in unknown]

        def on_time(owner: Enrolled, arrival: Arrival) -> bool:
            timing = lateness.of_arrival(arrival, assignment, more.get(owner.student_id)).timing
            return timing in _IN_TIME or (timing is Timing.UNKNOWN and not arrival.marked_late)

        return on_time

    def _dated(self, student: str, arrival: Arrival, people: Identities) -> Arrival:
        """The arrival with the time that the roster tells, such as Moodle's worksheet, where its source has none."""
        if arrival.handed_in or self.roster is None:
            return arrival
        person = people.people[student]
        names = (person.number, person.login, person.email, person.name, person.student_id)
        times = (self.roster.handed_in.get(name, "") for name in names if name)
        return replace(arrival, handed_in=next(filter(None, times), ""))

    def _row_doubts(self) -> list[Doubt]:
        return [Doubt(f"row {row}", "roster", why) for row, why in (self.roster.problems if self.roster else ())]


def collect(course: Rubric, paths: Sequence[Path], roster: Path | None = None, *, kind: str = "") -> Collected:
    """Read every file that was named; nothing is parsed yet.

    Args:
        course: with the way it reads names and times.
        paths: folders, archives, downloads, notebooks.
        roster: who takes the course; None for the rubric's, or the one that the gradebook has.
        kind: what every path is; empty to recognise it.

    Raises:
        GraderError: a path does not exist or holds no submission, or the roster cannot be read.
    """
    zone = rubric.time_zone(course.intake)
    number = course.intake.student_number or submissions.DEFAULT_PATTERN
    sources = submissions.gather(paths, student_number=number, zone=zone, kind=kind)
    roster = roster or course.intake.roster
    listed = None
    if roster is not None:
        try:
            content = roster.read_bytes()
        except OSError as error:
            raise CourseError(f"the roster {roster} cannot be read: {error.strerror}") from error
        sheet = sheets.read(content, roster.name)
        rows = [[cell.value for cell in row] for row in sheet.rows]
        listed = reading.read(rows, roster.name, zone)
    return Collected(course, sources, listed)


def _of_some(claims: Sequence[Sourced]) -> list[Sourced]:
    """The claims of as many owners, evenly spread, as the choice of an assignment looks at: putting together parses."""
    owners = sorted({each.claim.owner.student_id for each in claims})
    some = set(owners[:: -(-len(owners) // choosing.SAMPLE) or 1])
    return [each for each in claims if each.claim.owner.student_id in some]


def _of_another(each: Sourced) -> Placed:
    why = f"of another assignment, {each.claim.assignment}."
    return Placed(each.source, names.plain_path(each.claim.origin), each.claim.owner.student_id, "left out", why)


def _alike(claims: Sequence[Sourced]) -> list[Doubt]:
    """Ids that differ only in case and so are one student, which somebody should know."""
    spelt: dict[str, set[str]] = {}
    for each in claims:
        spelt.setdefault(names.key(each.claim.owner.student_id), set()).add(each.claim.owner.student_id)
    return [
        Doubt(min(ids), "ambiguous", f"{', '.join(sorted(ids))} differ only in case; they are taken as one student")
        for ids in spelt.values()
        if len(ids) > 1
    ]


def _line(source: Gathered, found: Assembled) -> str:
    """Such as `spring.zip: a Canvas download, 42 files of 40 students, 2 older attempts left out`."""
    own = [each for each in found.placed if each.source == source.path]
    files, students = len(own), len({each.student_id for each in own})
    parts = [f"{source.path}: {TITLES[source.kind]}", f"{_count(files, 'file')} of {_count(students, 'student')}"]
    for why, count in Counter(why for path, why in found.attempts if path == source.path).items():
        attempts = "1 attempt" if count == 1 else f"{count} attempts"
        parts.append(f"{attempts} left out ({why.removeprefix('a ').removeprefix('an ')})")
    unplaced = sum(each.use == "not placed" for each in source.left)
    if unplaced:
        parts.append(f"{_count(unplaced, 'file')} not placed")
    return ", ".join(parts)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
