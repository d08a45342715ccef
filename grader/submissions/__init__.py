"""What students handed in, as `Submission` records: folders, notebooks and LMS downloads are read, nothing is run.

    path --gathering: files, layouts--> Claims (whose is it) --attempts, assembling--> Submissions

One student's broken file becomes a sentence in that student's submission; only a path that the instructor got wrong
is an error. Whoever knows the roster puts its ids into the owners of the claims in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from grader.records import Submission
from grader.submissions.assembling import Assembled, Placed, assemble
from grader.submissions.attempts import OnTime, Sourced
from grader.submissions.claims import Claim
from grader.submissions.gathering import Gathered, gather
from grader.submissions.names import DEFAULT_PATTERN
from grader.submissions.recognising import readable

__all__ = [
    "DEFAULT_PATTERN",
    "Assembled",
    "Claim",
    "Gathered",
    "OnTime",
    "Placed",
    "Sourced",
    "assemble",
    "gather",
    "read",
    "readable",
]


def read(paths: Sequence[Path], *, student_number: str = DEFAULT_PATTERN) -> list[Submission]:
    """Read what was handed in below each path, one submission for each student, sorted by student id.

    Args:
        paths: folders of submissions, zip archives of such folders, LMS downloads, or single notebooks. A folder or
            archive whose own name carries a student number is that student's alone.
        student_number: a regular expression that finds a student number in a file or folder name.

    Raises:
        UsageError: a path does not exist or holds no submission, or the pattern is not a regular expression.
    """
    gathered = gather(paths, student_number=student_number)
    return list(assemble(each for source in gathered for each in source.claims).submissions)
