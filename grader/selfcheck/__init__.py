"""`from grader import check`: a student's own check, in the notebook that is being written.

    check(corr2d), check("7.5"), check(), check("corr2d-values")
      --wanted--> items --live--> answers of the notebook's own objects --judging--> Findings --report--> what is shown

The questions, the checks and the sentences are those of `grader grade`; the cases are the public ones. Nothing is run
again, no process is started, and what was changed on the way is put back (undisturbed.py). What is heavy is imported
with the first check, so that the import itself costs nothing.
"""

from __future__ import annotations

import logging
from typing import Any

from grader.selfcheck.report import Report

_log = logging.getLogger(__name__)


def check(*asked: Any, assignment: str | None = None, lang: str | None = None) -> Report:
    """Check what these objects or words mean; see `grader.check`. Whatever goes wrong is told in the report."""
    try:
        from grader.selfcheck import desk

        return desk.checked(asked, assignment, lang)
    except KeyboardInterrupt:
        return Report.told("Stopped.")
    except Exception as error:  # noqa: BLE001 - a fault of ours must not end the student's notebook
        _log.debug("the check failed", exc_info=True)  # with GRADER_LOG and the like; a notebook shows warnings in red
        return Report.told(_friendly(error))


def _friendly(error: Exception) -> str:
    from grader.errors import GraderError

    if isinstance(error, GraderError):
        return str(error)
    return (
        f"The check itself failed ({type(error).__name__}: {error}). That says nothing about your code; "
        "please show it to your teachers."
    )
