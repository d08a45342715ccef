"""Our own errors. A student's mistake is never one of these: it is an observation.

GraderError                 one clear line for whoever runs the grader
+-- CourseError             the instructor's files are wrong (exit code 2)
|   +-- RubricError         rubric.yaml
|   +-- AnswerKeyError     the reference itself fails
|   +-- ReleaseError       what students receive cannot be made, or what they received is damaged
+-- UsageError              the command line is wrong (exit code 2)
+-- MachineryError          this machine or our code is at fault (exit code 3)
    +-- SandboxError        no sandbox, or it could not be started
    |   +-- SandboxLost     it died of something outside, so what was found in it is void
    +-- DataMissing         a data set is not on this machine
    +-- GradebookError      the gradebook cannot be read or written
"""

from __future__ import annotations


class GraderError(Exception):
    """Something we or the instructor did wrong; the message says what to do next."""

    exit_code = 3


class CourseError(GraderError):
    """The instructor's files are wrong."""

    exit_code = 2


class RubricError(CourseError):
    """rubric.yaml has a mistake; the message names file, key and remedy."""


class AnswerKeyError(CourseError):
    """The reference implementation fails a probe that it has to answer."""


class ReleaseError(CourseError):
    """What students receive cannot be made, or what they received is damaged or was not found."""


class UsageError(GraderError):
    """The command line asks for something that does not exist."""

    exit_code = 2


class MachineryError(GraderError):
    """This machine or our own code is at fault."""


class SandboxError(MachineryError):
    """The sandbox is missing or could not be started."""


class SandboxLost(SandboxError):
    """A sandbox died of something outside it, so that nothing found in it counts."""


class DataMissing(MachineryError):
    """A data set is not on this machine."""


class GradebookError(MachineryError):
    """The gradebook cannot be read or written."""
