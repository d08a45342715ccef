"""The notebook that is being written as a `Session`: its functions and classes answer in the student's own process.

The questions are those of the sandbox (kernel/inside/answering.py), and what comes back goes through the same door
(kernel/wire.py), so that a check cannot tell the one from the other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from grader.kernel.inside.answering import NotDefined, ProbeTimeout, answer, framed, made
from grader.kernel.inside.looking import clone
from grader.kernel.wire import read_observation
from grader.notebook import Call
from grader.probes import Missing, Observation, Probe, Raised, Returned, TimedOut, Version, numbered
from grader.selfcheck.alarm import Interrupts, limited
from grader.selfcheck.memory import Memory

ReadCalls: TypeAlias = Callable[[Version, str, Collection[str]], Sequence[Call]]


@dataclass(slots=True)
class LiveSession:
    """Answers for one notebook.

    Args:
        memory: what its names are and were bound to.
        calls: what the source of a definition calls.
        limit_s: seconds for one question.
        interrupts: whether the student has asked to stop.
        heard: what was raised since it was last emptied, and None for each answer.
    """

    memory: Memory
    calls: ReadCalls
    limit_s: float
    interrupts: Interrupts
    heard: list[Raised | None] = field(default_factory=list)

    def versions(self, target: str) -> Sequence[Version]:
        """The bindings of a target, oldest first."""
        return [each.version for each in self.memory.of(target)]

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """Answer each probe in order.

        Raises:
            KeyboardInterrupt: the student wants no more.
        """
        for probe in probes:
            match probe.question:
                case "calls":
                    yield self._read_calls(probe)
                case "imports" | "recipes":
                    yield Returned([])
                case "text":
                    yield Missing(probe.target)
                case _:
                    yield self._answered(probe)

    def _answered(self, probe: Probe) -> Observation:
        observation: Observation
        try:
            observation = limited(self.limit_s, lambda: answer(probe, self))
        except ProbeTimeout:  # it came when the answer was there, or for the second time
            observation = TimedOut(self.limit_s)
        if isinstance(observation, TimedOut):
            observation = TimedOut(self.limit_s)  # what a thread raises does not say how long it waited
        if self.interrupts.came or (isinstance(observation, Raised) and observation.type == "KeyboardInterrupt"):
            raise KeyboardInterrupt
        if not isinstance(observation, Missing):
            self.heard.append(observation if isinstance(observation, Raised) else None)
        return read_observation(framed(observation, probe))

    def _read_calls(self, probe: Probe) -> Observation:
        name, number = numbered(probe.target)
        versions = self.versions(name)
        if (number or 0) >= len(versions) or not versions[number or 0].cell:
            return Missing(name)
        return Returned([asdict(call) for call in self.calls(versions[number or 0], name, list(probe.stand_ins))])

    @contextmanager
    def entered(self, target: str, stand_ins: Mapping[str, str]) -> Iterator[tuple[Any, dict[str, Any]]]:
        """The `Bench` of the notebook. For the time of a question names mean what they meant for the target.

        Only names that have another meaning now are touched, and put back; all others stay as they are.
        """
        name, number = numbered(target)
        kept = self.memory.of(name)
        if (number or 0) >= len(kept):
            raise NotDefined("")
        names, value = self.memory.names[name], _copied(kept[number or 0].value)
        meant = self.memory.definitions()
        meant.update(zip(names, value if len(names) > 1 else (value,), strict=True))
        meant.update(made(stand_ins))
        namespace = self.memory.namespace
        before = {each: namespace[each] for each in meant if each in namespace}
        namespace.update(meant)
        try:
            yield value, namespace
        finally:
            for each in meant:
                namespace.pop(each, None)
            namespace.update(before)


def _copied(value: Any) -> Any:
    """What no question can change any more; functions and classes are themselves."""
    return tuple(map(clone, value)) if isinstance(value, tuple) else clone(value)
