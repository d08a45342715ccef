"""All notebooks of one submission as one `Session`: a target is looked up in each of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TypeAlias

from grader.kernel.session import KernelSession
from grader.notebook import Call, Recipe
from grader.probes import Missing, Observation, Probe, Returned, Version, numbered

ReadRecipes: TypeAlias = Callable[[str], Sequence[Recipe]]
ReadCalls: TypeAlias = Callable[[Version, str, Collection[str]], Sequence[Call]]


class SubmittedSession:
    """The sessions of one submission's notebooks, and what is read in their text: written answers, and calls.

    Args:
        sessions: one per notebook, in the order handed in.
        discussion: the written answer of a section, "" when there is none.
        calls: what the source of one version of a name calls, without the helpers of these names; None if it is not
            known.
        recipes: by which hyper-parameters the source trains a class.
        pictures: those in the written answer of a section, by the name that its text gives them, as data URIs.
    """

    def __init__(
        self,
        sessions: Sequence[KernelSession],
        discussion: Callable[[str], str],
        calls: ReadCalls | None = None,
        recipes: ReadRecipes | None = None,
        pictures: Callable[[str], Mapping[str, str]] = lambda section: {},
    ) -> None:
        self._sessions = sessions
        self._discussion = discussion
        self._calls = calls
        self._recipes = recipes
        self._pictures = pictures

    @property
    def timed_out(self) -> int:
        """How many cells and probes of all notebooks ran out of time so far."""
        return sum(session.timed_out for session in self._sessions)

    def versions(self, target: str) -> Sequence[Version]:
        """The bindings of a target in all notebooks."""
        return [version for session in self._sessions for version in session.versions(target)]

    def ask(self, probes: Sequence[Probe]) -> Iterator[Observation]:
        """Answer each probe by the notebook that holds its target."""
        routed = [self._routed(probe) for probe in probes]
        for session, group in itertools.groupby(routed, key=lambda each: each[0]):
            if session is None:
                yield from (self._read(probe) for _, probe in group)
            else:
                yield from session.ask([probe for _, probe in group])  # at once, so that it need not wait for us

    def _routed(self, probe: Probe) -> tuple[KernelSession | None, Probe]:
        """The session to ask, with the version's number there; None where no session has it or text is asked for."""
        name, said = numbered(probe.target)
        number = said or 0
        if probe.question not in ("text", "pictures", "calls", "recipes"):
            for session in self._sessions:
                count = len(session.versions(name))
                if number < count:
                    here = f"{name}@{number}"
                    return session, probe if here == probe.target else replace(probe, target=here)
                number -= count
        return None, probe

    def _read(self, probe: Probe) -> Observation:
        name, number = numbered(probe.target)
        match probe.question:
            case "text":
                return Returned(self._discussion(probe.target))
            case "pictures":
                return Returned(dict(self._pictures(probe.target)))
            case "recipes" if self._recipes is not None:
                return Returned([asdict(recipe) for recipe in self._recipes(name)])
            case "calls":
                return self._read_calls(probe, name, number or 0)
        reasons = [reason for session in self._sessions if (reason := session.reason(name))]
        return Missing(name, reasons[0] if reasons else "")

    def _read_calls(self, probe: Probe, name: str, number: int) -> Observation:
        """What the student's source says, which no sandbox has a part in."""
        versions = self.versions(name)
        if self._calls is None or number >= len(versions):
            return Missing(name)
        version = versions[number]
        found = self._calls(version, name, list(probe.stand_ins))
        return Returned([{**asdict(call), "notebook": version.notebook} for call in found])
