"""grade(submission, ...) -> Grade: the straight line from what a student handed in to marks.

read the notebooks -> open a session for each -> judge item after item -> training items in a second session -> score
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import platform
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeAlias

from grader import __version__, checks, listing, logs, notebook, packing, scoring
from grader.checks import trainings
from grader.checks.picturing import Previewed
from grader.judging import Key, guarded, judge
from grader.kernel import room as of_a_session
from grader.kernel.allowance import Allowance
from grader.kernel.cells import Script, Slice
from grader.kernel.session import KernelSession
from grader.kernel.submitted import SubmittedSession
from grader.kernel.template import Sandboxes
from grader.listing import CodeCell
from grader.measuring.session import Measuring
from grader.probes import Observation, Probe, Returned, Session, Version
from grader.recording import Recorder, Room
from grader.records import Assignment, Finding, Grade, Item, Profile, Submission

Lend: TypeAlias = Callable[[], AbstractContextManager[Sandboxes]]


@dataclass(frozen=True, slots=True)
class Course:
    """What every submission is graded with."""

    assignment: Assignment
    key: Key
    sandboxes: Sandboxes
    device: str
    profile: Profile
    lend: Lend | None = None  # waits for a device to train on
    handed_out: frozenset[str] = frozenset()  # lines of text in the notebooks that students received

    @property
    def trains_apart(self) -> bool:
        """Whether training has a session of its own: on a device to wait for, or in the notebook's own cells."""
        return self.device != "cpu" or self.profile is Profile.FULL


def grade(
    submission: Submission,
    course: Course,
    only: Sequence[str] = (),
    known: Mapping[str, Finding] = MappingProxyType({}),
) -> Grade:
    """Run one submission and mark it.

    Args:
        submission: what the student handed in.
        course: what to grade it with.
        only: ids of the items to judge; all when empty.
        known: what was found out before about items that these need, by id.

    Raises:
        CourseError: the rubric or the reference is wrong, so no submission can be graded.
        MachineryError: this machine cannot run submissions.
    """
    started = datetime.datetime.now(datetime.UTC)
    clock = time.monotonic()
    items = [item for item in course.assignment.items if not only or item.id in only]
    notebooks, problems = _read(submission)
    confined = not course.sandboxes.isolation.startswith("none")
    if heavy := of_a_session.lacking(submission.attachments, course.assignment.limits, confined=confined):
        notebooks, problems = [], [heavy]
    findings = dict(known)
    recorders: dict[str, Recorder] = {}
    room = Room()
    timed_out = 0
    if notebooks:
        quick = [item for item in items if not checks.kinds()[item.check].trains]
        training = [item for item in items if checks.kinds()[item.check].trains]
        facts = _Imports(notebooks, course.assignment)
        carried = notebook.carried(notebooks, submission.attachments) if training else []

        def judged(session: Session, item: Item, card: str = "") -> Finding:
            measuring = Measuring(_Told(session, facts), vars(course.key.solutions), carried, card)
            recorders[item.id] = Recorder(measuring, room)
            finding = judge(recorders[item.id], item, findings, course)
            return _beside(finding, notebooks, course.device) if checks.kinds()[item.check].trains else finding

        with _opened(submission, notebooks, course, items) as submitted:
            opened = Previewed(submitted)
            logs.stage("checking")
            for item in quick:
                if checks.kinds()[item.check].pictures:
                    guarded(item, functools.partial(opened.preview, course.key, item))
            for item in quick:
                findings[item.id] = judged(opened, item)
            if not course.trains_apart:
                # Nothing is left that training could harm, and no device to wait for: the same session goes on.
                for item in training:
                    logs.stage(f"training {item.target}")
                    findings[item.id] = judged(opened, item)
            timed_out += submitted.timed_out
        if course.trains_apart and training:
            by_itself = course.profile is Profile.FULL
            if course.lend:
                logs.stage("waiting for a graphics card")
            with course.lend() if course.lend else contextlib.nullcontext(course.sandboxes) as sandboxes:
                lent = replace(course, sandboxes=sandboxes)
                with _opened(submission, notebooks, lent, training, by_itself=by_itself) as trainee:
                    for item in training:
                        logs.stage(f"training {item.target}")
                        findings[item.id] = judged(trainee, item, sandboxes.card)
                    timed_out += trainee.timed_out
    scores = [scoring.score(item, findings[item.id], key="") for item in items if item.id in findings]
    return Grade(
        submission=submission,
        scores=tuple(scores),
        isolation=course.sandboxes.isolation,
        device=course.device,
        profile=course.profile,
        started=started.isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - clock, 2),
        grader_version=__version__,
        problem="" if notebooks else " ".join(problems) or "No notebook was handed in.",
        observations=packing.joined(_kept(recorders, notebooks)),
        timed_out=timed_out,
    )


def _kept(recorders: Mapping[str, Recorder], notebooks: Sequence[notebook.Notebook]) -> dict[str, bytes]:
    """What was answered, by item, and the code that answered."""
    cells = [CodeCell(each.name, cell.number, cell.source) for each in notebooks for cell in each.code]
    code = {listing.ITEM: listing.dump(cells)} if notebooks else {}
    return {**code, **{item: each.dump() for item, each in recorders.items()}}


def _beside(finding: Finding, notebooks: Sequence[notebook.Notebook], device: str) -> Finding:
    """A training's finding with the machine that the notebook says it was last run on, beside ours."""
    ours = {"Python": platform.python_version(), "GPU": "no" if device == "cpu" else device}
    machines = [[name, theirs, ours[name]] for each in notebooks for name, theirs in each.machine.items()]
    return replace(finding, evidence={**finding.evidence, "machines": machines}) if machines else finding


class _Imports:
    """Which names of the prelude the cells of a submission use without an import of their own."""

    def __init__(self, notebooks: Sequence[notebook.Notebook], assignment: Assignment) -> None:
        self._notebooks = notebooks
        self._lacking = {each.name: notebook.unimported(each, _imported(assignment)) for each in notebooks}

    def used(self, version: Version) -> list[str]:
        """Those that the cell of a version uses."""
        cells = [cell for each in self._notebooks if each.name == version.notebook for cell in each.code]
        source = next((cell.source for cell in cells if cell.number == version.cell), "")
        words = set(re.findall(r"\w+", source))
        return [name for name in self._lacking.get(version.notebook, ()) if name in words]


@dataclass(frozen=True, slots=True)
class _Told:
    """A session that also answers the question `imports`, which is read in the text and recorded like the others."""

    session: Session
    imports: _Imports

    def versions(self, target: str) -> Sequence[Version]:
        """As of the session itself."""
        return self.session.versions(target)

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """Per version of the target its notebook, its cell and the names; all else as the session answers."""
        if [probe.question for probe in probes] != ["imports"]:
            return self.session.ask(probes)
        found = dict.fromkeys((each.notebook, each.cell) for each in self.versions(probes[0].target))
        rows = [[name, cell, self.imports.used(Version(cell, "", name))] for name, cell in found]
        return iter([Returned(rows)])


def _imported(assignment: Assignment) -> list[str]:
    """The names that the prelude's imports bind."""
    return [re.split(r"[ .]", line.strip())[-1] for line in assignment.prelude]


# ---- reading and opening ---------------------------------------------------------------------------------------------


def _read(submission: Submission) -> tuple[list[notebook.Notebook], list[str]]:
    notebooks, problems = [], list(submission.unreadable)
    for file in submission.notebooks:
        try:
            notebooks.append(notebook.read(file))
        except notebook.UnreadableNotebook as error:
            problems.append(str(error))
    return notebooks, problems


@contextlib.contextmanager
def _opened(
    submission: Submission,
    notebooks: Sequence[notebook.Notebook],
    course: Course,
    items: Sequence[Item],
    *,
    by_itself: bool = False,
) -> Iterator[SubmittedSession]:
    """The notebooks of a submission as one session; where they train `by_itself`, on the whole data."""
    table = checks.kinds()
    limits, data, training = course.assignment.limits, Slice(), []
    if by_itself:
        limits = replace(limits, cell_s=limits.train_s, total_s=limits.total_s + limits.train_s)
        data = Slice(None, None, None)
        training = [row for item in items if (row := trainings.in_the_notebook(item, course.profile.value)) is not None]
    targets = tuple(dict.fromkeys(item.target for item in items if table[item.check].captures))
    allowance = Allowance.of(limits)
    with contextlib.ExitStack() as stack:
        sessions = []
        for each in notebooks:
            cells = [
                (cell.number, notebook.neutralised(cell.source) if cell.legible else cell.source) for cell in each.code
            ]
            script = Script(
                each.name, cells, targets, submission.attachments, course.assignment.prelude, data, training
            )
            opened = KernelSession(script, course.sandboxes.open, limits, allowance)
            sessions.append(stack.enter_context(opened))

        def calls(version: Version, name: str, without: Collection[str]) -> Sequence[notebook.Call]:
            source = next(each for each in notebooks if each.name == version.notebook)
            return notebook.calls(source, version.cell, name, prelude=course.assignment.prelude, without=without)

        def recipes(name: str) -> Sequence[notebook.Recipe]:
            return [recipe for each in notebooks for recipe in notebook.recipes(each, name)]

        written = functools.partial(notebook.discussion, notebooks, handed_out=course.handed_out)
        drawn = functools.partial(notebook.pictures, notebooks, handed_out=course.handed_out)
        yield SubmittedSession(sessions, written, calls, recipes, drawn)
