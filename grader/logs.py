"""What the grader logs: of which student and at which stage, as text or as JSON lines, relayed from worker processes.

worker: logging, stage() --Relay--> pipe --relayed()--> driver: handlers of the command line

A stage is a log record of the logger `STAGES`, so that whatever carries logs carries it, too.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from logging.handlers import QueueHandler
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from grader.errors import UsageError
from grader.escaping import LogFormatter, json_line

STAGES: Final = logging.getLogger("grader.stages")

_of: ContextVar[str] = ContextVar("student", default="")
_at: ContextVar[str] = ContextVar("stage", default="")


@contextlib.contextmanager
def about(student: str) -> Iterator[None]:
    """What is logged in here is about this student."""
    before = _of.set(student)
    try:
        yield
    finally:
        _of.reset(before)


def stage(name: str) -> None:
    """Say what is done of the student's submission from here on, such as `training VGG`."""
    _at.set(name)
    STAGES.info("%s", name)


@contextlib.contextmanager
def during(name: str) -> Iterator[None]:
    """A stage within another one, which goes on afterwards."""
    before = _at.get()
    stage(name)
    try:
        yield
    finally:
        stage(before)


def student_of(record: logging.LogRecord) -> str:
    """Whom a record is about; empty where it is about nobody."""
    return str(getattr(record, "student", "") or _of.get())


class JsonLines(logging.Formatter):
    """A record as an object in one line: time (ISO 8601, UTC), level, logger, message; student and traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        moment = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        line = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if student := student_of(record):
            line["student"] = student
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json_line(line)


# ---- from a worker to its driver -------------------------------------------------------------------------------------


class Relay(QueueHandler):
    """Sends records, made plain, to the process that has the handlers.

    Args:
        send: takes them.
    """

    def __init__(self, send: Callable[[logging.LogRecord], None]) -> None:
        super().__init__(SimpleQueue())  # which stays empty
        self._send = send

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """A copy that travels, with the student it is about."""
        student = student_of(record)
        made: logging.LogRecord = super().prepare(record)
        made.student = student
        return made

    def enqueue(self, record: logging.LogRecord) -> None:
        """Hand it over; nobody may be there any more."""
        with contextlib.suppress(OSError):
            self._send(record)


def relay(send: Callable[[logging.LogRecord], None], level: int) -> None:
    """Have this process log by sending, and nothing else."""
    root = logging.getLogger()
    for handler in root.handlers[:]:
        root.removeHandler(handler)
    root.addHandler(Relay(send))
    root.setLevel(level)
    STAGES.setLevel(logging.INFO)


def relayed(record: logging.LogRecord) -> None:
    """Log a record that another process sent."""
    logging.getLogger(record.name).handle(record)


# ---- where records go ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def written(level: str, file: Path | None) -> Iterator[None]:
    """In here records go to standard error from this level on, and to a file of JSON lines, from INFO on or earlier.

    Raises:
        UsageError: there is no such level, or the file cannot be written.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise UsageError(f"GRADER_LOG={level} is no level; it may be DEBUG, INFO, WARNING or ERROR")
    shown = logging.StreamHandler()
    shown.setFormatter(LogFormatter("%(name)s: %(message)s"))
    shown.setLevel(number)
    handlers: list[logging.Handler] = [shown]
    if file is not None:
        handlers.append(_json_file(file, min(number, logging.INFO)))
    root = logging.getLogger()
    before = root.level, STAGES.level
    root.setLevel(min(each.level for each in handlers))
    STAGES.setLevel(logging.INFO)  # who shows progress listens to it
    for handler in handlers:
        root.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()
        root.setLevel(before[0])
        STAGES.setLevel(before[1])


def _json_file(path: Path, level: int) -> logging.Handler:
    try:
        handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(f"the log {path} cannot be written: {error.strerror}") from error
    handler.setFormatter(JsonLines())
    handler.setLevel(level)
    return handler
