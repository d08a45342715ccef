"""Judge recorded answers by rubric and reference as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from grader import packing, pipeline, recording
from grader.answer_key import AnswerKey
from grader.commands.standing import Rejudge
from grader.gradebook import Gradebook
from grader.judging import judge
from grader.kernel.channel import ProtocolError
from grader.kernel.sandbox import Confinement
from grader.kernel.template import Sandboxes
from grader.keys import Conditions, Key, Keys
from grader.records import Assignment, Finding, Item
from grader.rows import GradeRow


class Rescorer:
    """Made once for a class, because the reference loads slowly and its answers are kept."""

    def __init__(self, course: Path, assignment: Assignment, book: Gradebook) -> None:
        import torch

        torch.set_num_threads(1)  # as where notebooks are run: sums round differently when they are shared out
        self._assignment = assignment
        self._book = book
        self._key = AnswerKey(course, assignment.reference, secret=book.secret)
        self._unopened = Sandboxes(Confinement("none", None), warm=False)

    def of(self, row: GradeRow, keys: Keys, conditions: Conditions) -> Rejudge:
        """What judges the items of one grade from the answers that were recorded when they were run."""
        course = pipeline.Course(self._assignment, self._key, self._unopened, conditions.device, conditions.profile)
        recordings = self._recordings(row, keys)

        def rejudge(item: Item, findings: Mapping[str, Finding]) -> Finding | None:
            try:
                recorded = recording.RecordedSession.load(recordings[item.id])
                return judge(recorded, item, findings, course)
            except (KeyError, recording.NotRecorded):
                return None

        return rejudge

    def _recordings(self, row: GradeRow, keys: Keys) -> dict[str, bytes]:
        """By item the newest recording, where it is of what is asked now."""
        newest: dict[str, bytes] = {}
        superseded: set[str] = set()
        for told, content in self._book.recorded(row.assignment, row.student_id):
            if keys.asked.keys() <= newest.keys() | superseded:
                break
            try:
                recordings = packing.split(content)
            except ProtocolError:
                break  # as an earlier grader wrote it
            for item, recorded in recordings.items():
                if item in keys.asked and item not in newest and item not in superseded:
                    if Key.parse(told.get(item, "")).asked == keys.asked_of(item, row.sha256):
                        newest[item] = recorded
                    else:
                        superseded.add(item)
        return newest
