"""Observations kept beside the marks: what a session answered, to be asked again without running anything.

Each item of a grade has a recording of its own, so that items judged at different times are never mixed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.kernel.channel import Frame, ProtocolError
from grader.kernel.wire import given, observation_frame, read_observation
from grader.packing import frames, packed
from grader.probes import PUBLIC, Missing, Observation, Probe, Session, Version

_MAX_RECORDED = 1 << 20  # bytes of one observation; larger ones are asked anew
_MOST_RECORDED = 32 << 20  # bytes of all those of a submission; the whole of hw2-cnn takes less than one million


class NotRecorded(LookupError):
    """A probe was never asked, so whatever depends on it is stale."""


@dataclass(slots=True)
class Room:
    """Bytes that are left for the recordings of one submission; what finds no room is asked anew."""

    left: int = _MOST_RECORDED

    def take(self, size: int) -> bool:
        """Whether so many bytes still fit, which are taken then."""
        fits = size <= self.left
        self.left -= size if fits else 0
        return fits


class Recorder:
    """A session that passes everything on and remembers the answers.

    Args:
        session: which answers.
        room: that it shares with the recorders of the other items.
    """

    def __init__(self, session: Session, room: Room | None = None) -> None:
        self._session = session
        self._room = room or Room()
        self._packed: dict[str, bytes] = {}  # by the key of a probe, as it is kept
        self._versions: dict[str, Sequence[Version]] = {}

    def versions(self, target: str) -> Sequence[Version]:
        """As of the session."""
        self._versions[target] = self._session.versions(target)
        return self._versions[target]

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """As of the session."""
        for probe, observation in zip(probes, self._session.ask(probes), strict=False):
            self._remember(key(probe), observation)
            yield observation

    def _remember(self, name: str, observation: Observation) -> None:
        frame = observation_frame(observation)
        content = packed(Frame(frame.kind, {"key": name, "observation": frame.header}, frame.body))
        if len(frame.body) <= _MAX_RECORDED and self._room.take(len(content)):
            self._packed[name] = content

    def dump(self) -> bytes:
        """Everything remembered, for `RecordedSession.load`."""
        rows = {
            target: [[v.cell, v.kind, v.notebook, v.note] for v in versions]
            for target, versions in self._versions.items()
        }
        return b"".join([packed(Frame("versions", {"versions": rows})), *self._packed.values()])


class RecordedSession:
    """Answers from a recording."""

    def __init__(self, observations: Mapping[str, Observation], versions: Mapping[str, Sequence[Version]]) -> None:
        self._observations = observations
        self._versions = versions

    @classmethod
    def load(cls, content: bytes) -> RecordedSession:
        """Read what `Recorder.dump` wrote.

        Raises:
            ProtocolError: it is damaged.
        """
        observations: dict[str, Observation] = {}
        versions: dict[str, Sequence[Version]] = {}
        for header, body in frames(content):
            match header:
                case {"versions": dict() as table}:
                    versions = {target: [Version(*row) for row in rows] for target, rows in table.items()}
                case {"key": str() as name, "observation": dict() as answer}:
                    observations[name] = read_observation(Frame("observation", answer, body))
                case _:
                    raise ProtocolError("the recording holds something that is none of ours")
        return cls(observations, versions)

    def versions(self, target: str) -> Sequence[Version]:
        """The versions that were captured.

        Raises:
            NotRecorded: nobody asked for them.
        """
        try:
            return self._versions[target]
        except KeyError:
            raise NotRecorded(f"the versions of {target} were not recorded") from None

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """The recorded answers.

        Raises:
            NotRecorded: a probe was never asked.
        """
        for probe in probes:
            try:
                yield self._observations[key(probe)]
            except KeyError:
                if PUBLIC in probe.options:  # a picture that was not taken is no reason to run a notebook
                    yield Missing(probe.target)
                    continue
                raise NotRecorded(f"{probe.question} of {probe.target} was not recorded") from None


def key(probe: Probe) -> str:
    """A hash of everything in a probe."""
    around = repr((probe.question, probe.target, probe.seed, sorted(probe.stand_ins.items())))
    return hashlib.sha256(given(probe).sha256 + around.encode()).hexdigest()
