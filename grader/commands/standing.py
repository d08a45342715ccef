"""What of a stored grade stands, what can be had from recorded answers, and what has to be run."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from grader import __version__, scoring
from grader.keys import Key, Keys
from grader.records import Assignment, Finding, Grade, Item, Outcome, Score, Student, Submission
from grader.rows import GradeRow, ItemRow

Rejudge = Callable[[Item, Mapping[str, Finding]], Finding | None]  # None: not all that it asks was recorded


@dataclass(frozen=True, slots=True)
class Terms:
    """What a stored grade is held against.

    Args:
        assignment: as the rubric is now.
        keys: what its scores depend on now.
        wanted: ids of the items that are looked at; the others are left as they are.
        force: whether the wanted items are run, whatever is known of them.
        anew: outcomes that are run again, whatever their key says.
        wishes: by student id the items that somebody asked to run anew; an empty one stands for all.
    """

    assignment: Assignment
    keys: Keys
    wanted: Collection[str]
    force: bool = False
    anew: Collection[Outcome] = (Outcome.BROKEN,)
    wishes: Mapping[str, Collection[str]] = field(default_factory=dict)

    def asked(self, student_id: str) -> Collection[str]:
        """The wanted items of a student that somebody asked to run anew."""
        wished = self.wishes.get(student_id, ())
        return set(self.wanted) if "" in wished else set(self.wanted).intersection(wished)


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of each item of a submission; an item that is left as it is and has no score yet is in none."""

    scores: Mapping[str, Score]  # that are known without running anything, by item
    rejudge: tuple[str, ...]  # ids of items that the recorded answers have to be asked for
    run: tuple[str, ...]  # ids of items that have to be run


def stands(row: GradeRow | None, sha256: str, terms: Terms, rejudge: Rejudge | None = None) -> Standing:
    """Hold a stored grade against rubric, reference and machine as they are now.

    Args:
        row: the student's current grade.
        sha256: of the submission.
        terms: what is asked now.
        rejudge: judges an item from recorded answers; without it such items are only named.
    """
    stored = {each.item: each.checked for each in row.items} if row else {}
    wanted = _with_needs(stored, sha256, terms)
    asked_for = terms.asked(row.student_id) if row else ()
    scores: dict[str, Score] = {}
    findings: dict[str, Finding] = {}
    again: list[str] = []
    run: list[str] = []
    for item in terms.assignment.items:  # what an item needs comes before it
        kept = stored.get(item.id)
        if item.id not in wanted:
            if kept is not None:
                scores[item.id] = as_stored(item, kept)
                findings[item.id] = scores[item.id].finding
            continue
        forced = (terms.force and item.id in terms.wanted) or item.id in asked_for
        asked = terms.keys.asked_of(item.id, sha256)
        if forced or kept is None or not _alike(kept, asked, terms) or not set(run).isdisjoint(item.needs):
            run.append(item.id)
            continue
        lacking = scoring.lacking(item, findings, terms.assignment.items)
        key = Key(asked, terms.keys.judged_of(item.id, lacking))
        finding: Finding | None = as_stored(item, kept).finding
        if key != Key.parse(kept.key):
            again.append(item.id)
            finding = rejudge(item, findings) if rejudge else finding
        if finding is None:
            run.append(item.id)
        else:
            findings[item.id] = finding
            scores[item.id] = scoring.score(item, finding, key=str(key))
    return Standing(scores, tuple(again), tuple(run))


def differs(row: GradeRow, scores: Iterable[Score]) -> bool:
    """Whether these are not just the scores of the stored grade."""
    return [_content(score) for score in scores] != [
        (each.item, each.section, each.title, each.earned, each.possible, each.key) for each in row.checked.items
    ]


def rescored(row: GradeRow, scores: Iterable[Score], submission: Submission | None = None) -> Grade:
    """The grade that a stored one becomes by other scores."""
    student = Student(row.student_id, row.student_name)
    return Grade(
        submission=submission or Submission(student, row.submission, (), sha256=row.sha256),
        scores=tuple(scores),
        isolation=row.isolation,
        device=row.device,
        profile=row.profile,
        started=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        seconds=0.0,
        grader_version=__version__,
        problem=row.problem,
    )


def as_stored(item: Item, kept: ItemRow) -> Score:
    """A score as it was recorded, whatever people decided since."""
    kept = kept.checked
    finding = Finding(kept.outcome, kept.credit, kept.message, kept.hint, evidence=kept.evidence)
    return Score(item, finding, kept.earned, kept.possible, kept.key)


def _with_needs(stored: Mapping[str, ItemRow], sha256: str, terms: Terms) -> set[str]:
    """The wanted items, and those that they need of which nothing is known."""
    if len(terms.wanted) == len(terms.assignment.items):
        return set(terms.wanted)
    besides = scoring.needed(terms.wanted, terms.assignment.items) - set(terms.wanted)
    known = {id for id in besides if id in stored and _alike(stored[id], terms.keys.asked_of(id, sha256), terms)}
    return {*terms.wanted, *(besides - known)}


def _alike(kept: ItemRow, asked: str, terms: Terms) -> bool:
    """Whether a stored score is of what is asked now, and may stand."""
    return Key.parse(kept.key).asked == asked and kept.outcome not in terms.anew


def _content(score: Score) -> tuple[str, str, str, float, float, str]:
    return score.item.id, score.item.section, score.item.title, score.earned, score.possible, score.key
