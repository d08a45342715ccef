"""A student's notebook as a `Session`: run in a sandbox, asked through a pipe, replaced when it dies.

When a cell kills or hangs the sandbox, another one is started and only the definitions of that cell are run. When a
probe does, its observation says so and the next probe is asked in another sandbox.
"""

from __future__ import annotations

import builtins
import functools
import os
import re
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader import logs
from grader.errors import SandboxError
from grader.kernel.allowance import Allowance
from grader.kernel.cells import GRACE_S, CellEnded, Run, Script, Turn
from grader.kernel.channel import Channel, ChannelClosed, ChannelTimeout, Frame, ProtocolError
from grader.kernel.sandbox import Sandbox
from grader.kernel.wire import max_answer, probe_frame, read_observation
from grader.probes import Died, Missing, Observation, Probe, Raised, TimedOut, Version, names_of
from grader.records import Limits, SourceFile

Open = Callable[[Limits], Sandbox]

_REOPENINGS = 12  # sandboxes for one notebook; a student who kills more of them has had enough
_DEATHS_PER_TARGET = 3
_AHEAD = 6  # probes that may wait in the pipe
_MOST_TEXT = 2 << 20  # bytes of modules of which lines are quoted
TRAINING = frozenset({"train", "trained", "logits", "weights", "redraw"})  # questions with a training's time limit
_EXCEPTIONS = frozenset(name for name, value in vars(builtins).items() if isinstance(value, type)) | {
    "OutOfMemoryError",
    "AcceleratorError",
    "LinAlgError",
    "AxisError",
    "TorchRuntimeError",
    "ProbeTimeout",
}


def _modules(files: Sequence[SourceFile]) -> Iterator[str]:
    """The text of the modules handed in, as far as anybody writes that much: each of its lines is kept."""
    left = _MOST_TEXT
    for file in files:
        if file.name.endswith(".py") and len(file.content) <= left:
            left -= len(file.content)
            yield file.content.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class _Sent:
    """A probe that is under way."""

    probe: Probe
    number: int
    size: int  # bytes of the pipe


class KernelSession:
    """One notebook in a sandbox. Opens it when first needed; close it in the end.

    Args:
        script: what is run.
        open_sandbox: where.
        limits: of this notebook.
        allowance: that it shares with the other notebooks of its submission.
    """

    def __init__(self, script: Script, open_sandbox: Open, limits: Limits, allowance: Allowance | None = None) -> None:
        self._script = script
        self._open_sandbox = open_sandbox
        self._limits = limits
        self._allowance = allowance or Allowance.of(limits)
        self._sandbox: Sandbox | None = None
        self._versions: Mapping[str, Sequence[Version]] = {}
        self._reasons: Mapping[str, str] = {}
        self._deadly: dict[int, str] = {}  # cells that ended a sandbox, and how
        self._openings = 0
        self._deaths: dict[str, int] = {}
        self._fault = ""  # why there is no use in opening another sandbox
        self._under_way: deque[_Sent] = deque()  # probes sent to this sandbox and not answered yet, oldest first
        self._number = 0  # of the probe sent last
        self._last_timed_out = 0
        self._turn: Turn | None = None  # of the network that this kernel's notebook trains
        self._asked_s = 0.0  # time spent on probes, training apart
        self._timed_out = 0
        sources = [source for _, source in script.cells]
        sources += _modules(script.files)
        self._lines = {line.strip()[:200] for source in sources for line in source.splitlines()}
        self._words = {word for source in sources for word in re.findall(r"class\s+(\w+)", source)}

    @property
    def deadly(self) -> Mapping[int, str]:
        """The cells of which only the definitions were run, with what they did."""
        return dict(self._deadly)

    @property
    def timed_out(self) -> int:
        """How many cells and probes ran out of time, by our own clock, or of a card's memory; cells may count twice."""
        return self._timed_out

    def __enter__(self) -> KernelSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the sandbox."""
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None
        self._under_way.clear()
        self._last_timed_out = 0

    def versions(self, target: str) -> Sequence[Version]:
        """The captured bindings of a target, oldest first.

        Raises:
            SandboxError: the sandbox could not be started.
        """
        if self._turn is None and (rows := [row for row in self._script.training if row["target"] == target]):
            self._turn = Turn(target, rows[0]["data"])
        self._opened()
        return self._versions.get(target, [])

    def reason(self, target: str) -> str:
        """Why a target is missing, as far as that is known."""
        if self._fault:
            return f"the notebook could not be run ({self._fault})"
        for name in names_of(target):
            if reason := self._reasons.get(name, ""):
                return reason
        return ""

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """Answer each probe in order; a hang or a death costs the probe that caused it."""
        for number, probe in enumerate(probes):
            yield self._ask(probe, probes[number + 1 :])

    def _ask(self, probe: Probe, later: Sequence[Probe]) -> Observation:
        """Answer a probe, and send some of those that follow, so that the kernel need not wait for us."""
        name = probe.name
        if probe.question == "trained":
            self._turn_to(Turn(name, probe.options["data"], probe.options["repetition"]))
        elif self._turn is not None and self._sandbox is None and probe.question != "train":
            return Died("what it had trained is gone")
        while True:
            if self._asked_s > self._limits.total_s:
                self._timed_out += 1
                return Died(f"used up {self._limits.total_s:g} s")
            if not self._allowance.left:
                return Died(str(self._allowance))
            if self._deaths.get(name, 0) >= _DEATHS_PER_TARGET:
                return Died(f"ended the kernel {_DEATHS_PER_TARGET} times")
            channel = self._opened()
            if channel is None:
                return Died(self._fault)
            if not self._versions.get(name):
                return Missing(name, self.reason(name))
            answered, observation = self._next_answer(channel, probe, later)
            if answered is probe:
                return observation

    def _turn_to(self, turn: Turn) -> None:
        """Run the notebook anew where it is to train another network, or with another start by chance."""
        if turn != self._turn:
            self.close()
            self._turn = turn
            self._openings, self._fault = 0, ""
            self._deadly.clear()

    def _next_answer(self, channel: Channel, probe: Probe, later: Sequence[Probe]) -> tuple[Probe, Observation]:
        """The answer to the first probe that is under way: another one than asked for, if nobody waited for that."""
        began = time.monotonic()
        if not self._under_way:
            self._send(channel, probe)
        self._send_ahead(channel, [probe, *later])
        first = self._under_way.popleft()
        limit = self._limit(first.probe)
        observation = self._answer(channel, first, limit)
        if not _trains(first.probe):
            self._asked_s += time.monotonic() - began
            self._allowance.used += time.monotonic() - began
        hung = isinstance(observation, TimedOut) and observation.seconds > limit
        if hung or isinstance(observation, Died) or _lost_the_card(observation):
            self._deaths[first.probe.name] = self._deaths.get(first.probe.name, 0) + 1
            self.close()
        if isinstance(observation, Raised) and observation.type == "OutOfMemoryError":
            self._timed_out += 1
        if isinstance(observation, TimedOut):
            self._timed_out += 1
            # Those behind it would take as long, and perhaps nobody waits for them: the kernel drops them unanswered.
            self._under_way.clear()
            self._last_timed_out = 0 if self._sandbox is None else first.number
            return first.probe, TimedOut(limit)
        return first.probe, observation

    def _send_ahead(self, channel: Channel, later: Sequence[Probe]) -> None:
        """Send as many as the pipe holds for certain: writing must not wait, because the kernel may be writing too."""
        known, capacity = {id(sent.probe) for sent in self._under_way}, channel.capacity
        for probe in later:
            if id(probe) in known:
                continue
            if len(self._under_way) > _AHEAD or _trains(probe) or not self._versions.get(probe.name):
                return
            if not self._send(channel, probe, room=capacity - sum(sent.size for sent in self._under_way)):
                return

    def _send(self, channel: Channel, probe: Probe, room: int | None = None) -> bool:
        """Send a probe, unless it is larger than the room for it; whether it was sent."""
        limit = self._limit(probe)
        frame = probe_frame(probe, limit_s=limit)
        header = {**frame.header, "number": self._number + 1, "after": self._last_timed_out}
        asking = Frame(frame.kind, header, frame.body)
        try:
            if not (size := channel.send(asking, time.monotonic() + limit + GRACE_S, room=room)):
                return False
        except (ChannelClosed, ChannelTimeout):  # told when the answer does not come
            size = channel.capacity
        self._number += 1
        self._under_way.append(_Sent(probe, self._number, size))
        return True

    def _limit(self, probe: Probe) -> float:
        return self._limits.train_s if _trains(probe) else self._limits.probe_s

    def _answer(self, channel: Channel, sent: _Sent, limit: float) -> Observation:
        """Wait for an answer; a TimedOut of more than the limit means that nothing came at all."""
        try:
            frame = channel.receive(time.monotonic() + limit + GRACE_S, max_body=max_answer(sent.probe))
            return self._in_our_words(frame, sent)
        except ChannelTimeout:
            return TimedOut(limit + GRACE_S)
        except ChannelClosed:
            return Died(self._end(asked=True))
        except ProtocolError:
            return Died("wrote into the grader's pipe")

    def _end(self, *, asked: bool) -> str:
        """How the kernel ended, for the student; once it was asked without a number that could tell a hidden input."""
        if self._sandbox is None:
            return "for a reason of its own"
        if cause := self._sandbox.cause():
            return cause
        status = self._sandbox.ended()
        if status is None:
            return "for a reason of its own"
        if asked:
            return "it crashed" if os.WIFSIGNALED(status) else "it exited"
        if os.WIFSIGNALED(status):
            return f"killed by {_signal_name(os.WTERMSIG(status))}"
        return f"exited with status {os.WEXITSTATUS(status)}"

    def _in_our_words(self, frame: Frame, sent: _Sent) -> Observation:
        """An observation without a word of the sandbox's own choice, because hidden inputs could be told in it."""
        header, name = dict(frame.header), sent.probe.name
        if header.pop("number", None) != sent.number:
            raise ProtocolError("an answer to another probe")
        match read_observation(Frame(frame.kind, header, frame.body)):
            case Raised(type=kind, line=line, message=message):
                known = line in self._lines or not line
                return Raised(kind if self._knows(kind) else "an exception of its own", line if known else "", message)
            case Missing():
                return Missing(name, self.reason(name))
            case Died():
                return Died("the kernel said so")
            case observation:
                return observation

    def _knows(self, kind: str) -> bool:
        """Whether an exception of this name is Python's, a library's known one, or written in the notebook."""
        return kind in _EXCEPTIONS or kind in self._words

    # ---- opening -----------------------------------------------------------------------------------------------------

    def _opened(self) -> Channel | None:
        while self._sandbox is None and not self._fault:
            if self._openings >= _REOPENINGS:
                self._fault = f"ended the kernel {self._openings} times"
                break
            if not self._allowance.left:
                self._fault = str(self._allowance)
                break
            self._openings += 1
            self._sandbox = self._open_sandbox(self._limits)
            began = time.monotonic()
            run = Run(self._script, self._limits, self._deadly, self._turn)
            try:
                with logs.during(f"running {self._script.notebook}"):
                    captured = run.within(self._sandbox, functools.partial(self._end, asked=False))
                self._versions, self._reasons = captured.versions, captured.reasons
            except CellEnded as ended:
                self.close()
                self._note(ended)
            except SandboxError:
                self.close()
                raise
            finally:
                self._timed_out += run.timed_out
                if self._turn is None or self._sandbox is None:
                    self._allowance.used += time.monotonic() - began
        return None if self._sandbox is None else self._sandbox.channel

    def _note(self, ended: CellEnded) -> None:
        if ended.cell == 0:
            raise SandboxError(f"the kernel ended before the first cell ({ended.reason}); are the limits too low?")
        if ended.cell in self._deadly:
            # Even its definitions alone are too much.
            self._fault = ended.reason
        self._deadly[ended.cell] = ended.reason


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # the real-time ones
        return f"signal {number}"


def _lost_the_card(observation: Observation) -> bool:
    """Whether an assertion failed on the graphics card, after which that process can compute nothing there."""
    return isinstance(observation, Raised) and observation.type == "AcceleratorError"


def _trains(probe: Probe) -> bool:
    return probe.question in TRAINING
