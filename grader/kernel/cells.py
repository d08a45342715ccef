"""Running a notebook's cells in a sandbox: what is sent there, how far it gets, and what was captured.

Used by session.py, which opens another sandbox where a cell has ended one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from grader import notebook
from grader.errors import SandboxError
from grader.kernel.channel import Channel, ChannelClosed, ChannelTimeout, Frame, ProtocolError
from grader.kernel.sandbox import Sandbox
from grader.probes import Version
from grader.records import Limits, SourceFile

_BOOT_S = 120.0  # importing torch on a busy machine
GRACE_S = 8.0  # beyond a limit that the sandbox itself is to keep
_MOST_DEFINITIONS, _MOST_OTHERS = 8, 92  # versions of a target: what inside/capture.py keeps at most, and a few
_WHY_MISSING = re.compile(  # our own phrases; students read them
    r"(?:cell \d+ does not run: |its definition in cell \d+ raised )(?:\w{1,40}|an exception of its own)"
    r"|cell \d+ stopped with (?:\w{1,40}|an exception of its own) before its definition"
    r"|cell \d+ ended the kernel, so only its functions and classes were read"
    r"|`\w{1,80}` has no value"
)
_NOTE = re.compile(  # the same of a version
    r"`\w{1,80}` is (?:a library (?:function|object)|an object of \w{1,80}"
    r"|the library's own (?:\w{1,80}|class and adds nothing to it))"
    r"|Cell \d+ uses `\w{1,80}`, which only a later cell defines\."
)
_NO_PYTHON = re.compile(r"cell (\d+) does not run: ")
_LONGEST_SAYING = 120  # characters of what Python says of a syntax error; the usual ones have half as many


@dataclass(frozen=True, slots=True)
class Slice:
    """How much of the data a notebook sees while its cells run: a thin slice in the quick pass."""

    train: int | None = 16
    val: int | None = 8
    max_steps: int | None = 1


@dataclass(frozen=True, slots=True)
class Script:
    """What is run: neutralised code cells as (number, source), attached files, names to capture.

    `training` is for a session in which the notebook trains networks by itself: what items ask for, as rows of
    `following.Wanted`. They are trained one a time, each in a kernel of its own, so that none costs another one.
    """

    notebook: str
    cells: Sequence[tuple[int, str]]
    targets: Sequence[str]
    files: Sequence[SourceFile] = ()
    prelude: Sequence[str] = ()
    data: Slice = Slice()
    training: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """Which network a kernel's notebook trains, and from which start."""

    target: str
    data: str
    repetition: int = 0

    def means(self, row: Mapping[str, Any]) -> bool:
        """Whether a row of a script's training is this network."""
        return (row["target"], row["data"]) == (self.target, self.data)


@dataclass(frozen=True, slots=True)
class Captures:
    """What a notebook defined: versions by target, oldest first, and why names are missing, by name."""

    versions: Mapping[str, Sequence[Version]]
    reasons: Mapping[str, str]


@dataclass
class CellEnded(Exception):
    """A cell took the sandbox with it, as `how` says where its kernel died."""

    cell: int
    reason: str
    args: tuple[Any, ...] = field(default=(), init=False)


@dataclass
class Run:
    """One run of a notebook's cells.

    Args:
        script: what is run.
        limits: of time.
        deadly: cells of which only the definitions are run.
        turn: which network it trains.
        timed_out: how many cells ran out of time so far.
    """

    script: Script
    limits: Limits
    deadly: Collection[int] = ()
    turn: Turn | None = None
    timed_out: int = 0

    def within(self, sandbox: Sandbox, how: Callable[[], str]) -> Captures:
        """Run the cells in a new sandbox.

        Args:
            sandbox: where.
            how: asked how its kernel ended.

        Raises:
            CellEnded: a cell ended it, or hung.
            SandboxError: it did not start.
        """
        channel = sandbox.channel
        try:
            channel.send(self._opening_frame(sandbox), time.monotonic() + _BOOT_S)
            ready = channel.receive(time.monotonic() + _BOOT_S, max_body=0)
        except (ChannelClosed, ChannelTimeout, ProtocolError) as error:
            raise SandboxError(f"the sandbox did not start ({error}); `grader doctor` says what is missing") from error
        if ready.kind != "ready":
            raise SandboxError(f"the sandbox said {ready.kind!r} instead of ready")
        cell = 0
        # Past the total the kernel runs definitions only; one that does not is not waited for.
        last = time.monotonic() + self.limits.total_s + self.limits.cell_s + 2 * GRACE_S
        while True:
            limit = self.limits.cell_s + GRACE_S + (_BOOT_S / 2 if cell == 0 else 0.0)
            deadline = min(time.monotonic() + limit, last)
            try:
                frame = self._received(channel, deadline, cell)
                if frame.kind == "opened":
                    return self._captures(frame)
                cell = self._progress(frame, cell)
            except ChannelClosed:
                raise CellEnded(cell, how()) from None
            except ChannelTimeout:
                raise CellEnded(cell, f"did not stop after {self.limits.cell_s:g} s") from None
            except ProtocolError as error:
                raise CellEnded(cell, f"wrote into the grader's pipe ({error})") from None

    def _received(self, channel: Channel, deadline: float, cell: int) -> Frame:
        """The frame that says what follows a cell; a cell that used up its time is counted, however it ended."""
        began = time.monotonic()
        try:
            return channel.receive(deadline, max_body=0)
        finally:
            if cell and time.monotonic() - began >= self.limits.cell_s:
                self.timed_out += 1

    def _progress(self, frame: Frame, cell: int) -> int:
        numbers = {number for number, _ in self.script.cells}
        match frame.kind, frame.header:
            case "cell", {"number": int() as number} if number in numbers and number > cell:
                if frame.header.get("late") is True:  # the total is used up, so only its definitions are run
                    self.timed_out += 1
                return number
            case _:
                raise ProtocolError(f"unexpected frame {frame.kind[:20]!r}")

    def _opening_frame(self, sandbox: Sandbox) -> Frame:
        body = bytearray()
        files: list[list[Any]] = []
        for file in self.script.files:
            files.append([file.name, len(body), len(file.content)])
            body += file.content
        cells: list[list[int]] = []
        for number, source in self.script.cells:
            text = source.encode("utf-8", "surrogatepass")
            cells.append([number, len(body), len(text)])
            body += text
        place, data = sandbox.place, self.script.data
        header = {
            "cells": cells,
            "targets": list(self.script.targets),
            "prelude": list(self.script.prelude),
            "deadly": list(self.deadly),
            "files": files,
            "folder": place.work,
            "notebook": self.script.notebook,
            "data": {"folder": place.data, "train": data.train, "val": data.val, "max_steps": data.max_steps},
            "limits": asdict(self.limits),
            "training": self._trained_here(),
            "seed": self.turn.repetition if self.turn else 0,
        }
        return Frame("open", header, bytes(body))

    def _trained_here(self) -> list[Mapping[str, Any]] | None:
        """What this kernel's notebook is to train; None where it runs on a thin slice and nobody minds."""
        if not self.script.training:
            return None
        return [row for row in self.script.training if self.turn and self.turn.means(row)]

    def _captures(self, frame: Frame) -> Captures:
        versions, reasons = frame.header.get("versions"), frame.header.get("reasons")
        if not isinstance(versions, dict) or not isinstance(reasons, dict):
            raise ProtocolError("captures of no known form")
        numbers = {number for number, _ in self.script.cells}
        found: dict[str, list[Version]] = {}
        for target in self.script.targets:
            kept: list[Version] = []
            rows = versions.get(target)
            for row in rows if isinstance(rows, list) else []:
                match row:
                    case [int() as cell, str() as kind, str() as note] if cell in numbers:
                        told = note if _NOTE.fullmatch(note) else ""
                        kept.append(Version(cell, kind[:20], self.script.notebook, told))
                    case _:
                        raise ProtocolError("a version of no known form")
            found[target] = kept
            definitions = sum(each.kind == "definition" for each in kept)
            if definitions > _MOST_DEFINITIONS or len(kept) - definitions > _MOST_OTHERS:
                raise ProtocolError("more versions than are kept")
        missing = {
            str(name)[:80]: self._with_line(reason)
            for name, reason in reasons.items()
            if isinstance(reason, str) and _WHY_MISSING.fullmatch(reason)
        }
        return Captures(found, missing)

    def _with_line(self, reason: str) -> str:
        """A reason; where a cell is no Python also its line and what Python says of it, read on this side."""
        if not (cell := _NO_PYTHON.match(reason)):
            return reason
        found = notebook.syntax_error(dict(self.script.cells).get(int(cell[1]), ""))
        return f"{reason} in its line {found[0]} ({found[1][:_LONGEST_SAYING]})" if found else reason
